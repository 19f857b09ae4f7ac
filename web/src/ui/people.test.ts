import { expect, test } from "vitest";
import { highestRole, hueOf, initialsOf } from "./people";

test.each([
  ["Ada Lovelace", "AL"],
  ["ada", "A"],
  ["  Jean-Luc   de  Picard ", "JP"],
  ["محمد عبد الرحمن", "ما"],
  ["山田 太郎", "山"],
  ["Łukasz Ćwik", "ŁĆ"],
  ["e\u0301lise", "E\u0301"],
  ["👩‍🚀 Sally Ride", "SR"],
  ["3 Musketeers", "3M"],
  ["ıßa", "I"],
  ["🙂", "?"],
  ["", "?"],
])("%s is drawn as %s", (name, initials) => {
  expect(initialsOf(name)).toBe(initials);
});

test("a hue is one of twelve, stays, and all of them are used", () => {
  const hues = Array.from({ length: 600 }, (_, at) => hueOf(`person-${at}`));
  expect(new Set(hues)).toEqual(new Set(Array.from({ length: 12 }, (_, at) => at + 1)));
  expect(hueOf("person-7")).toBe(hues[7]);
});

test("of several roles the highest is shown", () => {
  expect(highestRole(["observer", "co_facilitator", "participant"])).toBe("co_facilitator");
  expect(highestRole([])).toBeNull();
});
