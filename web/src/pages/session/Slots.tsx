import type { Timeslot } from "../../protocol/api";
import { Badge, longDate } from "../../ui";
import { TimeOf } from "../TimeOf";
import { reader } from "../viewer";
import { labelWords, placeWords, seatWords } from "../words";

interface SlotsProps {
  slots: Timeslot[];
  chosen: string;
  onChoose: (timeslot: string) => void;
}

/** The times at which a session takes place, to choose from. */
export function Slots({ slots, chosen, onChoose }: SlotsProps) {
  return (
    <fieldset class="slots">
      <legend>Choose a time</legend>
      {slots.map((slot) => (
        <label key={slot.id} class="slot">
          <input
            type="radio"
            name="slot"
            value={slot.id}
            checked={slot.id === chosen}
            onChange={() => onChoose(slot.id)}
          />
          <span class="slot-body">
            <span class="slot-date">{longDate(slot.startsAt, reader(), new Date())}</span>
            <span class="slot-time">
              <TimeOf timeslot={slot} plain />
            </span>
            <span class="slot-notes numbers">{notes(slot)}</span>
          </span>
        </label>
      ))}
    </fieldset>
  );
}

function notes(slot: Timeslot) {
  const mine = placeWords(slot.ownRegistration);
  if (mine) return <Badge tone="accent">{mine}</Badge>;
  if (slot.label === "Open") return seatWords(slot.seats).join(" · ");
  const { words, tone } = labelWords(slot.label);
  return <Badge tone={tone}>{words}</Badge>;
}
