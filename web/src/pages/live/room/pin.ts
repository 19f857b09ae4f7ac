/** Keeping one person in the large place: a choice of yours that nobody else sees. */

import { Pin as PinIcon, PinOff } from "lucide-preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import type { MenuAction } from "../../../ui";

export interface Pin {
  /** The participant who is pinned, if they are here. */
  id: string | null;
  toggle(participantId: string): void;
}

/** Pinning moves a tile elsewhere on the page; the focus, which was in its menu, goes along. */
export function usePin(): Pin {
  const [id, setId] = useState<string | null>(null);
  const moved = useRef<string | null>(null);
  useLayoutEffect(() => {
    if (moved.current === null) return;
    const tile = document.querySelector(`[data-participant="${CSS.escape(moved.current)}"]`);
    tile?.querySelector<HTMLElement>(".tile-menu button")?.focus({ preventScroll: true });
    moved.current = null;
  }, [id]);
  return {
    id,
    toggle: (participantId) => {
      moved.current = participantId;
      setId((before) => (before === participantId ? null : participantId));
    },
  };
}

export function pinAction(pin: Pin, participantId: string): MenuAction {
  const pinned = pin.id === participantId;
  return {
    label: pinned ? "Unpin" : "Pin",
    detail: pinned ? undefined : "Large, for you alone",
    icon: pinned ? PinOff : PinIcon,
    onSelect: () => pin.toggle(participantId),
  };
}
