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
/** Media that was coming and stops all at once: a path that ended shows so long before the browser says it (5 s). */
export const SILENCE = 700;
/** A suspicion that proves wrong costs little; it is followed up only so often. */
export const SUSPICION_PAUSE = 3_000;
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
  /** Media has been coming. */
  private flowing = false;
  private suspected = false;
  private suspectedAt = Number.NEGATIVE_INFINITY;

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
    this.flowing = false;
    this.suspected = false;
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

  /**
   * The browser has another network. A path that has worked is restarted whatever its state, for its state is known late;
   * one that has not yet is made anew, and its failures do not count against it on this network.
   */
  networkChanged(now: number): void {
    if (this.builtConnected) {
      this.suspected = true;
      this.suspectedAt = now;
    } else if (this.state !== "new") {
      this.failedBuilds = 0;
      this.counted = true;
      this.dueAt = now;
    }
  }

  /**
   * Told now and then: how long ago (milliseconds) the latest media came of all that is being received; null where
   * nothing is. That all of it stops at once is the first sign of a path that has ended. It may also mean that nobody has
   * anything to say, so it leads to one restart and, without another sign, to nothing more.
   */
  received(ago: number | null, now: number): void {
    if (ago === null) this.flowing = false;
    else if (ago < SILENCE) this.flowing = true;
    else if (this.flowing) {
      this.flowing = false;
      if (this.state !== "connected" || this.restarts > 0 || now - this.suspectedAt < SUSPICION_PAUSE) return;
      this.suspected = true;
      this.suspectedAt = now;
    }
  }

  /** The restart that was decided on never got to the server. */
  unasked(): void {
    this.suspected = true;
  }

  decide(now: number): Repair {
    if (this.suspected) {
      this.suspected = false;
      // Where the browser sees trouble too, it counts as one of the attempts.
      if (this.state !== "connected") {
        this.restarts = 1;
        this.dueAt = now + RESTART_LIMIT;
      }
      return "restart";
    }
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
