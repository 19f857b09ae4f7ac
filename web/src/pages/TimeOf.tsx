import type { Timeslot } from "../protocol/api";
import { inItsOwnZone, Tooltip, timeRange, zoneName } from "../ui";
import { reader } from "./viewer";
import "./TimeOf.css";

/** "19:00 – 20:30 CET" in the reader's zone; where the session was planned in another, that one on hover and focus. */
export function TimeOf({ timeslot }: { timeslot: Timeslot }) {
  const { startsAt, endsAt, timezone } = timeslot;
  const who = reader();
  const there = inItsOwnZone(startsAt, endsAt, timezone, who);
  const words = (
    <>
      {timeRange(startsAt, endsAt, who)} <span class="time-zone">{zoneName(startsAt, who)}</span>
    </>
  );
  if (!there) return <time dateTime={startsAt}>{words}</time>;
  return (
    <Tooltip text={there} describes onPress>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: its tooltip must be reachable by keyboard */}
      <time class="time-elsewhere" dateTime={startsAt} tabIndex={0}>
        {words}
      </time>
    </Tooltip>
  );
}
