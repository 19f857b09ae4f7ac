import { expect, it } from "vitest";
import type { PlannedSeat, RosterEntry } from "../../../protocol/planning";
import { grouped } from "./grouping";

const seat = (kind: string) => ({ kind, name: kind }) as PlannedSeat;
const person = (id: string, status: string, more: Partial<RosterEntry> = {}) =>
  ({ id, status, seatKindId: "guest", order: null, position: null, ...more }) as RosterEntry;

it("groups by seat, presenters and those who wait in their order", () => {
  const groups = grouped(
    [seat("host"), seat("presenter"), seat("guest")],
    [
      person("b", "registered", { seatKindId: "presenter", order: 2 }),
      person("a", "confirmed", { seatKindId: "presenter", order: 1 }),
      person("d", "waitlisted", { position: 2 }),
      person("c", "waitlisted", { position: 1 }),
      person("e", "offered"),
      person("f", "cancelled"),
    ],
  );
  const ids = (people: RosterEntry[]) => people.map(({ id }) => id).join("");
  expect(
    groups.map(({ seat, seated, waiting, gone }) => [seat.kind, ids(seated), ids(waiting), ids(gone)]),
  ).toEqual([
    ["host", "", "", ""],
    ["presenter", "ab", "", ""],
    ["guest", "e", "cd", "f"],
  ]);
});
