import { Hand, ScreenShare, ScreenShareOff } from "lucide-preact";
import type { RoomSession } from "../../../session";
import { capOf } from "../shortcuts";
import { Control } from "./Control";
import { tell } from "./tell";

/** Shares a screen, or stops all of yours. */
export function ShareControl({ session }: { session: RoomSession }) {
  const sharing = session.sharing.value.length > 0;
  return (
    <Control
      look={sharing ? "active" : undefined}
      word={sharing ? "Stop" : "Share"}
      label={sharing ? "Stop sharing" : "Share screen"}
      icon={sharing ? ScreenShareOff : ScreenShare}
      shortcut={capOf("share")}
      disabledReason={sharing ? null : whyNoShare(session)}
      onClick={() => toggleShare(session)}
    />
  );
}

export function toggleShare(session: RoomSession): void {
  tell(session.sharing.value.length > 0 ? session.stopScreenShare() : session.startScreenShare());
}

/** Null if you may and this browser can. */
export function whyNoShare(session: RoomSession): string | null {
  const permit = session.permit("media.share_screen");
  if (!permit.allowed) return permit.message;
  const able = typeof navigator.mediaDevices?.getDisplayMedia === "function";
  return able ? null : "This browser cannot share a screen.";
}

export function HandControl({ session }: { session: RoomSession }) {
  const raised = session.you.value?.handRaisedAt !== undefined;
  const permit = session.permit("hand.raise");
  return (
    <Control
      look={raised ? "active" : undefined}
      word={raised ? "Lower" : "Raise"}
      label={raised ? "Lower hand" : "Raise hand"}
      icon={Hand}
      shortcut={capOf("hand")}
      disabledReason={permit.allowed || raised ? null : permit.message}
      onClick={() => toggleHand(session)}
    />
  );
}

export function toggleHand(session: RoomSession): void {
  tell(session.you.value?.handRaisedAt === undefined ? session.raiseHand() : session.lowerHand());
}
