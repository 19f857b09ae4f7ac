/** The browser's microphones, cameras and speakers behind `LocalMedia`: opened, listed, chosen, remembered, released. */

import { computed, type ReadonlySignal, signal } from "@preact/signals-core";
import { acquirer, type InputKind, isSecure } from "./capture";
import { browserShelf, type Choices, readChoices, type Shelf, writeChoices } from "./choices";
import { DeviceInput } from "./input";
import { LevelMeter } from "./level";
import type { DeviceChoice, DeviceLists, InputState, LocalMedia } from "./local";
import { meter } from "./speaking";
import { playTone } from "./tone";

/** Everything closed to begin with; nothing is asked of the person before `start()` or the first `set…(true)`. */
export function createLocalMedia(): LocalMedia {
  return new BrowserDevices(browserShelf());
}

/** The devices of one kind with names that can be shown; without permission the browser gives neither name nor id. */
export function listed(
  devices: readonly MediaDeviceInfo[],
  kind: MediaDeviceKind,
  word: string,
): DeviceChoice[] {
  return devices
    .filter((device) => device.kind === kind && device.deviceId !== "")
    .map((device, index) => ({ deviceId: device.deviceId, label: device.label || `${word} ${index + 1}` }));
}

class BrowserDevices implements LocalMedia {
  readonly microphone: ReadonlySignal<InputState>;
  readonly camera: ReadonlySignal<InputState>;
  readonly microphoneTrack: ReadonlySignal<MediaStreamTrack | null>;
  readonly cameraTrack: ReadonlySignal<MediaStreamTrack | null>;
  readonly microphoneLevel: ReadonlySignal<number>;
  readonly devices: ReadonlySignal<DeviceLists>;
  readonly speakerId: ReadonlySignal<string | null>;
  private readonly inputs: Record<InputKind, DeviceInput>;
  private readonly meter: LevelMeter;
  private readonly lists = signal<DeviceLists>({ microphones: [], cameras: [], speakers: [] });
  private readonly speaker = signal<string | null>(null);
  private readonly shelf: Shelf;
  private choices: Choices;
  private closed = false;

  constructor(shelf: Shelf) {
    this.shelf = shelf;
    this.choices = readChoices(shelf);
    const acquire = acquirer();
    const input = (kind: InputKind) =>
      new DeviceInput({
        kind,
        deviceId: this.choices[kind],
        acquire,
        secure: isSecure,
        onLost: () => void this.lost(kind),
      });
    this.inputs = { microphone: input("microphone"), camera: input("camera") };
    this.microphone = this.inputs.microphone.state;
    this.camera = this.inputs.camera.state;
    this.microphoneTrack = this.inputs.microphone.track;
    this.cameraTrack = this.inputs.camera.track;
    this.meter = new LevelMeter(
      this.microphoneTrack,
      computed(() => this.microphone.value.state === "on"),
    );
    this.microphoneLevel = computed(() => meter(this.meter.level.value));
    this.devices = this.lists;
    this.speakerId = this.speaker;
    this.speaker.value = this.choices.speaker;
    navigator.mediaDevices?.addEventListener("devicechange", this.devicesChanged);
    void this.list();
  }

  async start(): Promise<void> {
    const wanted: Promise<void>[] = [];
    if (this.choices.microphoneOn) wanted.push(this.inputs.microphone.on());
    if (this.choices.cameraOn) wanted.push(this.inputs.camera.on());
    await Promise.all(wanted);
    await this.list();
  }

  async setMicrophone(on: boolean): Promise<void> {
    this.remember({ microphoneOn: on });
    if (!on) this.inputs.microphone.mute();
    else await this.opened(this.inputs.microphone);
  }

  async setCamera(on: boolean): Promise<void> {
    this.remember({ cameraOn: on });
    if (!on) this.inputs.camera.off();
    else await this.opened(this.inputs.camera);
  }

  release(kind: InputKind): void {
    this.inputs[kind].off();
  }

  async chooseDevice(kind: InputKind | "speaker", deviceId: string | null): Promise<void> {
    this.remember({ [kind]: deviceId });
    if (kind === "speaker") this.speaker.value = deviceId;
    else await this.inputs[kind].choose(deviceId);
  }

  testSpeaker(): Promise<void> {
    return playTone(this.speaker.value);
  }

  close(): void {
    this.closed = true;
    navigator.mediaDevices?.removeEventListener("devicechange", this.devicesChanged);
    this.inputs.microphone.off();
    this.inputs.camera.off();
    this.meter.close();
  }

  private async opened(input: DeviceInput): Promise<void> {
    const first = input.track.value === null;
    await input.on();
    if (first) await this.list(); // names are given only after permission
  }

  /** A microphone is followed by the next best one, as people expect of a headset; a camera might show the wrong room. */
  private async lost(kind: InputKind): Promise<void> {
    if (kind === "microphone") await this.inputs.microphone.choose(null);
  }

  private readonly devicesChanged = (): void => {
    void this.list();
    void this.inputs.microphone.devicesChanged();
    void this.inputs.camera.devicesChanged();
  };

  private async list(): Promise<void> {
    if (!isSecure()) return;
    const found = await navigator.mediaDevices.enumerateDevices().catch(() => []);
    if (this.closed) return;
    const speakers = "setSinkId" in HTMLMediaElement.prototype ? listed(found, "audiooutput", "Speaker") : [];
    this.lists.value = {
      microphones: listed(found, "audioinput", "Microphone"),
      cameras: listed(found, "videoinput", "Camera"),
      speakers,
    };
  }

  private remember(change: Partial<Choices>): void {
    this.choices = { ...this.choices, ...change };
    writeChoices(this.shelf, this.choices);
  }
}
