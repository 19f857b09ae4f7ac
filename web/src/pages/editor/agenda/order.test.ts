import { expect, it } from "vitest";
import { moved } from "./order";

it.each([
  [0, 1, "bac"],
  [2, 0, "cab"],
  [0, 2, "bca"],
  [0, -1, "abc"],
  [2, 3, "abc"],
  [5, 0, "abc"],
])("from %d to %d: %s", (from, to, expected) => {
  expect(moved([..."abc"], from, to).join("")).toBe(expected);
});
