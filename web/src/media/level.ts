/** How loud the microphone is, ten times a second, from an analyser that runs outside this thread. */

import { effect, type ReadonlySignal, signal } from "@preact/signals-core";

const EVERY = 100;
const SAMPLES = 1024;

/** Root mean square of samples between -1 and 1: a linear level, 1 being full scale. */
export function loudness(samples: Float32Array): number {
  let sum = 0;
  for (const sample of samples) sum += sample * sample;
  return samples.length === 0 ? 0 : Math.sqrt(sum / samples.length);
}

export class LevelMeter {
  /** Linear, 1 being full scale; 0 while there is no track or it is muted. */
  readonly level: ReadonlySignal<number>;
  private readonly levelNow = signal(0);
  private context: AudioContext | null = null;
  private source: MediaStreamAudioSourceNode | null = null;
  private timer: ReturnType<typeof setInterval> | undefined;
  private readonly stopWatching: () => void;

  /** `listening` is false while muted: then nothing is measured. */
  constructor(track: ReadonlySignal<MediaStreamTrack | null>, listening: ReadonlySignal<boolean>) {
    this.level = this.levelNow;
    this.stopWatching = effect(() => {
      const source = track.value;
      if (source !== null && listening.value) this.listen(source);
      else this.silence();
    });
  }

  close(): void {
    this.stopWatching();
    this.silence();
    void this.context?.close();
    this.context = null;
  }

  private listen(track: MediaStreamTrack): void {
    this.silence();
    this.context ??= new AudioContext();
    void this.context.resume();
    const analyser = this.context.createAnalyser();
    analyser.fftSize = SAMPLES;
    this.source = this.context.createMediaStreamSource(new MediaStream([track]));
    this.source.connect(analyser);
    const samples = new Float32Array(SAMPLES);
    this.timer = setInterval(() => {
      analyser.getFloatTimeDomainData(samples);
      this.levelNow.value = loudness(samples);
    }, EVERY);
  }

  private silence(): void {
    clearInterval(this.timer);
    this.source?.disconnect();
    this.source = null;
    this.levelNow.value = 0;
  }
}
