import { UsersRound } from "lucide-preact";
import { useState } from "preact/hooks";
import type { PlannedTimeslot, RosterEntry } from "../../../protocol/planning";
import { planning } from "../../../protocol/planning";
import { EmptyState } from "../../../ui";
import { moved } from "../agenda/order";
import { useEditor } from "../context";
import { useAct } from "../useAct";
import { useFollow } from "../useFollow";
import { type Group, grouped } from "./grouping";
import { RosterRow } from "./RosterRow";

interface RosterProps {
  slot: PlannedTimeslot;
  people: RosterEntry[];
  /** Everybody is here: only then can an order be changed. */
  whole: boolean;
  filtered: boolean;
}

/** By seat: presenters in order, then those who wait in theirs, then those who left. */
export function Roster({ slot, people, whole, filtered }: RosterProps) {
  if (people.length === 0)
    return (
      <EmptyState icon={UsersRound} title={filtered ? "Nobody is found" : "Nobody has registered yet"}>
        {filtered
          ? "Try another word, or show all."
          : "They appear here as they register. You can add them too."}
      </EmptyState>
    );
  return (
    <>
      {grouped(slot.seats, people)
        .filter(({ seated, waiting, gone }) => seated.length + waiting.length + gone.length > 0)
        .map((group) => (
          <SeatGroup key={group.seat.kind} slot={slot} group={group} whole={whole} />
        ))}
    </>
  );
}

function SeatGroup({ slot, group, whole }: { slot: PlannedTimeslot; group: Group; whole: boolean }) {
  const editor = useEditor();
  const { actOnPeople } = useAct();
  const { seat, seated, waiting, gone } = group;
  const presenters = seated.filter(({ order }) => order !== null);
  const presents = seat.part === "presenter" && whole && editor.mayManagePeople && presenters.length > 1;
  const queues = whole && editor.mayManagePeople && waiting.length > 1;
  const { root, follow } = useFollow<HTMLElement>([...seated, ...waiting].map(({ id }) => id).join());
  const [said, setSaid] = useState("");
  const told = (person: RosterEntry | undefined, by: number, place: number) => {
    if (!person) return;
    follow(`[data-row="${person.id}"] [data-move="${by < 0 ? "up" : "down"}"]`);
    setSaid(`${person.name} is now number ${place + 1}.`);
  };
  const movePresenter = (person: RosterEntry, by: number) => {
    const from = presenters.indexOf(person);
    told(person, by, from + by);
    const ids = moved(presenters, from, from + by).map(({ id }) => id);
    void actOnPeople(() => planning.orderPresenters(slot.id, ids));
  };
  const moveInQueue = (from: number, to: number) => {
    told(waiting[from], to - from, to);
    const ids = moved(waiting, from, to).map(({ id }) => id);
    void actOnPeople(() => planning.orderWaitlist(seat.kind, ids));
  };
  return (
    <section class="editor-section" ref={root}>
      <h2 dir="auto">{seat.name}</h2>
      <p class="ui-visually-hidden" role="status">
        {said}
      </p>
      {seated.length > 0 && (
        <ol class="roster-list" aria-label={`${seat.name}: has a seat`}>
          {seated.map((person) => (
            <RosterRow
              key={person.id}
              slot={slot}
              person={person}
              number={person.order !== null ? presenters.indexOf(person) + 1 : null}
              onMove={presents && person.order !== null ? (by) => movePresenter(person, by) : undefined}
              first={presenters[0] === person}
              last={presenters.at(-1) === person}
            />
          ))}
        </ol>
      )}
      {waiting.length > 0 && (
        <>
          <h3>Waitlist</h3>
          <ol class="roster-list" aria-label={`${seat.name}: waitlist`}>
            {waiting.map((person, at) => (
              <RosterRow
                key={person.id}
                slot={slot}
                person={person}
                number={person.position ?? at + 1}
                onMove={queues ? (by) => moveInQueue(at, at + by) : undefined}
                onFirst={queues && at > 0 ? () => moveInQueue(at, 0) : undefined}
                first={at === 0}
                last={at === waiting.length - 1}
              />
            ))}
          </ol>
        </>
      )}
      {gone.length > 0 && (
        <details class="roster-gone">
          <summary>
            {gone.length} who left or {gone.length === 1 ? "was" : "were"} declined
          </summary>
          <ul class="roster-list">
            {gone.map((person) => (
              <RosterRow key={person.id} slot={slot} person={person} number={null} />
            ))}
          </ul>
        </details>
      )}
    </section>
  );
}
