import { useEffect } from "preact/hooks";
import type { RoomCard } from "../../../protocol/api";
import type { RoomSession } from "../../../session";

/** The tab says what one would want to know from another tab: unread messages, a lost connection, that it is live. */
export function useRoomTitle(card: RoomCard, session: RoomSession): void {
  const title = session.room.value?.title ?? card.title;
  const unread = session.chat.unread.value;
  const state = stateInWords(session);
  useEffect(() => {
    document.title = `${unread > 0 ? `(${unread}) ` : ""}${state} · ${title}`;
  }, [title, unread, state]);
}

function stateInWords(session: RoomSession): string {
  const { state } = session.connection.value;
  if (state === "connecting") return "Joining";
  if (state === "reconnecting") return "Reconnecting";
  if (session.sharing.value.length > 0) return "Sharing";
  return session.room.value?.phase === "live" ? "Live" : "Waiting";
}
