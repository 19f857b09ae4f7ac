import { Armchair, Calendar, Clock, MapPin, Video } from "lucide-preact";
import type { ComponentChildren } from "preact";
import type { SessionDetail, Timeslot } from "../../protocol/api";
import { duration, Icon, type LucideIcon, longDate } from "../../ui";
import { TimeOf } from "../TimeOf";
import { reader } from "../viewer";
import { seatWords } from "../words";

/** When, where, how many. */
export function Facts({ session }: { session: SessionDetail }) {
  const { timeslot, seats } = session;
  const over = session.label === "Cancelled" || session.label === "Completed";
  const words = over ? [] : seatWords(seats);
  const online = timeslot.location.kind !== "physical";
  const inPerson = timeslot.location.kind !== "virtual";
  return (
    <dl class="facts">
      <Fact icon={Calendar} name="Date">
        <time dateTime={timeslot.startsAt}>{longDate(timeslot.startsAt, reader(), new Date())}</time>
      </Fact>
      <Fact icon={Clock} name="Time">
        <TimeOf timeslot={timeslot} />
        <span class="facts-detail">{duration(timeslot.durationMin)}</span>
      </Fact>
      {inPerson && (
        <Fact icon={MapPin} name="Place">
          <bdi>{timeslot.location.address || "The place will be announced"}</bdi>
        </Fact>
      )}
      {online && (
        <Fact icon={Video} name={inPerson ? "Also online" : "Place"}>
          {inPerson ? "Also online, in your browser" : "Online, in your browser"}
          <External timeslot={timeslot} />
        </Fact>
      )}
      {words.length > 0 && (
        <Fact icon={Armchair} name="Seats">
          {words.map((line) => (
            <span key={line} class="facts-line numbers">
              {line}
            </span>
          ))}
        </Fact>
      )}
    </dl>
  );
}

function Fact({ icon, name, children }: { icon: LucideIcon; name: string; children: ComponentChildren }) {
  return (
    <div class="facts-row">
      <dt>
        <Icon of={icon} />
        <span class="ui-visually-hidden">{name}</span>
      </dt>
      <dd>{children}</dd>
    </div>
  );
}

/** A meeting held elsewhere; only web addresses become links. */
function External({ timeslot: { externalMeeting } }: { timeslot: Timeslot }) {
  if (!externalMeeting || !/^https?:\/\//i.test(externalMeeting.url)) return null;
  return (
    <span class="facts-detail">
      <a href={externalMeeting.url} target="_blank" rel="noreferrer noopener">
        External meeting
      </a>
      {externalMeeting.password && <> · password {externalMeeting.password}</>}
    </span>
  );
}
