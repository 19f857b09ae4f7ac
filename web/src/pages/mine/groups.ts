/** One's own sessions by what they ask of one. */

import type { SessionCard } from "../../protocol/api";
import { standing } from "../words";

export interface Group {
  name: string;
  cards: SessionCard[];
}

const OVER = ["Completed", "Cancelled"];
const STAFF = ["organiser", "facilitator", "co_facilitator"];

/** What waits for an answer first; what is over last, the latest of it first. Groups without any are left out. */
export function groupsOf(cards: readonly SessionCard[], now: Date): Group[] {
  const found: Record<string, SessionCard[]> = {};
  const sorted = [...cards].sort((a, b) => a.timeslot.startsAt.localeCompare(b.timeslot.startsAt));
  for (const card of sorted) {
    const name = nameOf(card, now);
    found[name] = [...(found[name] ?? []), card];
  }
  found[PAST]?.reverse();
  return ORDER.flatMap((name) => (found[name] ? [{ name, cards: found[name] }] : []));
}

const [OFFERED, UPCOMING, WAITING, ORGANISING, PAST] = [
  "A seat is offered to you",
  "Upcoming",
  "Waitlisted and requested",
  "You organise",
  "Past",
] as const;
const ORDER = [OFFERED, UPCOMING, WAITING, ORGANISING, PAST];

function nameOf({ label, timeslot, you }: SessionCard, now: Date): string {
  if (OVER.includes(label) && Date.parse(timeslot.endsAt) <= now.getTime()) return PAST;
  if (label === "Completed") return PAST;
  if (you.registration?.status === "offered") return OFFERED;
  if (standing(you.registration) === "waiting") return WAITING;
  if (standing(you.registration) === "seat") return UPCOMING;
  return you.roles.some((role) => STAFF.includes(role)) ? ORGANISING : UPCOMING;
}
