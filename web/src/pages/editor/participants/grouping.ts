/** The roster in the groups that it is shown in. Pure. */

import type { RegistrationStatus } from "../../../protocol/api";
import type { PlannedSeat, RosterEntry } from "../../../protocol/planning";

export interface Group {
  seat: PlannedSeat;
  /** Those with a seat or an offer; presenters in their order. */
  seated: RosterEntry[];
  /** Those who wait, in their order. */
  waiting: RosterEntry[];
  /** Cancelled, declined, expired. */
  gone: RosterEntry[];
}

const GONE: readonly RegistrationStatus[] = ["declined", "cancelled", "expired"];

/** One group for each kind of seat, in the order of the seats; kinds without anybody too. */
export function grouped(seats: readonly PlannedSeat[], people: readonly RosterEntry[]): Group[] {
  return seats.map((seat) => {
    const own = people.filter(({ seatKindId }) => seatKindId === seat.kind);
    const waiting = own.filter(({ status }) => status === "waitlisted");
    const gone = own.filter(({ status }) => GONE.includes(status));
    const seated = own.filter((one) => !waiting.includes(one) && !gone.includes(one));
    const by = (place: (one: RosterEntry) => number | null) => (one: RosterEntry, other: RosterEntry) =>
      (place(one) ?? Number.MAX_SAFE_INTEGER) - (place(other) ?? Number.MAX_SAFE_INTEGER);
    return {
      seat,
      seated: seated.toSorted(by(({ order }) => order)),
      waiting: waiting.toSorted(by(({ position }) => position)),
      gone,
    };
  });
}
