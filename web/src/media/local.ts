/** Your microphone, camera and speaker as the page sees them; the same object in the device check and in the room. */

import type { ReadonlySignal } from "@preact/signals-core";
import type { DeviceFault } from "./faults";

export { createLocalMedia } from "./devices";

/**
 * "off": closed, the device's light is out. "starting": the browser may be asking for permission. "muted" (microphone
 * only): open but silent, so that unmuting takes no time. "failed": `fault` and `message` say why; toggling tries again.
 */
export interface InputState {
  state: "off" | "starting" | "on" | "muted" | "failed";
  /** The device in use, or else the one that would be opened; null is the browser's default. */
  deviceId: string | null;
  fault: DeviceFault | null;
  message: string;
}

export interface DeviceChoice {
  deviceId: string;
  /** Never empty: "Microphone 2" where the browser hides names before permission. */
  label: string;
}

export interface DeviceLists {
  microphones: readonly DeviceChoice[];
  cameras: readonly DeviceChoice[];
  /** Empty where the browser cannot choose a speaker (`setSinkId`). */
  speakers: readonly DeviceChoice[];
}

export interface LocalMedia {
  readonly microphone: ReadonlySignal<InputState>;
  readonly camera: ReadonlySignal<InputState>;
  /** For the preview and your own tile; null while the camera is off. */
  readonly cameraTrack: ReadonlySignal<MediaStreamTrack | null>;
  /** Open, though perhaps muted; its sound is yours, so do not play it. */
  readonly microphoneTrack: ReadonlySignal<MediaStreamTrack | null>;
  /** 0 (silence) to 1 (loud), about ten times a second, while the microphone is on. */
  readonly microphoneLevel: ReadonlySignal<number>;
  readonly devices: ReadonlySignal<DeviceLists>;
  readonly speakerId: ReadonlySignal<string | null>;

  /** Opens what was on last time (both, the first time) with one prompt. Neither this nor the rest rejects: see the states. */
  start(): Promise<void>;
  /** Off means muted, with the device kept open. */
  setMicrophone(on: boolean): Promise<void>;
  /** Off closes the camera: its light goes out. */
  setCamera(on: boolean): Promise<void>;
  /** Closes a device for somebody who may not use it; what they chose for the next time stays. */
  release(kind: "microphone" | "camera"): void;
  /** Switches at once where the device is open, and is remembered for the next time. null: the default. */
  chooseDevice(kind: "microphone" | "camera" | "speaker", deviceId: string | null): Promise<void>;
  /** Plays a short tone through the chosen speaker. */
  testSpeaker(): Promise<void>;
  /** Stops all tracks and listeners. A room session does so itself on leaving, once this was handed to it. */
  close(): void;
}
