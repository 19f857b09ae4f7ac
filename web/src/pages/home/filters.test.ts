import { expect, test } from "vitest";
import type { SessionCard } from "../../protocol/api";
import type { Day } from "./days";
import { addressOf, byDay, type Filters, filtersIn, grouped, howMany, NO_FILTERS, wantedBy } from "./filters";

const day = (text: string) => text as Day;

test.each<[string, Partial<Filters>, string]>([
  ["", {}, "/"],
  ["scope=past", { scope: "past" }, "/?scope=past"],
  ["q=goal+setting&type=workshop", { q: "goal setting", type: "workshop" }, "/?q=goal+setting&type=workshop"],
  [
    "view=agenda&format=hybrid&condition=ask&free=true",
    { view: "agenda", format: "hybrid", condition: "ask", free: true },
    "/?view=agenda&format=hybrid&condition=ask&free=true",
  ],
  [
    "from=2026-11-21&to=2026-12-01&month=2026-12-01",
    { from: day("2026-11-21"), to: day("2026-12-01"), month: day("2026-12-01") },
    "/?from=2026-11-21&to=2026-12-01&month=2026-12-01",
  ],
  ["scope=everything&q=%26&type=party&free=yes&from=2026-02-30&view=list", { q: "&" }, "/?q=%26"],
])("?%s", (query, filters, address) => {
  const found = filtersIn(new URLSearchParams(query));
  expect(found).toEqual({ ...NO_FILTERS, ...filters });
  expect(addressOf(found)).toBe(address);
});

test("blanks alone are no search, and an endless one is cut", () => {
  expect(addressOf({ ...NO_FILTERS, q: "   " })).toBe("/");
  expect(filtersIn(new URLSearchParams({ q: "x".repeat(5000) })).q).toHaveLength(200);
});

test("the server is asked for whole days of the reader's zone", () => {
  const filters = { ...NO_FILTERS, from: day("2026-11-21"), to: day("2026-11-21"), free: true };
  expect(wantedBy(filters, "Europe/Paris")).toEqual({
    scope: "upcoming",
    free: "true",
    since: "2026-11-20T23:00:00.000Z",
    until: "2026-11-21T23:00:00.000Z",
  });
  expect(howMany(filters)).toBe(3);
});

test("cards stand under the day on which they are for the reader", () => {
  const at = (startsAt: string) => ({ timeslot: { startsAt } }) as SessionCard;
  const days = byDay([at("2026-11-20T23:30:00Z"), at("2026-11-21T10:00:00Z")], "America/New_York");
  expect(days.map(([name, cards]) => [name, cards.length])).toEqual([
    ["2026-11-20", 1],
    ["2026-11-21", 1],
  ]);
});

test("what runs comes first, the order within stays", () => {
  const card = (id: string, label: SessionCard["label"]) => ({ id, label }) as SessionCard;
  const { running, others } = grouped([
    card("a", "Open"),
    card("b", "In progress"),
    card("c", "Full"),
    card("d", "In progress"),
  ]);
  expect(running.map((one) => one.id)).toEqual(["b", "d"]);
  expect(others.map((one) => one.id)).toEqual(["a", "c"]);
});
