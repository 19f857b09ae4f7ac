import type { InputState, LocalMedia } from "../../../media/local";
import { Banner, Button } from "../../../ui";
import { adviceFor, type DeviceKind } from "./problems";

/** What is wrong with camera or microphone, and what to do about it. One banner when both have the same trouble. */
export function Faults({ local }: { local: LocalMedia }) {
  const camera = local.camera.value;
  const microphone = local.microphone.value;
  if (camera.state === "failed" && microphone.state === "failed" && camera.fault === microphone.fault) {
    const retry = async () => {
      await local.setMicrophone(true);
      await local.setCamera(true);
    };
    return <Fault kind="camera and microphone" input={camera} onRetry={() => void retry()} />;
  }
  return (
    <>
      <Fault kind="camera" input={camera} onRetry={() => void local.setCamera(true)} />
      <Fault kind="microphone" input={microphone} onRetry={() => void local.setMicrophone(true)} />
    </>
  );
}

interface FaultProps {
  kind: DeviceKind;
  input: InputState;
  onRetry(): void;
}

function Fault({ kind, input, onRetry }: FaultProps) {
  if (input.state !== "failed") return null;
  const fault = input.fault ?? "unknown";
  const advice = adviceFor(kind, fault, navigator.userAgent);
  return (
    <Banner tone="warning" live>
      <strong class="fault-title">{advice.title}</strong>
      <p>{advice.steps}</p>
      {fault !== "insecure" && (
        <Button size="small" class="fault-retry" onClick={onRetry}>
          Try again
        </Button>
      )}
    </Banner>
  );
}
