import { expect, test } from "vitest";
import type { Seats } from "../protocol/api";
import { priceWords, seatWords, typeName } from "./words";

const seat = (name: string, taken: number, max: number | null, approval = false): Seats => ({
  kind: name,
  part: name,
  name,
  role: "participant",
  taken,
  max,
  free: max === null ? null : Math.max(0, max - taken),
  approval,
  waitlist: { mode: "off", waiting: 0 },
});

test.each([
  [[seat("Participant", 3, 8)], ["5 of 8 seats left"]],
  [[seat("Participant", 0, 1)], ["1 of 1 seat left"]],
  [[seat("Participant", 8, 8)], ["No seats left"]],
  [[seat("Participant", 9, 8)], ["No seats left"]],
  [[seat("Host", 0, 1, true), seat("Participant", 3, 8), seat("Observer", 2, null)], ["5 of 8 seats left"]],
  [
    [seat("Presenter", 3, 3), seat("Guest", 1, 5)],
    ["Presenter: no seats left", "Guest: 4 of 5 seats left"],
  ],
  [[seat("Observer", 2, null)], []],
  [[], []],
])("seats %#", (seats, words) => {
  expect(seatWords(seats)).toEqual(words);
});

test("a custom type is called by its own name", () => {
  expect(typeName({ type: "custom", customType: "Clinic" })).toBe("Clinic");
  expect(typeName({ type: "custom", customType: null })).toBe("Session");
  expect(typeName({ type: "buddy_meeting", customType: null })).toBe("Buddy meeting");
});

test.each([
  [null, null],
  [{ amount: 0, currency: "EUR" }, null],
  [{ amount: 1250, currency: "EUR" }, "€12.50"],
  [{ amount: 1250, currency: "JPY" }, "¥1,250"],
])("the price %o is %s", (price, words) => {
  expect(priceWords(price && { ...price, provider: "on_site", refundUntilHours: null })).toBe(words);
});
