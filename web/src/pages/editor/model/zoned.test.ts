import { expect, it } from "vitest";
import { isLater, momentOf, moments, offsetName, wallClock } from "./zoned";

const BERLIN = "Europe/Berlin";

it("reads the clock of a place", () => {
  expect(wallClock("2030-05-01T22:00:00Z", "America/New_York")).toBe("2030-05-01T18:00");
  expect(wallClock("2030-12-31T23:30:00Z", BERLIN)).toBe("2031-01-01T00:30");
});

it("finds the moment, and none or two where the clocks change", () => {
  expect(moments("2026-07-01T12:00", BERLIN)).toEqual(["2026-07-01T10:00:00Z"]);
  expect(moments("2026-03-29T02:30", BERLIN)).toEqual([]);
  expect(moments("2026-10-25T02:30", BERLIN)).toEqual(["2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z"]);
});

it("moves on what is skipped and takes the first of two", () => {
  expect(momentOf("2026-03-29T02:30", BERLIN)).toBe("2026-03-29T01:30:00Z");
  expect(momentOf("2026-10-25T02:30", BERLIN)).toBe("2026-10-25T00:30:00Z");
  expect(momentOf("", BERLIN)).toBeNull();
});

it("tells the second of two", () => {
  expect(isLater("2026-10-25T01:30:00Z", BERLIN)).toBe(true);
  expect(isLater("2026-10-25T00:30:00Z", BERLIN)).toBe(false);
  expect(isLater("2026-07-01T10:00:00Z", BERLIN)).toBe(false);
});

it("names the distance from UTC", () => {
  expect(offsetName("2026-07-01T10:00:00Z", BERLIN)).toBe("UTC+2");
  expect(offsetName("2026-01-01T10:00:00Z", "America/St_Johns")).toBe("UTC−3:30");
});
