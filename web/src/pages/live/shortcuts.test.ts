import { describe, expect, it } from "vitest";
import { capOf, type KeyPress, SHORTCUTS, shortcutFor } from "./shortcuts";

function press(key: string, changes: Partial<KeyPress> = {}): KeyPress {
  return {
    key,
    ctrlKey: false,
    altKey: false,
    metaKey: false,
    repeat: false,
    isComposing: false,
    ...changes,
  };
}

describe("shortcuts", () => {
  it("has one action for each key and one key for each action", () => {
    expect(new Set(SHORTCUTS.map((s) => s.key)).size).toBe(SHORTCUTS.length);
    expect(new Set(SHORTCUTS.map((s) => s.action)).size).toBe(SHORTCUTS.length);
  });

  it.each(SHORTCUTS.map((s) => [s.cap, s.key, s.action] as const))("%s works", (_cap, key, action) => {
    expect(shortcutFor(press(key), false)).toBe(action);
  });

  it("takes capitals, as with caps lock", () => {
    expect(shortcutFor(press("M"), false)).toBe("microphone");
  });

  it("leaves the browser's and the screen reader's combinations alone", () => {
    for (const held of [{ ctrlKey: true }, { altKey: true }, { metaKey: true }]) {
      expect(shortcutFor(press("c", held), false)).toBeNull();
    }
  });

  it("does not repeat while a key is held, nor in the middle of an input method", () => {
    expect(shortcutFor(press("m", { repeat: true }), false)).toBeNull();
    expect(shortcutFor(press("m", { isComposing: true }), false)).toBeNull();
  });

  it("while typing only Escape counts", () => {
    expect(shortcutFor(press("m"), true)).toBeNull();
    expect(shortcutFor(press("?"), true)).toBeNull();
    expect(shortcutFor(press("Escape"), true)).toBe("close");
  });

  it("names the cap for a tooltip", () => {
    expect(capOf("microphone")).toBe("M");
    expect(capOf("close")).toBe("Esc");
  });
});
