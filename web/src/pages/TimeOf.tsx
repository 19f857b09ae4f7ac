import type { Timeslot } from "../protocol/api";
import { inItsOwnZone, Tooltip, timeRange, zoneName } from "../ui";
import { reader } from "./viewer";
import "./TimeOf.css";

interface TimeOfProps {
  timeslot: Timeslot;
  /** The session's own zone on a second line instead of a tooltip: inside of what can be pressed itself. */
  plain?: boolean;
}

/** "19:00 – 20:30 CET" in the reader's zone; where the session was planned in another, that one on hover and focus. */
export function TimeOf({ timeslot, plain = false }: TimeOfProps) {
  const { startsAt, endsAt, timezone } = timeslot;
  const who = reader();
  const there = inItsOwnZone(startsAt, endsAt, timezone, who);
  const words = (
    <>
      {timeRange(startsAt, endsAt, who)} <span class="time-zone">{zoneName(startsAt, who)}</span>
    </>
  );
  if (!there) return <time dateTime={startsAt}>{words}</time>;
  if (plain) {
    return (
      <>
        <time dateTime={startsAt}>{words}</time>
        <span class="time-there">{there}</span>
      </>
    );
  }
  return (
    <Tooltip text={there} describes onPress>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: its tooltip must be reachable by keyboard */}
      <time class="time-elsewhere" dateTime={startsAt} tabIndex={0}>
        {words}
      </time>
    </Tooltip>
  );
}
