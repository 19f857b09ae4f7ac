import { Armchair, Calendar, CalendarPlus, Clock, DoorOpen, MapPin, Video, Wallet } from "lucide-preact";
import type { ComponentChildren } from "preact";
import type { JoinCondition, SessionDetail, Timeslot } from "../../protocol/api";
import { duration, Icon, type LucideIcon, longDate, shortDateTime } from "../../ui";
import { TimeOf } from "../TimeOf";
import { reader } from "../viewer";
import { priceWords, seatWords } from "../words";

/** When, where, how many, and on which terms. */
export function Facts({ session, timeslot }: { session: SessionDetail; timeslot: Timeslot }) {
  const over = timeslot.label === "Cancelled" || timeslot.label === "Completed";
  const words = over ? [] : [...seatWords(timeslot.seats), ...queueWords(timeslot)];
  const price = priceWords(session.conditions.price);
  const online = timeslot.location.kind !== "physical";
  const inPerson = timeslot.location.kind !== "virtual";
  return (
    <dl class="facts">
      <Fact icon={Calendar} name="Date">
        <time dateTime={timeslot.startsAt}>{longDate(timeslot.startsAt, reader(), new Date())}</time>
      </Fact>
      <Fact icon={Clock} name="Time">
        <TimeOf timeslot={timeslot} plain />
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
      {!over && (
        <Fact icon={DoorOpen} name="Who can join">
          {TERMS[session.joinCondition]}
          {windowWords(timeslot).map((line) => (
            <span key={line} class="facts-detail">
              {line}
            </span>
          ))}
        </Fact>
      )}
      {price && !over && (
        <Fact icon={Wallet} name="Price">
          {price}
          <span class="facts-detail">{refundWords(session, timeslot)}</span>
        </Fact>
      )}
      {!over && (
        <Fact icon={CalendarPlus} name="Calendar">
          <a href={`/api/v1/timeslots/${encodeURIComponent(timeslot.id)}/calendar.ics`} download>
            Add to your calendar
          </a>
        </Fact>
      )}
    </dl>
  );
}

const TERMS: Record<JoinCondition, string> = {
  free: "Free to join",
  ask: "Ask to join: the organiser answers each request",
  invite: "By invitation",
};

function queueWords({ seats }: Timeslot): string[] {
  const waiting = seats.reduce((sum, seat) => sum + seat.waitlist.waiting, 0);
  return waiting > 0 ? [`${waiting} on the waitlist`] : [];
}

/** When one can register, where that is limited and still matters. */
function windowWords({ registrationOpensAt, registrationClosesAt, cancelBy }: Timeslot): string[] {
  const ahead = (iso: string | null): iso is string => iso !== null && Date.parse(iso) > Date.now();
  const words: string[] = [];
  if (ahead(registrationOpensAt))
    words.push(`Registration opens ${shortDateTime(registrationOpensAt, reader())}`);
  if (ahead(registrationClosesAt))
    words.push(`Registration closes ${shortDateTime(registrationClosesAt, reader())}`);
  if (ahead(cancelBy)) words.push(`You can cancel until ${shortDateTime(cancelBy, reader())}`);
  return words;
}

/** How it is paid, and until when cancelling costs nothing. */
function refundWords({ conditions: { price } }: SessionDetail, { startsAt }: Timeslot): string {
  const how = price?.provider === "on_site" ? "You pay on site. " : "";
  if (!price || price.refundUntilHours === null) return `${how}Cancelling costs nothing.`;
  const until = new Date(Date.parse(startsAt) - price.refundUntilHours * 3_600_000).toISOString();
  return `${how}Cancelling costs nothing until ${shortDateTime(until, reader())}.`;
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
