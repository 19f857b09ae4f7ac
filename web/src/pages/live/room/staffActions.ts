import { Hand, MicOff, ScreenShareOff, VideoOff } from "lucide-preact";
import type { RoomSession, Tile } from "../../../session";
import type { MenuAction } from "../../../ui";
import { tell } from "./tell";

/** What you may do about somebody else in the room; empty for most people, and then no menu is shown. */
export function staffActions(session: RoomSession, tile: Tile): MenuAction[] {
  if (tile.isYou) return [];
  const { id } = tile.participant;
  const actions: MenuAction[] = [];
  if (tile.microphone === "on" && session.permit("media.mute_others").allowed) {
    actions.push({ label: "Mute", icon: MicOff, onSelect: () => tell(session.mute(id, "microphone")) });
  }
  if (session.permit("media.stop_video").allowed) {
    if (tile.camera !== null) {
      actions.push({
        label: "Stop their camera",
        icon: VideoOff,
        onSelect: () => tell(session.mute(id, "camera")),
      });
    }
    if (session.screens.value.some((screen) => screen.participant.id === id)) {
      const stop = () => tell(session.mute(id, "screen"));
      actions.push({ label: "Stop their screen", icon: ScreenShareOff, onSelect: stop });
    }
  }
  if (tile.participant.handRaisedAt !== undefined && session.permit("hand.manage").allowed) {
    actions.push({ label: "Lower their hand", icon: Hand, onSelect: () => tell(session.lowerHand(id)) });
  }
  return actions;
}
