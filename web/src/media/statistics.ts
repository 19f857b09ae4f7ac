/** Numbers about the media paths, read from getStats for a small panel. */

import type { RemoteTrack } from "./subscriptions";

export interface StreamStatistics {
  direction: "send" | "receive";
  kind: "audio" | "video";
  /** Whose stream (receiving); empty when sending. */
  name: string;
  /** Bit/s over the time since the statistics were last read. */
  bitrate: number;
  /** Share of packets lost on the way here, 0 to 1, over the same time; null when sending. */
  loss: number | null;
  framesPerSecond: number | null;
  width: number | null;
  height: number | null;
}

export interface MediaStatistics {
  /** Seconds, or null before it is known. */
  roundTrip: number | null;
  streams: readonly StreamStatistics[];
}

/** The fields that are read of RTCStats rows of three types (W3C WebRTC Statistics); all but the first may be absent. */
interface Row {
  id: string;
  type: string;
  kind?: "audio" | "video";
  trackIdentifier?: string;
  bytesSent?: number;
  bytesReceived?: number;
  packetsReceived?: number;
  packetsLost?: number;
  framesPerSecond?: number;
  frameWidth?: number;
  frameHeight?: number;
  nominated?: boolean;
  currentRoundTripTime?: number;
}

interface Counters {
  at: number;
  bytes: number;
  received: number;
  lost: number;
}

/** Keeps the counters of the previous reading, since rates are differences. */
export class StatisticsReader {
  private before = new Map<string, Counters>();

  /** `now` in milliseconds; `nameOf` says whose a participant id is. */
  read(
    reports: readonly Iterable<[string, unknown]>[],
    now: number,
    tracks: ReadonlyMap<string, RemoteTrack>,
    nameOf: (participantId: string) => string,
  ): MediaStatistics {
    const owners = new Map([...tracks.values()].map((one) => [one.track.id, one.participantId]));
    const streams: StreamStatistics[] = [];
    const counters = new Map<string, Counters>();
    let roundTrip: number | null = null;
    reports.forEach((report, index) => {
      for (const [, value] of report) {
        const row = value as Row;
        if (row.type === "candidate-pair" && row.nominated) roundTrip ??= row.currentRoundTripTime ?? null;
        if (row.type !== "inbound-rtp" && row.type !== "outbound-rtp") continue;
        const key = `${index} ${row.id}`;
        const count = countersOf(row, now);
        counters.set(key, count);
        const owner = owners.get(row.trackIdentifier ?? "");
        streams.push(
          streamOf(row, owner === undefined ? "" : nameOf(owner), this.before.get(key) ?? count, count),
        );
      }
    });
    this.before = counters;
    return { roundTrip, streams };
  }
}

function countersOf(row: Row, at: number): Counters {
  const bytes = row.bytesSent ?? row.bytesReceived ?? 0;
  return { at, bytes, received: row.packetsReceived ?? 0, lost: row.packetsLost ?? 0 };
}

function streamOf(row: Row, name: string, before: Counters, now: Counters): StreamStatistics {
  const seconds = (now.at - before.at) / 1000;
  const lost = Math.max(0, now.lost - before.lost);
  const expected = now.received - before.received + lost;
  const receiving = row.type === "inbound-rtp";
  return {
    direction: receiving ? "receive" : "send",
    kind: row.kind ?? "video",
    name,
    bitrate: seconds > 0 ? ((now.bytes - before.bytes) * 8) / seconds : 0,
    loss: !receiving ? null : expected > 0 ? lost / expected : 0,
    framesPerSecond: row.framesPerSecond ?? null,
    width: row.frameWidth ?? null,
    height: row.frameHeight ?? null,
  };
}
