/** Days of the calendar, "2026-11-21", and the moments at which they begin in a zone. */

export type Day = string & { readonly day: unique symbol };

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

const utc = (day: Day): number => Date.parse(`${day}T00:00:00Z`);
const dayOf = (time: number): Day => new Date(time).toISOString().slice(0, 10) as Day;

export function isDay(text: string): text is Day {
  if (!/^\d{4}-\d\d-\d\d$/.test(text)) return false;
  const time = Date.parse(`${text}T00:00:00Z`);
  return Number.isFinite(time) && dayOf(time) === text;
}

export const addDays = (day: Day, days: number): Day => dayOf(utc(day) + days * DAY);

/** The day that the clocks of a zone show at a moment. */
export function dayIn(iso: string, timeZone: string): Day {
  return dayOf(Date.parse(iso) + offsetAt(Date.parse(iso), timeZone));
}

/** When a day begins in a zone; where the clocks skip midnight, the first moment after. */
export function instantOf(day: Day, timeZone: string): string {
  const guess = utc(day) - offsetAt(utc(day), timeZone);
  const exact = utc(day) - offsetAt(guess, timeZone);
  return new Date(
    Math.max(exact, dayIn(new Date(exact).toISOString(), timeZone) < day ? guess : exact),
  ).toISOString();
}

/** What the zone's clocks are ahead of UTC at a moment, in milliseconds. */
function offsetAt(time: number, timeZone: string): number {
  const parts = new Intl.DateTimeFormat("en-US", {
    timeZone,
    hourCycle: "h23",
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
  }).formatToParts(time);
  const part = (type: string) => Number(parts.find((one) => one.type === type)?.value);
  const shown = Date.UTC(part("year"), part("month") - 1, part("day"), part("hour"), part("minute"));
  return shown - Math.floor(time / MINUTE) * MINUTE;
}

/** The weeks that show a month, Monday first: whole weeks, with days of its neighbours. */
export function monthGrid(month: Day): Day[] {
  const first = `${month.slice(0, 7)}-01` as Day;
  const start = addDays(first, -((new Date(utc(first)).getUTCDay() + 6) % 7));
  const weeks = Math.ceil((utc(nextMonth(first, 1)) - utc(start)) / (7 * DAY));
  return Array.from({ length: 7 * weeks }, (_, at) => addDays(start, at));
}

/** The first day of the month so many months on. */
export function nextMonth(month: Day, by: number): Day {
  const [year = 0, number = 1] = month.split("-").map(Number);
  return dayOf(Date.UTC(year, number - 1 + by, 1));
}

export const monthName = (month: Day): string =>
  new Intl.DateTimeFormat("en-GB", { month: "long", year: "numeric", timeZone: "UTC" }).format(utc(month));

export const dayName = (day: Day): string =>
  new Intl.DateTimeFormat("en-GB", {
    weekday: "long",
    day: "numeric",
    month: "long",
    timeZone: "UTC",
  }).format(utc(day));
