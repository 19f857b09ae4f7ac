/** Whose connection is bad, judged from statistics, calmly: it takes a while to say so, and longer to take it back. Pure. */

import type { MediaStatistics, StreamStatistics } from "./statistics";

export type Quality = "good" | "poor";

/** Milliseconds for which it has to be bad, or good again. */
export const POOR_AFTER = 4_000;
export const GOOD_AFTER = 8_000;

/** Shares of packets beyond which repair no longer keeps up. */
const LOSS_OF_SOUND = 0.1;
const LOSS_OF_PICTURE = 0.15;
/** Shares of the time: a word in twelve made up, a quarter of the picture standing still. */
const CONCEALED = 0.08;
const FREEZING = 0.25;
/** Seconds there and back, from which people talk over each other. */
const ROUND_TRIP = 0.6;
/** Bit/s for all video: less than this is a blur. */
const LEAST_VIDEO = 120_000;

export class QualityGate {
  quality: Quality = "good";
  private since: number | null = null;

  /** `now` in milliseconds. */
  update(bad: boolean, now: number): Quality {
    if (bad === (this.quality === "poor")) {
      this.since = null;
      return this.quality;
    }
    this.since ??= now;
    if (now - this.since >= (bad ? POOR_AFTER : GOOD_AFTER)) {
      this.quality = bad ? "poor" : "good";
      this.since = null;
    }
    return this.quality;
  }
}

export interface Judgement {
  /** Your own connection, either way. */
  own: boolean;
  /** Participants of whom too little arrives. */
  others: ReadonlySet<string>;
}

/** Who is badly connected in this reading. Where most of several people seem to be, it is you. */
export function judge({ roundTrip, streams }: MediaStatistics): Judgement {
  const measured = streams.filter((stream) => stream.over > 0);
  const received = measured.filter((stream) => stream.direction === "receive" && stream.participantId !== "");
  const heard = new Set(received.map((stream) => stream.participantId));
  const bad = new Set(received.filter(arrivesBadly).map((stream) => stream.participantId));
  const own =
    (roundTrip ?? 0) > ROUND_TRIP ||
    leavesBadly(measured.filter((stream) => stream.direction === "send")) ||
    (bad.size > 1 && bad.size > heard.size / 2);
  return { own, others: own ? new Set() : bad };
}

function arrivesBadly({ kind, loss, concealed, freezing }: StreamStatistics): boolean {
  if (kind === "audio") return concealed > CONCEALED || (loss ?? 0) > LOSS_OF_SOUND;
  return freezing > FREEZING || (loss ?? 0) > LOSS_OF_PICTURE;
}

function leavesBadly(streams: readonly StreamStatistics[]): boolean {
  const pictures = streams.filter(({ kind, active }) => kind === "video" && active);
  const bitrate = pictures.reduce((sum, stream) => sum + stream.bitrate, 0);
  const starved = pictures.some(({ limitedBy }) => limitedBy === "bandwidth") && bitrate < LEAST_VIDEO;
  const lossy = streams.some(
    ({ kind, active, loss }) => active && (loss ?? 0) > (kind === "audio" ? LOSS_OF_SOUND : LOSS_OF_PICTURE),
  );
  return starved || lossy;
}
