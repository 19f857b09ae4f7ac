/** Times in words. Everything takes the moment as an argument; seconds since the epoch unless a name says otherwise. */

import type { Reader } from "../../ui";

/** "0:07", "12:30", "1:02:03": the same width from one second to the next. */
export function elapsed(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor((whole % 3600) / 60);
  const rest = String(whole % 60).padStart(2, "0");
  return hours > 0 ? `${hours}:${String(minutes).padStart(2, "0")}:${rest}` : `${minutes}:${rest}`;
}

/** How long until something, as one would say it: "2 days", "3 h 20 min", "12 min", "45 s". */
export function untilInWords(seconds: number): string {
  const left = Math.max(0, Math.ceil(seconds));
  if (left < 60) return `${left} s`;
  const minutes = Math.ceil(left / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return minutes % 60 === 0 ? `${hours} h` : `${hours} h ${minutes % 60} min`;
  const days = Math.floor(hours / 24);
  return days === 1 ? "1 day" : `${days} days`;
}

/** What people in a room hear of a restart of the server that comes in so many seconds, whatever they do. */
export function restartInWords(seconds: number): string {
  const minutes = Math.ceil(seconds / 60);
  const time = minutes > 1 ? `in ${minutes} minutes at the latest` : "within a minute";
  return `The server restarts ${time}. If you are still here then, you are reconnected by yourself.`;
}

/** How long a page may wait, in seconds, before it asks again whether the room is open: the nearer, the oftener. */
export function askAgainAfter(secondsLeft: number): number {
  if (secondsLeft > 3600) return 300;
  if (secondsLeft > 120) return 30;
  return 5;
}

/** The time of day for the reader: "14:02", or "2:02 PM" where clocks say so. */
export function timeOfDay(at: number, { locale, timeZone, hour12 }: Reader): string {
  const options = { hour: "numeric", minute: "2-digit", timeZone, hour12 } as const;
  return new Intl.DateTimeFormat(locale, options).format(at * 1000);
}
