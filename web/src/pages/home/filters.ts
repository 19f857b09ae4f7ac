/** The catalogue's filters, as they stand in the address: `/?scope=past&q=goal`. Defaults are left out. */

import type { Scope, SessionCard } from "../../protocol/api";

export interface Filters {
  scope: Scope;
  q: string;
}

export const SCOPES: readonly { scope: Scope; label: string }[] = [
  { scope: "upcoming", label: "Upcoming" },
  { scope: "mine", label: "Mine" },
  { scope: "past", label: "Past" },
];

const LONGEST_SEARCH = 200;

export function filtersIn(query: URLSearchParams): Filters {
  const scope = SCOPES.find((known) => known.scope === query.get("scope"))?.scope ?? "upcoming";
  return { scope, q: (query.get("q") ?? "").slice(0, LONGEST_SEARCH) };
}

export function addressOf({ scope, q }: Filters): string {
  const query = new URLSearchParams();
  if (scope !== "upcoming") query.set("scope", scope);
  if (q.trim()) query.set("q", q.trim());
  const search = query.toString();
  return search ? `/?${search}` : "/";
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
