import { describe, expect, it } from "vitest";
import { nthOf, occurrencesIn, type Repeat, ruleInWords, ruleOf, weekdayOf } from "./recurrence";

const weekly: Repeat = { frequency: "WEEKLY", interval: 1, days: [], nth: null, end: { count: 6 } };
const FIRST = "2026-03-10T18:00"; // a Tuesday, the second of its month

describe("rules and their words", () => {
  it.each<[Partial<Repeat>, string, string]>([
    [{}, "FREQ=WEEKLY;COUNT=6", "Every week, 6 times"],
    [
      { interval: 2, days: ["WE", "MO"] },
      "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,WE;COUNT=6",
      "Every 2 weeks on Monday and Wednesday, 6 times",
    ],
    [{ frequency: "DAILY", end: { count: 1 } }, "FREQ=DAILY;COUNT=1", "Every day, once"],
    [
      { frequency: "MONTHLY", nth: 2, end: { until: "2026-12-31" } },
      "FREQ=MONTHLY;BYDAY=2TU;UNTIL=20261231",
      "Every month on the second Tuesday, until 31 December 2026",
    ],
    [
      { frequency: "MONTHLY", nth: -1 },
      "FREQ=MONTHLY;BYDAY=-1TU;COUNT=6",
      "Every month on the last Tuesday, 6 times",
    ],
  ])("%j", (change, rule, words) => {
    expect(ruleOf({ ...weekly, ...change }, FIRST)).toBe(rule);
    expect(ruleInWords(rule)).toBe(words);
  });

  it("leaves alone what no form made", () => {
    expect(ruleInWords("FREQ=YEARLY;COUNT=2")).toBeNull();
    expect(ruleInWords("FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13;COUNT=2")).toBeNull();
    expect(ruleInWords("FREQ=MONTHLY;BYDAY=-2FR;COUNT=2")).toBeNull();
  });

  it("knows the weekday and which of its month it is", () => {
    expect([weekdayOf(FIRST), nthOf(FIRST)]).toEqual(["TU", 2]);
    expect([weekdayOf("2026-03-29T02:30"), nthOf("2026-03-29T02:30")]).toEqual(["SU", -1]);
  });
});

describe("dates over a change of the clocks", () => {
  it("stay at their time, and say from where on the clocks have changed", () => {
    const items = ["2026-03-22T17:00:00Z", "2026-03-29T16:00:00Z", "2026-04-05T16:00:00Z"];
    const found = occurrencesIn(items, "2026-03-22T18:00", "Europe/Berlin");
    expect(found.map(({ local, note }) => [local, note])).toEqual([
      ["2026-03-22T18:00", null],
      ["2026-03-29T18:00", "changed"],
      ["2026-04-05T18:00", null],
    ]);
  });

  it("that the clocks skip are marked as moved", () => {
    const items = ["2026-03-28T01:30:00Z", "2026-03-29T01:30:00Z", "2026-03-30T00:30:00Z"];
    const found = occurrencesIn(items, "2026-03-28T02:30", "Europe/Berlin");
    expect(found.map(({ local, note }) => [local.slice(11), note])).toEqual([
      ["02:30", null],
      ["03:30", "moved"],
      ["02:30", null],
    ]);
  });
});
