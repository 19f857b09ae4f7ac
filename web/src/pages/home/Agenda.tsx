import type { SessionCard } from "../../protocol/api";
import { Badge, Icon } from "../../ui";
import { TimeOf } from "../TimeOf";
import { reader } from "../viewer";
import { labelWords, placeWords, seatWords, typeIcon, typeName } from "../words";
import { addressOfCard } from "./Card";
import { dayName } from "./days";
import { byDay } from "./filters";

/** The sessions of each day under its date. */
export function Agenda({ cards }: { cards: readonly SessionCard[] }) {
  return (
    <>
      {byDay(cards, reader().timeZone).map(([day, found]) => (
        <section key={day} class="agenda-day" aria-labelledby={`day-${day}`}>
          <h2 id={`day-${day}`} class="agenda-date">
            {dayName(day)}
          </h2>
          <ul class="agenda-list">
            {found.map((card) => (
              <Row key={card.timeslot.id} card={card} />
            ))}
          </ul>
        </section>
      ))}
    </>
  );
}

function Row({ card }: { card: SessionCard }) {
  const { words, tone } = labelWords(card.label);
  const mine = placeWords(card.you.registration);
  return (
    <li class="agenda-row">
      <span class="agenda-time">
        <TimeOf timeslot={card.timeslot} />
      </span>
      <span class="agenda-what">
        <a class="card-link agenda-title" href={addressOfCard(card)}>
          <bdi>{card.title}</bdi>
        </a>
        <span class="card-type">
          <Icon of={typeIcon(card.type)} size={16} />
          <bdi>{typeName(card)}</bdi>
        </span>
      </span>
      <span class="agenda-state">
        {mine ? (
          <Badge tone="accent">{mine}</Badge>
        ) : (
          card.label !== "Open" && <Badge tone={tone}>{words}</Badge>
        )}
        {card.label === "Open" && <span class="card-seats numbers">{seatWords(card.seats).join(" · ")}</span>}
      </span>
    </li>
  );
}
