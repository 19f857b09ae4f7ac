import { Check, X } from "lucide-preact";
import { useState } from "preact/hooks";
import { type PlannedTimeslot, planning, type RosterEntry } from "../../../protocol/planning";
import { Avatar, Button, CheckField, Dialog, TextArea, toast } from "../../../ui";
import { useEditor } from "../context";
import { useAct } from "../useAct";
import { people as peopleWords } from "../words";
import { Answers } from "./Answers";

interface RequestsProps {
  slot: PlannedTimeslot;
  people: RosterEntry[];
}

/** Those who ask for a seat: approved or declined one by one or together, with a word to them (S34). */
export function Requests({ slot, people }: RequestsProps) {
  const editor = useEditor();
  const [chosen, setChosen] = useState<readonly string[]>([]);
  const [asking, setAsking] = useState<{ approve: boolean; ids: string[] } | null>(null);
  if (people.length === 0) return null;
  const marked = people.filter(({ id }) => chosen.includes(id)).map(({ id }) => id);
  const all = marked.length === people.length;
  return (
    <section class="editor-section">
      <h2>
        {people.length === 1 ? "One request" : `${people.length} requests`}
        <span class="ui-visually-hidden"> for a seat</span>
      </h2>
      {editor.mayManagePeople && (
        <div class="editor-buttons">
          <CheckField
            label="All"
            checked={all}
            onChange={(on) => setChosen(on ? people.map(({ id }) => id) : [])}
          />
          <Button
            size="small"
            icon={Check}
            disabledReason={marked.length === 0 ? "Mark some requests first." : null}
            onClick={() => setAsking({ approve: true, ids: marked })}
          >
            Approve marked
          </Button>
          <Button
            size="small"
            icon={X}
            disabledReason={marked.length === 0 ? "Mark some requests first." : null}
            onClick={() => setAsking({ approve: false, ids: marked })}
          >
            Decline marked
          </Button>
        </div>
      )}
      <ul class="roster-list">
        {people.map((person) => (
          <li key={person.id} class="roster-row">
            {editor.mayManagePeople && (
              <CheckField
                label={`Mark ${person.name}`}
                labelHidden
                checked={chosen.includes(person.id)}
                onChange={(on) =>
                  setChosen(on ? [...chosen, person.id] : chosen.filter((id) => id !== person.id))
                }
              />
            )}
            <Avatar name={person.name} />
            <div class="roster-words">
              <bdi class="roster-name">{person.name || person.email}</bdi>
              <span class="editor-note">{seatName(slot, person)}</span>
              <Answers person={person} />
            </div>
            {editor.mayManagePeople && (
              <div class="roster-actions roster-decide">
                <Button
                  size="small"
                  aria-label={`Approve ${person.name}`}
                  onClick={() => setAsking({ approve: true, ids: [person.id] })}
                >
                  Approve
                </Button>
                <Button
                  size="small"
                  kind="quiet"
                  aria-label={`Decline ${person.name}`}
                  onClick={() => setAsking({ approve: false, ids: [person.id] })}
                >
                  Decline
                </Button>
              </div>
            )}
          </li>
        ))}
      </ul>
      {asking && <Decide {...asking} slot={slot} onClose={() => setAsking(null)} />}
    </section>
  );
}

const seatName = (slot: PlannedTimeslot, person: RosterEntry): string =>
  slot.seats.find(({ kind }) => kind === person.seatKindId)?.name ?? person.part;

interface DecideProps {
  slot: PlannedTimeslot;
  approve: boolean;
  ids: string[];
  onClose: () => void;
}

function Decide({ slot, approve, ids, onClose }: DecideProps) {
  const { busy, actOnPeople } = useAct();
  const [message, setMessage] = useState("");
  const go = async () => {
    const failed: string[] = [];
    const done = await actOnPeople(async () => {
      const { items } = await planning.decide(slot.id, ids, approve, message.trim());
      failed.push(...items.filter(({ code }) => code).map((one) => one.message ?? ""));
    });
    if (!done) return;
    onClose();
    if (failed.length === 0) toast(approve ? "Approved." : "Declined.");
    else toast(`${peopleWords(failed.length)} could not be decided on: ${failed[0]}`, { stays: 12_000 });
  };
  return (
    <Dialog
      title={`${approve ? "Approve" : "Decline"} ${ids.length === 1 ? "this request" : `${ids.length} requests`}`}
      onClose={onClose}
      actions={
        <>
          <Button onClick={onClose}>Not now</Button>
          <Button kind={approve ? "primary" : "danger"} busy={busy} onClick={() => void go()}>
            {approve ? "Approve" : "Decline"}
          </Button>
        </>
      }
    >
      <div class="editor-fields">
        <p>
          {approve
            ? "They get a seat and a mail. Where no seat is free, they go on the waitlist."
            : "They get a mail."}
        </p>
        <TextArea
          label="A word to them"
          hint="You may leave it empty."
          maxLength={2000}
          value={message}
          onInput={setMessage}
        />
      </div>
    </Dialog>
  );
}
