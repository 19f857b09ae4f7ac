/** Who is speaking: samples every voice ten times a second and keeps one signal per participant. */

import { type ReadonlySignal, type Signal, signal } from "@preact/signals-core";
import { meter, SpeakingGate } from "./speaking";
import type { RemoteTrack } from "./subscriptions";

const EVERY = 100;
/** Without packets for so long (DTX sends a few in silence) the last level told is stale. */
const STALE = 400;

interface Voice {
  gate: SpeakingGate;
  speaking: Signal<boolean>;
  rtpTimestamp: number | undefined;
  heardAt: number;
}

export class Voices {
  private readonly voices = new Map<string, Voice>();
  private readonly tracks: () => Iterable<RemoteTrack>;
  private readonly own: () => { participantId: string; level: number } | null;
  private readonly timer: ReturnType<typeof setInterval>;

  /** `tracks`: those received now. `own`: your id and level, null before you have one. */
  constructor(
    tracks: () => Iterable<RemoteTrack>,
    own: () => { participantId: string; level: number } | null,
  ) {
    this.tracks = tracks;
    this.own = own;
    this.timer = setInterval(() => this.sample(performance.now()), EVERY);
  }

  speaking(participantId: string): ReadonlySignal<boolean> {
    return this.voiceOf(participantId).speaking;
  }

  /** Forgets somebody who left. */
  forget(participantId: string): void {
    this.voices.delete(participantId);
  }

  close(): void {
    clearInterval(this.timer);
    for (const voice of this.voices.values()) voice.speaking.value = false;
  }

  private sample(now: number): void {
    const levels = new Map<string, number>();
    for (const { participantId, source, receiver } of this.tracks()) {
      if (source === "microphone" && receiver !== undefined) {
        levels.set(participantId, levelOf(receiver, this.voiceOf(participantId), now));
      }
    }
    const own = this.own();
    if (own !== null) levels.set(own.participantId, own.level);
    for (const [participantId, voice] of this.voices) {
      voice.speaking.value = voice.gate.update(levels.get(participantId) ?? 0, now);
    }
  }

  private voiceOf(participantId: string): Voice {
    let voice = this.voices.get(participantId);
    if (voice === undefined) {
      voice = {
        gate: new SpeakingGate(),
        speaking: signal(false),
        rtpTimestamp: undefined,
        heardAt: Number.NEGATIVE_INFINITY,
      };
      this.voices.set(participantId, voice);
    }
    return voice;
  }
}

/** On the scale of `meter`: the level that came with the latest packet (RFC 6464), or that the decoder measured; 0 once packets stop. */
function levelOf(receiver: RTCRtpReceiver, voice: Voice, now: number): number {
  const source = receiver.getSynchronizationSources()[0];
  if (source === undefined) return 0;
  if (source.rtpTimestamp !== voice.rtpTimestamp) {
    voice.rtpTimestamp = source.rtpTimestamp;
    voice.heardAt = now;
  }
  return now - voice.heardAt > STALE ? 0 : meter(source.audioLevel ?? 0);
}
