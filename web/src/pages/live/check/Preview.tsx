import { Mic, MicOff, Video as VideoIcon, VideoOff } from "lucide-preact";
import type { LocalMedia } from "../../../media/local";
import { Avatar, classes, IconButton } from "../../../ui";
import { Video } from "../room/Video";
import { LevelMeter } from "./LevelMeter";

/** Yourself as in a mirror, with the two switches that matter before going in. */
export function Preview({ local, name }: { local: LocalMedia; name: string }) {
  const camera = local.camera.value;
  const microphone = local.microphone.value;
  const track = local.cameraTrack.value;
  const heard = microphone.state === "on";
  const seen = camera.state === "on";
  return (
    <section class="preview" data-theme="dark" aria-label="Your preview">
      <div class="preview-picture">
        <Video track={track} mirrored />
        {track === null && (
          <div class="preview-instead">
            <Avatar name={name} size={96} />
            <p role="status">{instead(camera.state, microphone.state)}</p>
          </div>
        )}
      </div>
      <div class="preview-bar">
        <IconButton
          class={classes("preview-switch", !heard && "preview-switch-off")}
          size="large"
          label={heard ? "Mute microphone" : "Unmute microphone"}
          icon={heard ? Mic : MicOff}
          busy={microphone.state === "starting"}
          onClick={() => void local.setMicrophone(!heard)}
        />
        <IconButton
          class={classes("preview-switch", !seen && "preview-switch-off")}
          size="large"
          label={seen ? "Stop camera" : "Start camera"}
          icon={seen ? VideoIcon : VideoOff}
          busy={camera.state === "starting"}
          onClick={() => void local.setCamera(!seen)}
        />
        <div class="preview-level">
          <LevelMeter local={local} />
          <span class="preview-level-words">
            {heard ? "Speak to test your microphone" : "Microphone off"}
          </span>
        </div>
      </div>
    </section>
  );
}

function instead(camera: string, microphone: string): string {
  if (camera === "starting" || microphone === "starting") {
    return "Your browser may ask whether this page may use your camera and microphone. Choose Allow.";
  }
  return camera === "failed" ? "No picture of you" : "Your camera is off";
}
