import { expect, it } from "vitest";
import { begin, type Draft, edit, take } from "./draft";
import { bodyOf, placeOf, SESSION } from "./targets";

const SLOT = "timeslot/1";
const base = {
  [SESSION]: { title: "One", objectives: [], questions: [], consents: [], prerequisites: [], price: null },
  [SLOT]: {
    startsLocal: "2026-07-01T18:00",
    later: false,
    timezone: "Europe/Berlin",
    locationKind: "virtual",
    address: "",
    externalUrl: "https://example.org/room",
    externalPassword: "secret",
    registration: "open",
    cancelBy: "",
  },
};

function body(target: string, ...edits: [field: string, value: unknown][]): Record<string, unknown> {
  const draft = edits.reduce<Draft>(
    (last, [field, value]) => edit(last, target, field, value),
    begin(1, base),
  );
  const taken = take(draft, target);
  return bodyOf(target, taken.values, taken.draft);
}

it("sends what was changed and no more", () => {
  expect(body(SESSION, ["title", "Two"])).toEqual({ title: "Two" });
});

it("leaves out empty objectives", () => {
  expect(body(SESSION, ["objectives", ["First ", "", "Second"]])).toEqual({
    objectives: ["First", "Second"],
  });
});

it("sends all conditions when one of them was changed", () => {
  const consents = [{ id: "a", text: "I agree.", required: true }];
  expect(body(SESSION, ["consents", consents])).toEqual({
    conditions: { questions: [], consents, prerequisites: [], price: null },
  });
});

it("leaves out options that are not written yet", () => {
  const question = {
    id: "q",
    kind: "choice",
    label: "Tea?",
    required: true,
    options: ["Yes ", ""],
    parts: [],
  };
  const sent = body(SESSION, ["questions", [question]])["conditions"] as { questions: unknown };
  expect(sent.questions).toEqual([{ ...question, options: ["Yes"] }]);
});

it("keeps the time on the clock when the zone changes", () => {
  expect(body(SLOT, ["timezone", "America/New_York"])).toEqual({
    timezone: "America/New_York",
    startsLocal: "2026-07-01T18:00",
    later: false,
  });
});

it("sends the parts of a place and of a meeting together", () => {
  expect(body(SLOT, ["address", "Upstairs"])).toEqual({ location: { kind: "virtual", address: "Upstairs" } });
  expect(body(SLOT, ["externalPassword", ""])).toEqual({
    externalMeeting: { url: "https://example.org/room", password: null },
  });
  expect(body(SLOT, ["externalUrl", ""])).toEqual({ externalMeeting: null });
});

it("takes moments by the clock of the zone", () => {
  expect(body(SLOT, ["cancelBy", "2026-06-30T12:00"])).toEqual({ cancelBy: "2026-06-30T10:00:00Z" });
});

it.each([
  ["conditions.questions.0.label", "questions.0.label"],
  ["location.address", "address"],
  ["startsAt", "startsLocal"],
  ["title", "title"],
])("%s is shown at %s", (place, field) => expect(placeOf(place)).toBe(field));
