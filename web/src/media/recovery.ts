/**
 * When to mend the media path, and how: restart ICE first, build new transports when that does not help. Pure.
 *
 * Fed with the worse state of both transports and the time (milliseconds); `decide` is asked after each change and now
 * and then in between. Whoever asks carries out what it says.
 */

/** States of RTCPeerConnection, worst last; "new" has nothing to carry and is no trouble. */
export type PathState = "new" | "connected" | "connecting" | "disconnected" | "failed";

export type Repair = "none" | "restart" | "rebuild";

export type PathView = "new" | "connecting" | "connected" | "interrupted" | "failed";

/** ICE and DTLS together take a fraction of a second; a firewall that drops UDP shows as silence this long. */
export const CONNECT_LIMIT = 8_000;
/** Chrome says "disconnected" after some seconds without answers, and often takes it back by itself. */
export const GRACE = 1_000;
export const RESTART_LIMIT = 5_000;
export const RESTARTS = 2;
/** Waits between attempts grow with each failed one up to this many times `CONNECT_LIMIT`. */
const LONGEST = 4;

const ORDER: readonly PathState[] = ["new", "connected", "connecting", "disconnected", "failed"];

export function worse(one: PathState, other: PathState): PathState {
  return ORDER.indexOf(one) >= ORDER.indexOf(other) ? one : other;
}

export class PathRecovery {
  private state: PathState = "new";
  private everConnected = false;
  /** Whether these very transports have carried anything; only then can a restart help. */
  private builtConnected = false;
  private restarts = 0;
  private failedBuilds = 0;
  /** The present failure is already in `failedBuilds`. */
  private counted = false;
  private dueAt = Number.POSITIVE_INFINITY;

  get view(): PathView {
    if (this.failedBuilds > 0) return "failed";
    if (this.state === "new" || this.state === "connected") return this.state;
    const mending = this.state !== "connecting" || this.restarts > 0 || !this.builtConnected;
    return mending && this.everConnected ? "interrupted" : "connecting";
  }

  /** The transports are gone and new ones are being made, for a reason known to the caller. */
  rebuilding(): void {
    this.state = "disconnected";
    this.dueAt = Number.POSITIVE_INFINITY;
  }

  /** New transports are in place. */
  built(): void {
    this.state = "new";
    this.builtConnected = false;
    this.restarts = 0;
    this.dueAt = Number.POSITIVE_INFINITY;
  }

  /** Transports could not be created or used: there is no sense in hurrying. */
  buildFailed(now: number): void {
    this.dueAt = now + this.patience();
    this.state = "failed";
    this.builtConnected = false;
    this.failedBuilds += 1;
    this.counted = true;
  }

  changed(state: PathState, now: number): void {
    if (state === this.state) return;
    this.state = state;
    switch (state) {
      case "new":
        this.dueAt = Number.POSITIVE_INFINITY;
        break;
      case "connected":
        this.everConnected = true;
        this.builtConnected = true;
        this.restarts = 0;
        this.failedBuilds = 0;
        this.dueAt = Number.POSITIVE_INFINITY;
        break;
      case "connecting":
        if (this.restarts === 0) this.dueAt = now + this.patience();
        break;
      case "disconnected":
        if (this.restarts === 0) this.dueAt = now + GRACE;
        break;
      case "failed":
        this.dueAt = this.restarts === 0 ? now : Math.min(this.dueAt, now + GRACE);
        break;
    }
  }

  /** The server has lost sight of us, or found us again. Believed at once: it is the end that does not hear. */
  serverLost(now: number): void {
    if (this.restarts === 0) this.dueAt = now;
  }

  serverFound(): void {
    if (this.state !== "connected") return;
    this.restarts = 0;
    this.dueAt = Number.POSITIVE_INFINITY;
  }

  decide(now: number): Repair {
    if (now < this.dueAt) return "none";
    if (this.builtConnected && this.restarts < RESTARTS) {
      this.restarts += 1;
      this.dueAt = now + RESTART_LIMIT;
      return "restart";
    }
    if (!this.builtConnected && !this.counted) this.failedBuilds += 1;
    this.counted = false;
    this.dueAt = Number.POSITIVE_INFINITY;
    return "rebuild";
  }

  private patience(): number {
    return CONNECT_LIMIT * Math.min(LONGEST, this.failedBuilds + 1);
  }
}
