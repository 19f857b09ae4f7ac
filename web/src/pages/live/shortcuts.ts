/** The keyboard shortcuts of the room: one table from which the listener, the tooltips and the list on "?" are made. */

export type ShortcutAction =
  | "microphone"
  | "camera"
  | "share"
  | "hand"
  | "react"
  | "chat"
  | "people"
  | "statistics"
  | "close"
  | "shortcuts";

export interface Shortcut {
  key: string;
  /** As shown on the key cap. */
  cap: string;
  action: ShortcutAction;
  what: string;
}

export const SHORTCUTS: readonly Shortcut[] = [
  { key: "m", cap: "M", action: "microphone", what: "Mute or unmute your microphone" },
  { key: "v", cap: "V", action: "camera", what: "Start or stop your camera" },
  { key: "s", cap: "S", action: "share", what: "Share your screen, or stop sharing" },
  { key: "h", cap: "H", action: "hand", what: "Raise or lower your hand" },
  { key: "r", cap: "R", action: "react", what: "Open the reactions" },
  { key: "c", cap: "C", action: "chat", what: "Open or close the chat" },
  { key: "p", cap: "P", action: "people", what: "Open or close the list of people" },
  { key: "i", cap: "I", action: "statistics", what: "Show what your connection carries" },
  { key: "Escape", cap: "Esc", action: "close", what: "Close what is open" },
  { key: "?", cap: "?", action: "shortcuts", what: "Show this list" },
];

/** What is read of a keyboard event. */
export interface KeyPress {
  key: string;
  ctrlKey: boolean;
  altKey: boolean;
  metaKey: boolean;
  repeat: boolean;
  isComposing: boolean;
}

/** The action that a key press asks for, or null; letters mean nothing to us while somebody types. */
export function shortcutFor(press: KeyPress, typing: boolean): ShortcutAction | null {
  if (press.ctrlKey || press.altKey || press.metaKey || press.repeat || press.isComposing) return null;
  const key = press.key.length === 1 ? press.key.toLowerCase() : press.key;
  const shortcut = SHORTCUTS.find((candidate) => candidate.key === key);
  if (shortcut === undefined) return null;
  return typing && shortcut.action !== "close" ? null : shortcut.action;
}

/** Whether the focus is where letters are text, or where a list or menu takes letters as a search. */
export function isTyping(element: Element | null): boolean {
  return (
    element?.closest(
      "input:not([type=button],[type=checkbox],[type=radio],[type=range]), textarea, select, [contenteditable=true], [role=menu], [role=listbox], dialog, [role=dialog]",
    ) != null
  );
}

/** The key cap for a tooltip. */
export function capOf(action: ShortcutAction): string {
  return SHORTCUTS.find((shortcut) => shortcut.action === action)?.cap ?? "";
}
