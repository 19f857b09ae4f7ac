import { expect, test } from "vitest";
import type { Registration, RegistrationStatus, SessionCard } from "../../protocol/api";
import { groupsOf } from "./groups";

const NOW = new Date("2026-11-21T12:00:00Z");

function card(title: string, day: string, change: Partial<SessionCard>, status?: RegistrationStatus) {
  const registration = status ? ({ status } as Registration) : null;
  const timeslot = { startsAt: `${day}T10:00:00Z`, endsAt: `${day}T11:00:00Z` };
  return {
    title,
    label: "Open",
    timeslot,
    you: { roles: [], registration },
    ...change,
  } as unknown as SessionCard;
}

test("each session stands under what it asks of one", () => {
  const groups = groupsOf(
    [
      card("older", "2026-11-01", { label: "Completed" }, "registered"),
      card("later", "2026-12-02", {}, "registered"),
      card("sooner", "2026-12-01", {}, "confirmed"),
      card("mine", "2026-12-03", { you: { roles: ["organiser"], registration: null } }),
      card("asked", "2026-12-04", {}, "pending"),
      card("queue", "2026-12-05", { label: "Full" }, "waitlisted"),
      card("offer", "2026-12-06", { label: "Full" }, "offered"),
      card("newer", "2026-11-20", { label: "Completed" }, "attended"),
      card("called off", "2026-12-07", { label: "Cancelled" }, "registered"),
    ],
    NOW,
  );
  expect(groups.map(({ name, cards }) => [name, cards.map(({ title }) => title)])).toEqual([
    ["A seat is offered to you", ["offer"]],
    ["Upcoming", ["sooner", "later", "called off"]],
    ["Waitlisted and requested", ["asked", "queue"]],
    ["You organise", ["mine"]],
    ["Past", ["newer", "older"]],
  ]);
});

test("without any there are no groups", () => expect(groupsOf([], NOW)).toEqual([]));
