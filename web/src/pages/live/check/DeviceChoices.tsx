import { Volume2 } from "lucide-preact";
import type { DeviceFault } from "../../../media/faults";
import type { DeviceChoice, LocalMedia } from "../../../media/local";
import { Button, Select } from "../../../ui";

/** Which camera, microphone and speaker. What was chosen is kept for the next time. */
export function DeviceChoices({ local }: { local: LocalMedia }) {
  const { cameras, microphones, speakers } = local.devices.value;
  return (
    <div class="choices">
      <Choice
        label="Camera"
        devices={cameras}
        chosen={local.camera.value.deviceId}
        fault={local.camera.value.fault}
        onChoose={(id) => void local.chooseDevice("camera", id)}
      />
      <Choice
        label="Microphone"
        devices={microphones}
        chosen={local.microphone.value.deviceId}
        fault={local.microphone.value.fault}
        onChoose={(id) => void local.chooseDevice("microphone", id)}
      />
      <div class="choices-speaker">
        {speakers.length > 0 && (
          <Choice
            label="Speaker"
            devices={speakers}
            chosen={local.speakerId.value}
            onChoose={(id) => void local.chooseDevice("speaker", id)}
          />
        )}
        <Button icon={Volume2} onClick={() => void local.testSpeaker()}>
          Test sound
        </Button>
      </div>
    </div>
  );
}

interface ChoiceProps {
  label: string;
  devices: readonly DeviceChoice[];
  chosen: string | null;
  fault?: DeviceFault | null;
  onChoose(deviceId: string | null): void;
}

function Choice({ label, devices, chosen, fault = null, onChoose }: ChoiceProps) {
  if (devices.length === 0) {
    // Without permission, or on an insecure page, the browser does not say what there is.
    const hidden = fault === "denied" || fault === "insecure";
    const none = [{ value: "", label: hidden ? "Not allowed" : "None found" }];
    return <Select label={label} value="" onChange={() => undefined} options={none} disabled />;
  }
  const known = devices.some((device) => device.deviceId === chosen);
  const options = devices.map((device) => ({ value: device.deviceId, label: device.label }));
  return (
    <Select
      label={label}
      value={known && chosen !== null ? chosen : (devices[0]?.deviceId ?? "")}
      onChange={(id) => onChoose(id === "" ? null : id)}
      options={options}
    />
  );
}
