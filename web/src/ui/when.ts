/** Times in words: in the reader's zone, with the session's zone beside it where that differs. */

/** How dates are written: English words, with the reader's region and clock. */
export interface Reader {
  locale: string;
  timeZone: string;
  hour12: boolean;
}

/** From what the browser says. The pages are in English, so a reader of another language gets English words
 *  in day-month order, and the clock (12 or 24 hours) that their own language uses. */
export function readerOf(languages: readonly string[], timeZone: string): Reader {
  const own = languages[0] ?? "en-GB";
  const locale = own.startsWith("en-") ? own : (languages.find((one) => one.startsWith("en-")) ?? "en-GB");
  const hourCycle = new Intl.DateTimeFormat(own, { hour: "numeric" }).resolvedOptions().hourCycle;
  return {
    locale: own.startsWith("en") ? locale : "en-GB",
    timeZone,
    hour12: hourCycle === "h12" || hourCycle === "h11",
  };
}

export const thisReader = (): Reader =>
  readerOf(navigator.languages, Intl.DateTimeFormat().resolvedOptions().timeZone);

const formats = new Map<string, Intl.DateTimeFormat>();

function format(reader: Reader, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = JSON.stringify([reader, options]);
  let made = formats.get(key);
  if (!made) {
    const clock = "hour" in options ? { hour12: reader.hour12 } : {};
    made = new Intl.DateTimeFormat(reader.locale, { timeZone: reader.timeZone, ...clock, ...options });
    formats.set(key, made);
  }
  return made;
}

export interface DateBlock {
  weekday: string;
  day: string;
  month: string;
}

/** "Sat", "21", "Nov". */
export function dateBlock(iso: string, reader: Reader): DateBlock {
  const at = new Date(iso);
  const part = (options: Intl.DateTimeFormatOptions) => format(reader, options).format(at);
  return {
    weekday: part({ weekday: "short" }),
    day: part({ day: "numeric" }),
    month: part({ month: "short" }),
  };
}

/** "Saturday, 21 November"; the year when it is not the year of `now`. */
export function longDate(iso: string, reader: Reader, now: Date): string {
  const at = new Date(iso);
  const year = format(reader, { year: "numeric" });
  const sameYear = year.format(at) === year.format(now);
  return format(reader, {
    weekday: "long",
    day: "numeric",
    month: "long",
    ...(sameYear ? {} : { year: "numeric" }),
  }).format(at);
}

/** "21 Nov 2026, 19:05". */
export function shortDateTime(iso: string, reader: Reader): string {
  return format(reader, {
    day: "numeric",
    month: "short",
    year: "numeric",
    ...clockOptions(reader),
  }).format(new Date(iso));
}

/** "19:00 – 20:30", or "7:00 – 8:30 PM". A range over midnight says only the times: the date stands beside it. */
export function timeRange(startsAt: string, endsAt: string, reader: Reader): string {
  const times = format(reader, clockOptions(reader));
  const start = times.formatToParts(new Date(startsAt));
  const end = times.formatToParts(new Date(endsAt));
  const half = (parts: Intl.DateTimeFormatPart[]) => parts.find((part) => part.type === "dayPeriod")?.value;
  const shown =
    half(start) && half(start) === half(end) ? start.filter((part) => part.type !== "dayPeriod") : start;
  const text = (parts: Intl.DateTimeFormatPart[]) =>
    parts
      .map((part) => part.value)
      .join("")
      .trim();
  return `${text(shown)} – ${text(end)}`;
}

const clockOptions = ({ hour12 }: Reader): Intl.DateTimeFormatOptions => ({
  hour: hour12 ? "numeric" : "2-digit",
  minute: "2-digit",
});

/** "18:45", "6:45 PM". */
export function clock(iso: string, reader: Reader): string {
  return format(reader, clockOptions(reader)).format(new Date(iso));
}

/** "CET", "GMT+5:30": the zone's short name at that moment. */
export function zoneName(iso: string, reader: Reader): string {
  const parts = format(reader, { timeZoneName: "short", hour: "numeric" }).formatToParts(new Date(iso));
  return parts.find((part) => part.type === "timeZoneName")?.value ?? reader.timeZone;
}

/** The place a zone is named after: "America/New_York" → "New York". */
export function zonePlace(timeZone: string): string {
  return (timeZone.split("/").at(-1) ?? timeZone).replaceAll("_", " ");
}

/** "14:00 – 15:30 in New York", or null where the clocks agree at that moment. */
export function inItsOwnZone(
  startsAt: string,
  endsAt: string,
  timeZone: string,
  reader: Reader,
): string | null {
  let there: Reader;
  try {
    new Intl.DateTimeFormat("en", { timeZone });
    there = { ...reader, timeZone };
  } catch {
    return null; // a zone that this browser does not know
  }
  const full = (who: Reader) =>
    `${longDate(startsAt, who, new Date(startsAt))} ${timeRange(startsAt, endsAt, who)}`;
  if (full(there) === full(reader)) return null;
  const sameDay =
    longDate(startsAt, there, new Date(startsAt)) === longDate(startsAt, reader, new Date(startsAt));
  const day = sameDay ? "" : `${dateBlock(startsAt, there).weekday}, `;
  return `${day}${timeRange(startsAt, endsAt, there)} in ${zonePlace(timeZone)}`;
}

/** "45 minutes", "1 hour", "1 h 30 min". */
export function duration(minutes: number): string {
  const hours = Math.floor(minutes / 60);
  const rest = minutes % 60;
  if (hours === 0) return minutes === 1 ? "1 minute" : `${minutes} minutes`;
  if (rest === 0) return hours === 1 ? "1 hour" : `${hours} hours`;
  return `${hours} h ${rest} min`;
}

/** "in 25 minutes", "in 1 h 50 min", "in 3 hours", "tomorrow", "in 12 days"; null for what has begun. Full steps only, never more than is left. */
export function untilStart(startsAt: string, now: Date): string | null {
  const minutes = Math.ceil((Date.parse(startsAt) - now.getTime()) / 60_000);
  if (minutes <= 0) return null;
  const words = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
  if (minutes < 60) return words.format(minutes, "minute");
  if (minutes < 3 * 60) return `in ${duration(minutes)}`;
  if (minutes < 24 * 60) return words.format(Math.floor(minutes / 60), "hour");
  return words.format(Math.floor(minutes / (24 * 60)), "day");
}
