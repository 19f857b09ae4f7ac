import { describe, expect, it } from "vitest";
import { askAgainAfter, elapsed, restartInWords, timeOfDay, untilInWords } from "./clock";

describe("elapsed", () => {
  it.each([
    [-3, "0:00"],
    [0, "0:00"],
    [7.9, "0:07"],
    [59, "0:59"],
    [750, "12:30"],
    [3723, "1:02:03"],
    [36000, "10:00:00"],
  ])("%d s is %s", (seconds, words) => {
    expect(elapsed(seconds)).toBe(words);
  });
});

describe("untilInWords", () => {
  it.each([
    [-1, "0 s"],
    [44.2, "45 s"],
    [60, "1 min"],
    [61, "2 min"],
    [3600, "1 h"],
    [12000, "3 h 20 min"],
    [86400, "1 day"],
    [200000, "2 days"],
  ])("%d s is %s", (seconds, words) => {
    expect(untilInWords(seconds)).toBe(words);
  });
});

describe("askAgainAfter", () => {
  it("asks more often the nearer it is", () => {
    expect([90000, 3601, 3600, 121, 120, 0, -50].map(askAgainAfter)).toEqual([300, 300, 30, 30, 5, 5, 5]);
  });
});

describe("timeOfDay", () => {
  it("follows the reader's zone and clock", () => {
    const at = Date.UTC(2026, 10, 21, 19, 5) / 1000;
    expect(timeOfDay(at, { locale: "en-GB", timeZone: "UTC", hour12: false })).toBe("19:05");
    expect(timeOfDay(at, { locale: "en-US", timeZone: "America/New_York", hour12: true })).toMatch(
      /^2:05\sPM$/u,
    );
  });
});

describe("a restart of the server", () => {
  it.each([
    [600, "in 10 minutes at the latest"],
    [61, "in 2 minutes at the latest"],
    [60, "within a minute"],
    [-3, "within a minute"],
  ])("in %d s", (seconds, words) => {
    expect(restartInWords(seconds)).toContain(`restarts ${words}.`);
  });
});
