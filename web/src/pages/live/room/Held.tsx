import { CirclePause } from "lucide-preact";
import { Icon } from "../../../ui";

/** Over a picture that the server holds back: why it stands still, and that nothing is broken. */
export function Held() {
  return (
    <span class="held">
      <Icon of={CirclePause} size={20} />
      <span class="held-words">Video paused. Your connection is too slow for it.</span>
    </span>
  );
}
