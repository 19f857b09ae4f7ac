import { expect, test } from "vitest";
import type { SessionCard } from "../../protocol/api";
import { addressOf, filtersIn, grouped } from "./filters";

test.each([
  ["", { scope: "upcoming", q: "" }, "/"],
  ["scope=past", { scope: "past", q: "" }, "/?scope=past"],
  ["scope=mine&q=goal+setting", { scope: "mine", q: "goal setting" }, "/?scope=mine&q=goal+setting"],
  ["scope=everything&q=%26", { scope: "upcoming", q: "&" }, "/?q=%26"],
])("?%s", (query, filters, address) => {
  const found = filtersIn(new URLSearchParams(query));
  expect(found).toEqual(filters);
  expect(addressOf(found)).toBe(address);
});

test("blanks alone are no search, and an endless one is cut", () => {
  expect(addressOf({ scope: "upcoming", q: "   " })).toBe("/");
  expect(filtersIn(new URLSearchParams({ q: "x".repeat(5000) })).q).toHaveLength(200);
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
