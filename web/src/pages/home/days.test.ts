import { describe, expect, test } from "vitest";
import { addDays, type Day, dayIn, instantOf, isDay, monthGrid, nextMonth } from "./days";

const day = (text: string) => text as Day;

test.each([
  ["2026-11-21", true],
  ["2026-02-30", false],
  ["2026-1-1", false],
  ["", false],
])("%s is a day: %s", (text, expected) => expect(isDay(text)).toBe(expected));

describe("a day begins", () => {
  test.each([
    ["2026-11-21", "Europe/Paris", "2026-11-20T23:00:00.000Z"],
    ["2026-07-01", "Asia/Kolkata", "2026-06-30T18:30:00.000Z"],
    // the clocks change on these days
    ["2026-03-29", "Europe/Paris", "2026-03-28T23:00:00.000Z"],
    ["2026-03-30", "Europe/Paris", "2026-03-29T22:00:00.000Z"],
    ["2026-10-25", "America/New_York", "2026-10-25T04:00:00.000Z"],
    // midnight is skipped: the day begins at one
    ["2026-09-06", "America/Santiago", "2026-09-06T04:00:00.000Z"],
  ])("%s in %s", (text, zone, expected) => {
    expect(instantOf(day(text), zone)).toBe(expected);
    expect(dayIn(expected, zone)).toBe(text);
  });
});

test("the same moment is another day elsewhere", () => {
  expect(dayIn("2026-11-20T23:30:00Z", "Europe/Paris")).toBe("2026-11-21");
  expect(dayIn("2026-11-20T23:30:00Z", "America/New_York")).toBe("2026-11-20");
});

test("a month is shown in whole weeks from Monday", () => {
  const grid = monthGrid(day("2026-11-15"));
  expect([grid[0], grid.at(-1), grid.length]).toEqual(["2026-10-26", "2026-12-06", 42]);
  expect(monthGrid(day("2027-02-01"))).toHaveLength(28);
});

test("months follow over the year's end", () => {
  expect(nextMonth(day("2026-12-31"), 1)).toBe("2027-01-01");
  expect(nextMonth(day("2026-01-31"), -1)).toBe("2025-12-01");
  expect(addDays(day("2026-12-31"), 1)).toBe("2027-01-01");
});
