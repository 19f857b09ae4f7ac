import { MapPin, Video } from "lucide-preact";
import type { SessionCard, Timeslot } from "../../protocol/api";
import { Badge, dateBlock, highestRole, Icon, LinkButton, longDate, RoleBadge, Skeleton } from "../../ui";
import { TimeOf } from "../TimeOf";
import { reader } from "../viewer";
import { hasAPlace, labelWords, placeWords, seatWords, typeIcon, typeName } from "../words";

export function Card({ card, level }: { card: SessionCard; level: 2 | 3 }) {
  const Heading = level === 2 ? "h2" : "h3";
  const role = highestRole(card.you.roles);
  const running = card.label === "In progress";
  const { words, tone } = labelWords(card.label);
  const place = card.label === "Completed" ? null : placeWords(card.you.registration);
  return (
    <li class="card">
      <DateBlock timeslot={card.timeslot} />
      <div class="card-body">
        <Heading class="card-title">
          <a class="card-link" href={addressOfCard(card)}>
            <bdi>{card.title}</bdi>
          </a>
        </Heading>
        <p class="card-meta">
          <TimeOf timeslot={card.timeslot} />
          <span class="card-type">
            <Icon of={typeIcon(card.type)} size={16} />
            <bdi>{typeName(card)}</bdi>
          </span>
          {card.timeslot.location.kind !== "virtual" && (
            <span class="card-type">
              <Icon of={MapPin} size={16} />
              {card.timeslot.location.kind === "hybrid" ? "In person and online" : "In person"}
            </span>
          )}
        </p>
        {card.description && (
          <p class="card-text" dir="auto">
            {card.description}
          </p>
        )}
        <div class="card-foot">
          {(running || card.label !== "Open") && <Badge tone={tone}>{words}</Badge>}
          {place && <Badge tone="accent">{place}</Badge>}
          {role && <RoleBadge role={role} />}
          {showsSeats(card) && <span class="card-seats numbers">{seatWords(card.seats).join(" · ")}</span>}
        </div>
      </div>
      {running && hasAPlace(card) && (
        <LinkButton
          class="card-join"
          kind="primary"
          icon={Video}
          href={`/live/${encodeURIComponent(card.timeslot.slug)}`}
        >
          Join<span class="ui-visually-hidden"> {card.title}</span>
        </LinkButton>
      )}
    </li>
  );
}

/** The session's page, at the timeslot that the card shows. */
export function addressOfCard({ id, timeslot }: SessionCard): string {
  return `/sessions/${encodeURIComponent(id)}?slot=${encodeURIComponent(timeslot.id)}`;
}

const showsSeats = ({ label, seats }: SessionCard): boolean =>
  seats.length > 0 && (label === "Open" || label === "In progress");

function DateBlock({ timeslot }: { timeslot: Timeslot }) {
  const { weekday, day, month } = dateBlock(timeslot.startsAt, reader());
  return (
    <time class="date-block" dateTime={timeslot.startsAt}>
      <span class="ui-visually-hidden">{longDate(timeslot.startsAt, reader(), new Date())}</span>
      <span class="date-block-month" aria-hidden="true">
        {month}
      </span>
      <span class="date-block-day" aria-hidden="true">
        {day}
      </span>
      <span class="date-block-weekday" aria-hidden="true">
        {weekday}
      </span>
    </time>
  );
}

/** The same boxes as a card, so that nothing moves when the real one comes. */
export function CardSkeleton() {
  return (
    <div class="card" aria-hidden="true">
      <Skeleton width="64px" height="80px" />
      <div class="card-body">
        <Skeleton width="70%" height="24px" />
        <Skeleton width="50%" height="20px" />
        <Skeleton width="90%" height="20px" />
      </div>
    </div>
  );
}
