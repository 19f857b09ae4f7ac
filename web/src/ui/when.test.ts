import { describe, expect, test } from "vitest";
import {
  clock,
  dateBlock,
  duration,
  inItsOwnZone,
  longDate,
  type Reader,
  readerOf,
  timeRange,
  untilStart,
  zoneName,
} from "./when";

const paris: Reader = { locale: "en-GB", timeZone: "Europe/Paris", hour12: false };
const newYork: Reader = { locale: "en-US", timeZone: "America/New_York", hour12: true };
const START = "2026-11-21T23:30:00Z"; // already Sunday in Paris, still Saturday in New York
const END = "2026-11-22T00:15:00Z";

/** Newer browsers put a narrow space before AM and PM. */
const spaced = (text: string) => text.replaceAll("\u202f", " ");

describe("the reader", () => {
  test.each([
    [["en-US"], { locale: "en-US", hour12: true }],
    [["en-GB"], { locale: "en-GB", hour12: false }],
    [["de-DE", "en-US"], { locale: "en-GB", hour12: false }],
    [["ar-EG"], { locale: "en-GB", hour12: true }],
    [["en", "en-AU"], { locale: "en-AU", hour12: true }],
    [[], { locale: "en-GB", hour12: false }],
  ])("with languages %s", (languages, expected) => {
    expect(readerOf(languages, "UTC")).toEqual({ ...expected, timeZone: "UTC" });
  });
});

describe("a date", () => {
  test("falls on the day of the reader's zone", () => {
    expect(dateBlock(START, paris)).toEqual({ weekday: "Sun", day: "22", month: "Nov" });
    expect(dateBlock(START, newYork)).toEqual({ weekday: "Sat", day: "21", month: "Nov" });
  });

  test("names the year when it is another one", () => {
    expect(longDate(START, paris, new Date("2026-01-01T12:00:00Z"))).not.toContain("2026");
    expect(longDate(START, paris, new Date("2027-01-02T12:00:00Z"))).toMatch(/^Sunday,? 22 November 2026$/);
  });
});

describe("a time", () => {
  test("is written with the reader's clock", () => {
    expect(timeRange(START, END, paris)).toBe("00:30 – 01:15");
    expect(spaced(timeRange(START, END, newYork))).toBe("6:30 – 7:15 PM");
    expect(clock(START, paris)).toBe("00:30");
  });

  test("names both halves of the day when they differ", () => {
    expect(spaced(timeRange("2026-11-21T16:30:00Z", "2026-11-21T17:30:00Z", newYork))).toBe(
      "11:30 AM – 12:30 PM",
    );
  });

  test("follows summer time", () => {
    expect(timeRange("2026-07-01T10:00:00Z", "2026-07-01T11:00:00Z", paris)).toBe("12:00 – 13:00");
    expect(zoneName("2026-07-01T10:00:00Z", paris)).toBe("CEST");
    expect(zoneName(START, paris)).toBe("CET");
  });
});

describe("the session's own zone", () => {
  test("is named when the clocks differ, with the day when that differs too", () => {
    expect(inItsOwnZone("2026-11-21T12:00:00Z", "2026-11-21T13:00:00Z", "America/New_York", paris)).toBe(
      "07:00 – 08:00 in New York",
    );
    expect(inItsOwnZone(START, END, "America/New_York", paris)).toBe("Sat, 18:30 – 19:15 in New York");
  });

  test("is left out when the clocks agree at that moment", () => {
    expect(inItsOwnZone(START, END, "Europe/Berlin", paris)).toBeNull();
    const london: Reader = { ...paris, timeZone: "Europe/London" };
    expect(inItsOwnZone("2026-01-10T10:00:00Z", "2026-01-10T11:00:00Z", "UTC", london)).toBeNull();
    expect(inItsOwnZone("2026-07-10T10:00:00Z", "2026-07-10T11:00:00Z", "UTC", london)).toBe(
      "10:00 – 11:00 in UTC",
    );
  });

  test("is left out when the browser does not know it", () => {
    expect(inItsOwnZone(START, END, "Mars/Olympus_Mons", paris)).toBeNull();
  });
});

test.each([
  [1, "1 minute"],
  [45, "45 minutes"],
  [60, "1 hour"],
  [120, "2 hours"],
  [90, "1 h 30 min"],
])("%i minutes are %s", (minutes, words) => {
  expect(duration(minutes)).toBe(words);
});

test.each([
  ["2026-11-21T12:00:30Z", "in 1 minute"],
  ["2026-11-21T12:25:00Z", "in 25 minutes"],
  ["2026-11-21T13:50:00Z", "in 1 h 50 min"],
  ["2026-11-21T15:59:00Z", "in 3 hours"],
  ["2026-11-22T12:00:00Z", "tomorrow"],
  ["2026-12-03T12:00:00Z", "in 12 days"],
  ["2026-11-21T12:00:00Z", null],
  ["2026-11-21T11:00:00Z", null],
])("from noon, %s is %s", (startsAt, words) => {
  expect(untilStart(startsAt, new Date("2026-11-21T12:00:00Z"))).toBe(words);
});
