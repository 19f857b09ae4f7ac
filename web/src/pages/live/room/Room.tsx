import { useEffect, useRef, useState } from "preact/hooks";
import type { RoomCard } from "../../../protocol/api";
import type { RoomSession } from "../../../session";
import { Spinner } from "../../../ui";
import { ChatPanel } from "../panels/ChatPanel";
import { PeoplePanel } from "../panels/PeoplePanel";
import { ControlBar } from "./ControlBar";
import { Lobby } from "./Lobby";
import { usePanels } from "./panels";
import { ReactionFloats } from "./ReactControl";
import { ShortcutsDialog } from "./ShortcutsDialog";
import { Stage } from "./Stage";
import { StageNotices } from "./StageNotices";
import { StatisticsDialog } from "./StatisticsDialog";
import { TopStrip } from "./TopStrip";
import { useAnnouncements } from "./useAnnouncements";
import { useMedia } from "./useMedia";
import { useRoomShortcuts } from "./useRoomShortcuts";
import { useRoomTitle } from "./useRoomTitle";
import { useWakeLock } from "./useWakeLock";
import "./room.css";
import "./share.css";
import "./tile.css";
import "../panels/panels.css";

const NARROW = "(max-width: 720px)";
const COMPACT = "(max-width: 720px), (pointer: coarse)";

/** The live room, from "Joining" until one is out again. Dark in both themes. */
export function Room({ card, session }: { card: RoomCard; session: RoomSession }) {
  const narrow = useMedia(NARROW);
  const compact = useMedia(COMPACT);
  const panels = usePanels(narrow);
  const [reacting, setReacting] = useState(false);
  const [keys, setKeys] = useState(false);
  const [measuring, setMeasuring] = useState(false);
  const measure = () => setMeasuring(true);
  const room = session.room.value;
  const main = useRef<HTMLElement>(null);

  useAnnouncements(session);
  useRoomTitle(card, session);
  useWakeLock();
  useRoomShortcuts(session, {
    togglePanel: panels.toggle,
    close: panels.close,
    react: () => setReacting(true),
    showKeys: () => setKeys(true),
    showStatistics: measure,
  });
  // On a narrow page a panel lies over the whole picture.
  const covered = narrow && panels.open !== null;
  useEffect(() => session.cover(covered), [session, covered]);
  const inside = room !== null;
  useEffect(() => main.current?.focus({ preventScroll: true }), [inside]);

  return (
    <div class="room" data-theme="dark">
      <TopStrip
        session={session}
        title={room?.title ?? card.title}
        onKeys={() => setKeys(true)}
        onStatistics={measure}
      />
      <main id="main" class="stage" ref={main} tabIndex={-1} aria-label={room?.title ?? card.title}>
        <div class="stage-picture">
          <Picture session={session} />
          <ReactionFloats session={session} />
          <StageNotices session={session} />
        </div>
      </main>
      {inside && panels.open === "chat" && <ChatPanel session={session} panels={panels} />}
      {inside && panels.open === "people" && <PeoplePanel session={session} panels={panels} />}
      {inside ? (
        <ControlBar
          session={session}
          panels={panels}
          compact={compact}
          reacting={reacting}
          onReacting={setReacting}
          onStatistics={measure}
        />
      ) : (
        <Waiting session={session} />
      )}
      {measuring && <StatisticsDialog session={session} onClose={() => setMeasuring(false)} />}
      {keys && <ShortcutsDialog onClose={() => setKeys(false)} />}
    </div>
  );
}

function Picture({ session }: { session: RoomSession }) {
  const phase = session.room.value?.phase;
  if (phase === undefined) {
    return (
      <div class="stage-joining" role="status">
        <Spinner size={28} /> Joining…
      </div>
    );
  }
  return phase === "live" ? <Stage session={session} /> : <Lobby session={session} />;
}

/** While the room has not answered there is one thing to do: give up. */
function Waiting({ session }: { session: RoomSession }) {
  return (
    <div class="bar">
      <button type="button" class="ui-button ui-button-secondary" onClick={() => void session.leave()}>
        Cancel
      </button>
    </div>
  );
}
