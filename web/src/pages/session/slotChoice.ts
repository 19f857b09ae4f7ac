/** Which timeslot of a session a page is about. */

import type { SessionDetail, Timeslot } from "../../protocol/api";

/** Those that can still be attended, and whichever the reader has something in; all of them where none is left. */
export function shownSlots({ timeslots }: SessionDetail): Timeslot[] {
  const ahead = timeslots.filter(
    ({ label, ownRegistration }) => !OVER.includes(label) || ownRegistration !== null,
  );
  return ahead.length > 0 ? ahead : timeslots;
}

/** The one that the address names, else the next in which the reader has a place, else the one that stands for the session. */
export function chosenSlot(session: SessionDetail, wanted: string | null): Timeslot {
  const { timeslots, timeslot } = session;
  return (
    timeslots.find(({ id }) => id === wanted) ??
    timeslots.find(({ label, ownRegistration }) => ownRegistration !== null && !OVER.includes(label)) ??
    timeslots.find(({ id }) => id === timeslot.id) ??
    timeslot
  );
}

const OVER = ["Completed", "Cancelled"];
