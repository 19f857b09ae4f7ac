import { useEffect, useRef } from "preact/hooks";
import type { Permission } from "../../../protocol/messages.gen";
import type { RoomSession } from "../../../session";
import { toast } from "../../../ui";
import { isTyping, type ShortcutAction, shortcutFor } from "../shortcuts";
import { toggleHand, toggleShare, whyNoShare } from "./OwnControls";
import type { PanelName } from "./panels";
import { singleKeys } from "./singleKeys";
import { tell } from "./tell";

interface PageActions {
  togglePanel(name: PanelName): void;
  close(): void;
  react(): void;
  showKeys(): void;
  showStatistics(): void;
}

/** Listens on the whole page while the room is shown. */
export function useRoomShortcuts(session: RoomSession, page: PageActions): void {
  const latest = useRef(page);
  latest.current = page;
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const target = event.target instanceof Element ? event.target : null;
      if (event.defaultPrevented || session.room.value === null || target?.closest("dialog")) return;
      const action = shortcutFor(event, isTyping(target));
      if (action === null || (action !== "close" && action !== "shortcuts" && !singleKeys.value)) return;
      if (action !== "close") event.preventDefault();
      perform(action, session, latest.current);
    };
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  }, [session]);
}

function perform(action: ShortcutAction, session: RoomSession, page: PageActions): void {
  const actions: Record<ShortcutAction, () => void> = {
    microphone: () => ifMay(session, "media.publish_audio", () => tell(session.toggleMicrophone())),
    camera: () => ifMay(session, "media.publish_video", () => tell(session.toggleCamera())),
    share: () => shareOrSayWhyNot(session),
    hand: () => ifMay(session, "hand.raise", () => toggleHand(session)),
    react: () => ifMay(session, "reaction.send", page.react),
    chat: () => page.togglePanel("chat"),
    people: () => page.togglePanel("people"),
    statistics: page.showStatistics,
    close: page.close,
    shortcuts: page.showKeys,
  };
  actions[action]();
}

function shareOrSayWhyNot(session: RoomSession): void {
  const refusal = session.sharing.value.length > 0 ? null : whyNoShare(session);
  if (refusal === null) toggleShare(session);
  else toast(refusal);
}

/** A key has no tooltip to show a refusal in, so it is said in passing. */
function ifMay(session: RoomSession, permission: Permission, act: () => void): void {
  const permit = session.permit(permission);
  if (permit.allowed) act();
  else toast(permit.message);
}
