import { ScreenShare } from "lucide-preact";
import type { RoomSession } from "../../../session";
import { Button, Icon } from "../../../ui";
import { screenName } from "./ScreenView";
import { tell } from "./tell";
import { Video } from "./Video";

/** Tells those who share that they do, shows them what, and stops it; in the strip, where nothing has to make way. */
export function SharingBar({ session }: { session: RoomSession }) {
  const own = session.sharing.value;
  if (own.length === 0) return null;
  const pictures = session.screens.value.filter((screen) => screen.isYou);
  return (
    <div class="sharing">
      <Icon of={ScreenShare} />
      <p class="sharing-words" role="status">
        You are sharing your screen
        {own.some((screen) => screen.hasAudio) && <span class="sharing-more">, with its sound</span>}
        {own.length > 1 && <span class="sharing-more"> ({own.length} of them)</span>}
      </p>
      {pictures.map((screen) => (
        // biome-ignore lint/a11y/useSemanticElements: a fieldset is for form fields
        <div key={screen.id} class="sharing-picture" role="group" aria-label={screenName(screen)}>
          <Video track={screen.track} fit="contain" />
        </div>
      ))}
      <Button size="small" kind="danger" onClick={() => tell(session.stopScreenShare())}>
        Stop
      </Button>
    </div>
  );
}
