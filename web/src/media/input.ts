/** One microphone or camera: its states, and the rule that only the latest wish counts. */

import { type ReadonlySignal, type Signal, signal } from "@preact/signals-core";
import type { Acquire, InputKind } from "./capture";
import { faultOf, sentenceFor } from "./faults";
import type { InputState } from "./local";

/** What the person wants, as against what the device does. */
type Wanted = "on" | "muted" | "off";

export interface InputOptions {
  kind: InputKind;
  deviceId: string | null;
  acquire: Acquire;
  secure(): boolean;
  /** The device went away while open: unplugged, or the browser's permission was withdrawn. */
  onLost(): void;
}

export class DeviceInput {
  readonly state: ReadonlySignal<InputState>;
  readonly track: ReadonlySignal<MediaStreamTrack | null>;
  private readonly stateNow: Signal<InputState>;
  private readonly trackNow = signal<MediaStreamTrack | null>(null);
  private readonly options: InputOptions;
  private wanted: Wanted = "off";
  private deviceId: string | null;
  /** Counts openings: the answer to one that has been overtaken is thrown away. */
  private turn = 0;
  private opening: Promise<void> | null = null;

  constructor(options: InputOptions) {
    this.options = options;
    this.deviceId = options.deviceId;
    this.stateNow = signal<InputState>({
      state: "off",
      deviceId: options.deviceId,
      fault: null,
      message: "",
    });
    this.state = this.stateNow;
    this.track = this.trackNow;
  }

  async on(): Promise<void> {
    this.wanted = "on";
    if (this.opening !== null) return this.opening;
    if (this.trackNow.value === null) return this.open(false);
    this.show();
  }

  /** Silent at once; the device stays open. Where nothing is open, nothing is opened. */
  mute(): void {
    this.wanted = "muted";
    if (this.opening === null && this.trackNow.value === null) this.off();
    else this.show();
  }

  off(): void {
    this.wanted = "off";
    this.turn += 1;
    this.opening = null;
    this.drop();
    this.set("off");
  }

  /** Takes effect at once if the device is open or was wanted, or else with the next opening. */
  async choose(deviceId: string | null): Promise<void> {
    this.deviceId = deviceId;
    if (this.wanted === "off") this.set("off");
    else await this.open(deviceId !== null);
  }

  /** Devices came or went: somebody who wanted one and had none may now be served. */
  async devicesChanged(): Promise<void> {
    if (this.wanted !== "off" && this.stateNow.value.fault === "missing") await this.open(false);
  }

  private open(exact: boolean): Promise<void> {
    this.turn += 1;
    const opening = this.acquire(this.turn, exact);
    this.opening = opening;
    return opening;
  }

  private async acquire(turn: number, exact: boolean): Promise<void> {
    // Some devices cannot be opened twice, so the old one is stopped first; its track stays in place until the new
    // one replaces it, because closing and publishing anew would be seen by everyone.
    this.release(this.trackNow.value);
    this.set("starting");
    const { kind, acquire } = this.options;
    try {
      const track = await acquire({ kind, deviceId: this.deviceId, exact });
      if (turn !== this.turn) track.stop();
      else this.adopt(track);
    } catch (error) {
      if (turn === this.turn) this.fail(error);
    }
  }

  private adopt(track: MediaStreamTrack): void {
    this.opening = null;
    track.addEventListener("ended", this.ended);
    this.deviceId = track.getSettings().deviceId ?? this.deviceId;
    track.enabled = this.wanted === "on";
    this.trackNow.value = track;
    this.show();
  }

  private fail(error: unknown): void {
    this.opening = null;
    this.drop();
    const fault = faultOf(error, this.options.secure());
    const message = sentenceFor(this.options.kind, fault);
    this.stateNow.value = { state: "failed", deviceId: this.deviceId, fault, message };
  }

  private readonly ended = (): void => {
    this.drop();
    this.stateNow.value = {
      state: "failed",
      deviceId: this.deviceId,
      fault: "missing",
      message: `Your ${this.options.kind} was disconnected.`,
    };
    this.options.onLost();
  };

  private show(): void {
    const track = this.trackNow.value;
    if (track === null || this.opening !== null) return;
    track.enabled = this.wanted === "on";
    this.set(this.wanted);
  }

  private set(state: InputState["state"]): void {
    const before = this.stateNow.value;
    if (before.state === state && before.deviceId === this.deviceId) return;
    this.stateNow.value = { state, deviceId: this.deviceId, fault: null, message: "" };
  }

  private drop(): void {
    this.release(this.trackNow.value);
    this.trackNow.value = null;
  }

  private release(track: MediaStreamTrack | null): void {
    track?.removeEventListener("ended", this.ended);
    track?.stop();
  }
}
