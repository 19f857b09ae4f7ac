/** Light, dark, or what the system says; kept in this browser. */

import { effect, signal } from "@preact/signals";

export type ThemeChoice = "system" | "light" | "dark";

/** Also read by public/theme.js, before anything is drawn. */
const KEY = "convene.theme";

export const theme = signal<ThemeChoice>("system");

/** Reads the kept choice, shows it, and keeps every later one. */
export function startTheme(): void {
  const kept = read();
  if (kept === "light" || kept === "dark") theme.value = kept;
  effect(() => {
    const choice = theme.value;
    if (choice === "system") delete document.documentElement.dataset["theme"];
    else document.documentElement.dataset["theme"] = choice;
    keep(choice);
  });
}

function read(): string | null {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null; // storage may be forbidden; the system's theme is fine then
  }
}

function keep(choice: ThemeChoice): void {
  try {
    if (choice === "system") localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, choice);
  } catch {
    // nothing to keep it in
  }
}
