import { Activity, Keyboard } from "lucide-preact";
import type { RoomInfo } from "../../../protocol/messages.gen";
import type { RoomSession } from "../../../session";
import { Badge, IconButton } from "../../../ui";
import { elapsed } from "../clock";
import { useNow } from "../useNow";
import { SharingBar } from "./SharingBar";

interface TopStripProps {
  session: RoomSession;
  title: string;
  onKeys(): void;
  onStatistics(): void;
}

/** What this is, what state it is in, how long it has been running; and whether you share your screen. */
export function TopStrip({ session, title, onKeys, onStatistics }: TopStripProps) {
  const room = session.room.value;
  return (
    <header class="strip">
      <h1 class="strip-title" dir="auto" title={title}>
        {title}
      </h1>
      {room !== null && <Phase room={room} />}
      <SharingBar session={session} />
      <span class="strip-end">
        {room?.phase === "live" && (
          <IconButton
            class="strip-keys"
            label="Connection statistics"
            shortcut="I"
            icon={Activity}
            size="small"
            tooltipSide="bottom"
            onClick={onStatistics}
          />
        )}
        <IconButton
          class="strip-keys"
          label="Keyboard shortcuts"
          shortcut="?"
          icon={Keyboard}
          size="small"
          tooltipSide="bottom"
          onClick={onKeys}
        />
      </span>
    </header>
  );
}

function Phase({ room }: { room: RoomInfo }) {
  if (room.phase !== "live") return <Badge class="strip-phase">Not started</Badge>;
  return (
    <>
      <Badge tone="success" class="strip-phase">
        Live
      </Badge>
      {room.startedAt !== undefined && <Elapsed since={room.startedAt} />}
    </>
  );
}

function Elapsed({ since }: { since: number }) {
  const now = useNow();
  return (
    <span class="strip-time numbers" role="timer" aria-label="Time since the start">
      {elapsed(now - since)}
    </span>
  );
}
