import { Activity, ChevronUp, Mic, MicOff, Settings, Video, VideoOff } from "lucide-preact";
import type { DeviceChoice, InputState, LocalMedia } from "../../../media/local";
import type { RoomSession } from "../../../session";
import { IconButton, Menu, type MenuEntry } from "../../../ui";
import { capOf } from "../shortcuts";
import { Control } from "./Control";
import { tell } from "./tell";

interface InputControlProps {
  session: RoomSession;
  /** With the list of devices behind a caret. */
  menu: boolean;
}

export function MicrophoneControl({ session, menu }: InputControlProps) {
  const input = session.local.microphone.value;
  const on = input.state === "on";
  const permit = session.permit("media.publish_audio");
  return (
    <span class="control-pair">
      <Control
        look={on ? undefined : "off"}
        word={on ? "Mute" : "Unmute"}
        label={on ? "Mute microphone" : "Unmute microphone"}
        icon={on ? Mic : MicOff}
        shortcut={capOf("microphone")}
        disabledReason={permit.allowed ? null : permit.message}
        busy={input.state === "starting"}
        onClick={() => tell(session.toggleMicrophone())}
      />
      {menu && <DeviceMenu label="Microphone and speaker" entries={soundEntries(session.local)} />}
    </span>
  );
}

export function CameraControl({ session, menu }: InputControlProps) {
  const input = session.local.camera.value;
  const on = input.state === "on";
  const permit = session.permit("media.publish_video");
  return (
    <span class="control-pair">
      <Control
        look={on ? undefined : "off"}
        word={on ? "Stop" : "Start"}
        label={on ? "Stop camera" : "Start camera"}
        icon={on ? Video : VideoOff}
        shortcut={capOf("camera")}
        disabledReason={permit.allowed ? null : permit.message}
        busy={input.state === "starting"}
        onClick={() => tell(session.toggleCamera())}
      />
      {menu && <DeviceMenu label="Cameras" entries={cameraEntries(session.local)} />}
    </span>
  );
}

function DeviceMenu({ label, entries }: { label: string; entries: MenuEntry[] }) {
  return (
    <Menu
      label={label}
      entries={entries}
      side="top"
      align="start"
      trigger={(trigger) => (
        <IconButton class="control-caret" label={label} icon={ChevronUp} size="small" {...trigger} />
      )}
    />
  );
}

interface AllDevicesProps {
  session: RoomSession;
  onStatistics(): void;
}

/** All devices behind one button, where there is no room for a caret at each; and what the strip has no room for. */
export function AllDevices({ session, onStatistics }: AllDevicesProps) {
  const sends = session.you.value?.role !== "observer";
  const devices = sends
    ? [...cameraEntries(session.local), "separator" as const, ...soundEntries(session.local)]
    : speakerEntries(session.local);
  const statistics = { label: "Connection statistics", icon: Activity, onSelect: onStatistics };
  const entries: MenuEntry[] = [...devices, "separator", statistics];
  return (
    <Menu
      label="Devices"
      entries={entries}
      side="top"
      trigger={(trigger) => <Control word="Devices" label="Devices" icon={Settings} {...trigger} />}
    />
  );
}

function cameraEntries(local: LocalMedia): MenuEntry[] {
  return [
    { heading: "Camera" },
    ...choices(local, "camera", local.devices.value.cameras, local.camera.value),
  ];
}

function soundEntries(local: LocalMedia): MenuEntry[] {
  return [
    { heading: "Microphone" },
    ...choices(local, "microphone", local.devices.value.microphones, local.microphone.value),
    "separator",
    ...speakerEntries(local),
  ];
}

function speakerEntries(local: LocalMedia): MenuEntry[] {
  const { speakers } = local.devices.value;
  const list = choices(local, "speaker", speakers, { deviceId: local.speakerId.value });
  const test = { label: "Play a test sound", onSelect: () => void local.testSpeaker() };
  return [{ heading: "Speaker" }, ...list, test];
}

function choices(
  local: LocalMedia,
  kind: "camera" | "microphone" | "speaker",
  devices: readonly DeviceChoice[],
  input: Pick<InputState, "deviceId">,
): MenuEntry[] {
  if (devices.length === 0 && kind !== "speaker") {
    return [
      {
        label: `No ${kind} found`,
        onSelect: () => undefined,
        disabledReason: "Plug one in and it appears here.",
      },
    ];
  }
  return devices.map((device, at) => ({
    label: device.label,
    kind: "radio",
    checked: input.deviceId === device.deviceId || (input.deviceId === null && at === 0),
    onSelect: () => void local.chooseDevice(kind, device.deviceId),
  }));
}
