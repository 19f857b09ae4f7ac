import { sentenceOf } from "../../../protocol/api";
import { type NewTimeslot, planning } from "../../../protocol/planning";
import { Badge, Banner, longDate, Skeleton, zonePlace } from "../../../ui";
import { useResource } from "../../useResource";
import { reader } from "../../viewer";
import { type Occurrence, occurrencesIn } from "../model/recurrence";
import { offsetName } from "../model/zoned";

/** The dates that a rule makes, on the clock of their place, with what the change of the clocks does to them. */
export function SeriesPreview({ body }: { body: NewTimeslot }) {
  const { seatsFrom: _seats, ...asked } = body;
  const { resource } = useResource(JSON.stringify(asked), (signal) => planning.previewSeries(asked, signal));
  if (resource.state === "failed") return <Banner tone="warning">{sentenceOf(resource.error)}</Banner>;
  if (resource.data === null) return <Skeleton height="120px" />;
  const found = occurrencesIn(resource.data.items, body.startsLocal, body.timezone);
  return (
    <section aria-label="Dates of the series">
      <p class="editor-note">
        {found.length} {found.length === 1 ? "timeslot" : "timeslots"}, on the clock of{" "}
        {zonePlace(body.timezone)}:
      </p>
      <ol class="series">
        {found.map((one) => (
          <Line key={one.at} one={one} zone={body.timezone} />
        ))}
      </ol>
    </section>
  );
}

function Line({ one, zone }: { one: Occurrence; zone: string }) {
  const there = { ...reader(), timeZone: zone };
  return (
    <li class="series-line">
      <span class="numbers">
        {longDate(one.at, there, new Date())}, {one.local.slice(11)}
      </span>
      {one.note === "changed" && <Badge>The clocks have changed: {offsetName(one.at, zone)} from here</Badge>}
      {one.note === "moved" && <Badge tone="warning">The clocks skip this time: moved on</Badge>}
    </li>
  );
}
