import { describe, expect, it } from "vitest";
import { pictureHeight } from "./shown";

describe("pictureHeight", () => {
  it.each([
    ["fits", 1600, 900, "cover", 900],
    ["fits", 1600, 900, "contain", 900],
    ["loses its sides", 800, 900, "cover", 900],
    ["loses its top", 1600, 400, "cover", 900],
    ["has room above", 1600, 1200, "contain", 900],
    ["has room beside", 1600, 450, "contain", 450],
    ["is not laid out", 0, 0, "cover", 0],
  ] as const)("of one that %s (%i × %i, %s)", (_, width, height, fit, expected) => {
    expect(pictureHeight(width, height, fit)).toBe(expected);
  });
});
