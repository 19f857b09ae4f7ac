/** The catalogue's filters, as they stand in the address: `/?scope=past&q=goal&type=workshop`. Defaults are left out. */

import type { JoinCondition, Location, Scope, SessionCard, SessionType, Wanted } from "../../protocol/api";
import { addDays, type Day, dayIn, instantOf, isDay } from "./days";

export type View = "cards" | "agenda" | "month";

export interface Filters {
  scope: Exclude<Scope, "mine">;
  view: View;
  q: string;
  type: SessionType | "";
  format: Location["kind"] | "";
  condition: JoinCondition | "";
  free: boolean;
  /** The first and the last day, "2026-11-21"; empty: no limit. */
  from: Day | "";
  to: Day | "";
  /** Any day of the month that the month view shows; empty: this one. */
  month: Day | "";
}

export const NO_FILTERS: Filters = {
  scope: "upcoming",
  view: "cards",
  q: "",
  type: "",
  format: "",
  condition: "",
  free: false,
  from: "",
  to: "",
  month: "",
};

export const SCOPES: readonly { value: Filters["scope"]; label: string }[] = [
  { value: "upcoming", label: "Upcoming" },
  { value: "past", label: "Past" },
];

export const VIEWS: readonly { value: View; label: string }[] = [
  { value: "cards", label: "Cards" },
  { value: "agenda", label: "Agenda" },
  { value: "month", label: "Month" },
];

export const TYPES: readonly SessionType[] = [
  "training",
  "coaching",
  "workshop",
  "buddy_meeting",
  "focus_work",
  "custom",
];

export const FORMATS: readonly { value: Location["kind"]; label: string }[] = [
  { value: "virtual", label: "Online" },
  { value: "physical", label: "In person" },
  { value: "hybrid", label: "In person and online" },
];

export const CONDITIONS: readonly { value: JoinCondition; label: string }[] = [
  { value: "free", label: "Free to join" },
  { value: "ask", label: "Ask to join" },
];

const LONGEST_SEARCH = 200;

export function filtersIn(query: URLSearchParams): Filters {
  const one = <T extends string>(name: string, known: readonly T[]): T | "" =>
    known.find((value) => value === query.get(name)) ?? "";
  const day = (name: string): Day | "" => {
    const text = query.get(name) ?? "";
    return isDay(text) ? text : "";
  };
  return {
    scope: one("scope", ["past"]) || "upcoming",
    view: one("view", ["agenda", "month"]) || "cards",
    q: (query.get("q") ?? "").slice(0, LONGEST_SEARCH),
    type: one("type", TYPES),
    format: one(
      "format",
      FORMATS.map(({ value }) => value),
    ),
    condition: one(
      "condition",
      CONDITIONS.map(({ value }) => value),
    ),
    free: query.get("free") === "true",
    from: day("from"),
    to: day("to"),
    month: day("month"),
  };
}

export function addressOf(filters: Filters): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries({ ...filters, q: filters.q.trim() })) {
    if (value !== NO_FILTERS[name as keyof Filters]) query.set(name, String(value));
  }
  const search = query.toString();
  return search ? `/?${search}` : "/";
}

/** Those of the folded part that are set. */
export function howMany({ type, format, condition, free, from, to }: Filters): number {
  return [type, format, condition, free, from, to].filter(Boolean).length;
}

/** What the server is asked; days are those of the reader's zone. */
export function wantedBy(filters: Filters, timeZone: string): Wanted {
  const { scope, q, type, format, condition, free, from, to } = filters;
  return {
    scope,
    ...(q.trim() ? { q: q.trim() } : {}),
    ...(type ? { type } : {}),
    ...(format ? { format } : {}),
    ...(condition ? { condition } : {}),
    ...(free ? { free: "true" as const } : {}),
    ...(from ? { since: instantOf(from, timeZone) } : {}),
    ...(to ? { until: instantOf(addDays(to, 1), timeZone) } : {}),
  };
}

export interface Groups {
  running: SessionCard[];
  others: SessionCard[];
}

/** What is in progress first; the server's order within each part. */
export function grouped(cards: readonly SessionCard[]): Groups {
  return {
    running: cards.filter((card) => card.label === "In progress"),
    others: cards.filter((card) => card.label !== "In progress"),
  };
}

/** The cards of each day in the reader's zone, in the order in which they come. */
export function byDay(cards: readonly SessionCard[], timeZone: string): [Day, SessionCard[]][] {
  const days = new Map<Day, SessionCard[]>();
  for (const card of cards) {
    const day = dayIn(card.timeslot.startsAt, timeZone);
    days.set(day, [...(days.get(day) ?? []), card]);
  }
  return [...days];
}
