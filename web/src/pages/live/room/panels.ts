import { useEffect, useState } from "preact/hooks";

export type PanelName = "chat" | "people";

export interface Panels {
  open: PanelName | null;
  /** Whether somebody opened it just now, and so wants to be in it; not so when it was open from the start. */
  asked: boolean;
  toggle(name: PanelName): void;
  close(): void;
}

const REMEMBERED = "convene.room.panel";

/** Which panel is open. On wide pages the choice is kept for the next visit; a phone starts with the people. */
export function usePanels(narrow: boolean): Panels {
  const [open, setOpen] = useState<PanelName | null>(() => (narrow ? null : remembered()));
  const [asked, setAsked] = useState(false);
  useEffect(() => {
    if (!narrow) remember(open);
  }, [open, narrow]);
  return {
    open,
    asked,
    toggle: (name) => {
      setAsked(true);
      setOpen((before) => (before === name ? null : name));
    },
    close: () => setOpen(null),
  };
}

function remembered(): PanelName | null {
  try {
    const name = localStorage.getItem(REMEMBERED);
    return name === "chat" || name === "people" ? name : null;
  } catch {
    return null; // storage may be forbidden; then nothing is remembered
  }
}

function remember(open: PanelName | null): void {
  try {
    localStorage.setItem(REMEMBERED, open ?? "");
  } catch {
    // as above
  }
}
