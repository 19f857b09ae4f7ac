import { effect, signal } from "@preact/signals";

const KEY = "convene.room.keys";

/**
 * Whether single letters do things. They can be switched off (WCAG 2.1.4): who dictates to their computer, or brushes
 * the keyboard, must not mute themselves by it. Kept in this browser.
 */
export const singleKeys = signal(kept());

effect(() => {
  try {
    localStorage.setItem(KEY, singleKeys.value ? "on" : "off");
  } catch {
    // storage may be forbidden; then the choice lasts for this visit
  }
});

function kept(): boolean {
  try {
    return localStorage.getItem(KEY) !== "off";
  } catch {
    return true;
  }
}
