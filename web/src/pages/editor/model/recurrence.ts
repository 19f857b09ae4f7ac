/** Recurrence rules (RFC 5545) as a form fills them in, and in words. Pure. */

import { wallClock } from "./zoned";

export type Frequency = "DAILY" | "WEEKLY" | "MONTHLY";
export const WEEKDAYS = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"] as const;
export type Weekday = (typeof WEEKDAYS)[number];

const DAY_NAMES: Record<Weekday, string> = {
  MO: "Monday",
  TU: "Tuesday",
  WE: "Wednesday",
  TH: "Thursday",
  FR: "Friday",
  SA: "Saturday",
  SU: "Sunday",
};

export const dayName = (day: Weekday): string => DAY_NAMES[day];

export interface Repeat {
  frequency: Frequency;
  interval: number;
  /** For WEEKLY; empty is the day of the first. */
  days: Weekday[];
  /** For MONTHLY: on the same date, or on "the second Tuesday" (`nth` 1 to 4, -1 is the last). */
  nth: number | null;
  end: { count: number } | { until: string };
}

/** The weekday of a date ("2030-05-01…"). */
export function weekdayOf(local: string): Weekday {
  const day = new Date(`${local.slice(0, 10)}T00:00Z`).getUTCDay();
  return WEEKDAYS[(day + 6) % 7] ?? "MO";
}

/** Which of its weekday in the month a date is: 1 to 4, and -1 for a fifth, which is the last. */
export function nthOf(local: string): number {
  const nth = Math.ceil(Number(local.slice(8, 10)) / 7);
  return nth > 4 ? -1 : nth;
}

/** "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,WE;COUNT=6". `first` is the local start of the first. */
export function ruleOf(repeat: Repeat, first: string): string {
  const parts = [`FREQ=${repeat.frequency}`];
  if (repeat.interval > 1) parts.push(`INTERVAL=${repeat.interval}`);
  if (repeat.frequency === "WEEKLY" && repeat.days.length > 0)
    parts.push(`BYDAY=${WEEKDAYS.filter((day) => repeat.days.includes(day)).join(",")}`);
  if (repeat.frequency === "MONTHLY" && repeat.nth !== null)
    parts.push(`BYDAY=${repeat.nth}${weekdayOf(first)}`);
  parts.push(
    "count" in repeat.end ? `COUNT=${repeat.end.count}` : `UNTIL=${repeat.end.until.replaceAll("-", "")}`,
  );
  return parts.join(";");
}

const EVERY: Record<Frequency, [one: string, many: string]> = {
  DAILY: ["Every day", "days"],
  WEEKLY: ["Every week", "weeks"],
  MONTHLY: ["Every month", "months"],
};
const NTH: Record<string, string> = {
  "1": "first",
  "2": "second",
  "3": "third",
  "4": "fourth",
  "-1": "last",
};

/** "Every 2 weeks on Monday and Wednesday, 6 times"; null for a rule that a form did not make. */
export function ruleInWords(rule: string): string | null {
  const parts = new Map(
    rule
      .toUpperCase()
      .replace(/^RRULE:/, "")
      .split(";")
      .map((part) => part.split("=") as [string, string]),
  );
  const every = EVERY[parts.get("FREQ") as Frequency];
  if (!every || [...parts.keys()].some((key) => !KNOWN.has(key))) return null;
  const interval = Number(parts.get("INTERVAL") ?? 1);
  const on = onWhichDays(parts.get("BYDAY"));
  if (on === null) return null;
  const start = interval === 1 ? every[0] : `Every ${interval} ${every[1]}`;
  return `${start}${on}, ${endInWords(parts)}`;
}

const KNOWN = new Set(["FREQ", "INTERVAL", "BYDAY", "COUNT", "UNTIL"]);

function onWhichDays(text: string | undefined): string | null {
  if (!text) return "";
  const names: string[] = [];
  for (const one of text.split(",")) {
    const found = /^(-?\d+)?(MO|TU|WE|TH|FR|SA|SU)$/.exec(one);
    if (!found) return null;
    const day = DAY_NAMES[found[2] as Weekday];
    const nth = found[1] ? NTH[found[1]] : "";
    if (nth === undefined) return null;
    names.push(nth ? `the ${nth} ${day}` : day);
  }
  return ` on ${listed(names)}`;
}

function endInWords(parts: Map<string, string>): string {
  const count = parts.get("COUNT");
  if (count) return count === "1" ? "once" : `${count} times`;
  const until = parts.get("UNTIL") ?? "";
  const date = `${until.slice(0, 4)}-${until.slice(4, 6)}-${until.slice(6, 8)}`;
  const words = new Intl.DateTimeFormat("en-GB", { dateStyle: "long", timeZone: "UTC" });
  return `until ${words.format(new Date(`${date}T00:00Z`))}`;
}

function listed(names: string[]): string {
  if (names.length < 2) return names.join("");
  return `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
}

export interface Occurrence {
  at: string;
  local: string;
  /** What the clocks do to it: they have changed since the one before, or they skip its time that day. */
  note: "changed" | "moved" | null;
}

/** The dates of a series on the clock of its place, with what daylight saving does to them. */
export function occurrencesIn(items: readonly string[], first: string, zone: string): Occurrence[] {
  let before: number | null = null;
  return items.map((at) => {
    const local = wallClock(at, zone);
    const offset = Date.parse(`${local}Z`) - Date.parse(at);
    const changed = before !== null && offset !== before;
    before = offset;
    const moved = local.slice(11) !== first.slice(11, 16);
    return { at, local, note: moved ? "moved" : changed ? "changed" : null };
  });
}
