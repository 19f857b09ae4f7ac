/** Whether somebody speaks, from a level sampled now and then; calm enough to draw a ring by. Pure. */

/** Milliseconds of sound before speech counts as begun, and of silence before it counts as over. */
export const SPEAKING_IN = 150;
export const SPEAKING_OUT = 600;

/** On the scale of `meter`: -35 and -41 dB. Between the two nothing changes: breath and keyboards live there. */
export const LOUD = 0.5;
export const QUIET = 0.38;

/** A linear level (1 is full scale) as a position from 0 to 1: speech lies around -40 to -15 dB and fills the middle. */
export function meter(level: number): number {
  if (level <= 0) return 0;
  return Math.min(1, Math.max(0, (20 * Math.log10(level) + 60) / 50));
}

export class SpeakingGate {
  private speaking = false;
  private loudSince: number | null = null;
  private lastHeard = Number.NEGATIVE_INFINITY;

  /** Takes a level on the scale of `meter` at `now` (milliseconds, any clock that only goes forward) and answers whether this is speech. */
  update(level: number, now: number): boolean {
    if (level >= (this.speaking ? QUIET : LOUD)) {
      this.loudSince ??= now;
      this.lastHeard = now;
    } else {
      this.loudSince = null;
    }
    if (!this.speaking) {
      this.speaking = this.loudSince !== null && now - this.loudSince >= SPEAKING_IN;
    } else if (now - this.lastHeard >= SPEAKING_OUT) {
      this.speaking = false;
    }
    return this.speaking;
  }
}
