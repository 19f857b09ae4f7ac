import { CloudOff, RotateCw, Volume2 } from "lucide-preact";
import type { RoomSession } from "../../../session";
import { Button, Icon, Spinner } from "../../../ui";
import { restartInWords } from "../clock";
import { useNow } from "../useNow";

/** What has to be said over the picture, without moving it: a broken connection, sound that waits for a click. */
export function StageNotices({ session }: { session: RoomSession }) {
  const trouble = troubleInWords(session);
  const live = session.room.value?.phase === "live";
  const alone = live && session.participants.value.length === 1 && trouble === null;
  return (
    <div class="notices">
      <div role="status" class="notices-state">
        {trouble !== null && (
          <p class="notice notice-trouble">
            {trouble.mending ? <Spinner size={16} /> : <Icon of={CloudOff} />}
            {trouble.words}
          </p>
        )}
        {trouble === null && session.restart.value !== null && <Restart latest={session.restart.value} />}
        {alone && <p class="notice">Nobody else is here yet.</p>}
      </div>
      {session.audioBlocked.value && (
        <Button kind="primary" icon={Volume2} class="notice-sound" onClick={() => void session.playAudio()}>
          Turn on sound
        </Button>
      )}
    </div>
  );
}

/** Once a minute in other words: the seconds are nobody's concern, and a screen reader reads each change. */
function Restart({ latest }: { latest: number }) {
  const now = useNow();
  return (
    <p class="notice">
      <Icon of={RotateCw} />
      {restartInWords(latest - now)}
    </p>
  );
}

interface Trouble {
  words: string;
  mending: boolean;
}

function troubleInWords(session: RoomSession): Trouble | null {
  if (session.connection.value.state === "reconnecting") {
    return { words: "The connection was lost. Reconnecting…", mending: true };
  }
  const media = session.mediaConnection.value;
  if (media.state === "interrupted")
    return { words: "Sound and picture broke off. Reconnecting…", mending: true };
  if (media.state === "failed") return { words: media.advice, mending: false };
  return null;
}
