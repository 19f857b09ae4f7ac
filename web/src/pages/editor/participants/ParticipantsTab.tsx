import { Download, UserPlus } from "lucide-preact";
import { useState } from "preact/hooks";
import { sentenceOf } from "../../../protocol/api";
import { type PlannedTimeslot, planning, type RosterEntry, rosterFile } from "../../../protocol/planning";
import { Banner, Button, EmptyState, ErrorState, LinkButton, Select, Skeleton, TextField } from "../../../ui";
import { useResource } from "../../useResource";
import { useEditor } from "../context";
import { useSlot } from "../SlotPicker";
import { useLast } from "../useLast";
import { ALL_STATUSES, statusOptions } from "../words";
import { AddPerson } from "./AddPerson";
import { Overrides } from "./Overrides";
import { Requests } from "./Requests";
import { Roles } from "./Roles";
import { Roster } from "./Roster";
import "./participants.css";

interface Filter {
  q: string;
  status: string;
  part: string;
}

const EVERYBODY: Filter = { q: "", status: "", part: "" };
const PAGE = 500;

/** The roster (M25): who asks, who has a seat, who waits, and what may be done about it. */
export function ParticipantsTab() {
  const editor = useEditor();
  const { slot, picker } = useSlot();
  if (!editor.maySeePeople)
    return (
      <EmptyState title="The roster is for those who lead the session">
        {editor.session.value.may["registrations.view"]?.message ?? ""}
      </EmptyState>
    );
  return (
    <>
      {picker}
      <Counts slot={slot} />
      <People key={slot.id} slot={slot} />
      <Roles />
      <Overrides />
    </>
  );
}

/** How full each kind of seat is. */
function Counts({ slot }: { slot: PlannedTimeslot }) {
  return (
    <ul class="roster-counts" aria-label="Seats">
      {slot.seats.map((seat) => (
        <li key={seat.kind} class="roster-count">
          <span dir="auto">{seat.name}</span>
          <strong class="numbers">
            {seat.taken}
            {seat.max === null ? "" : ` of ${seat.max}`}
          </strong>
          {seat.waitlist.waiting > 0 && (
            <span class="editor-note numbers">{seat.waitlist.waiting} waiting</span>
          )}
        </li>
      ))}
    </ul>
  );
}

function People({ slot }: { slot: PlannedTimeslot }) {
  const editor = useEditor();
  const [filter, setFilter] = useState(EVERYBODY);
  const [pages, setPages] = useState(1);
  const [adding, setAdding] = useState(false);
  const key = `${slot.id} ${JSON.stringify(filter)} ${pages} ${editor.roster.value}`;
  const { resource, reload } = useResource(key, (signal) => readPages(slot.id, filter, pages, signal));
  const last = useLast(resource.data);
  const filtered = filter.q !== "" || filter.status !== "" || filter.part !== "";
  return (
    <section class="editor-fields" aria-label="Roster">
      <Tools slot={slot} filter={filter} onFilter={setFilter} onAdd={() => setAdding(true)} />
      {resource.state === "failed" && !last && (
        <ErrorState title="The roster did not load" message={sentenceOf(resource.error)} onRetry={reload} />
      )}
      {resource.state === "failed" && last && (
        <Banner tone="warning" live action={<Button onClick={reload}>Try again</Button>}>
          This may be out of date. {sentenceOf(resource.error)}
        </Banner>
      )}
      {!last && resource.state === "loading" && <Skeleton height="240px" />}
      {last && (
        <>
          <Requests slot={slot} people={last.items.filter(({ status }) => status === "pending")} />
          <Roster
            slot={slot}
            people={last.items.filter(({ status }) => status !== "pending")}
            whole={!filtered && last.next === null}
            filtered={filtered}
          />
          {last.next !== null && <Button onClick={() => setPages(pages + 1)}>Show more</Button>}
        </>
      )}
      {adding && <AddPerson slot={slot} onClose={() => setAdding(false)} />}
    </section>
  );
}

interface Read {
  items: RosterEntry[];
  next: number | null;
}

async function readPages(
  timeslot: string,
  filter: Filter,
  pages: number,
  signal: AbortSignal,
): Promise<Read> {
  const items: RosterEntry[] = [];
  let next: number | null = 0;
  for (let page = 0; page < pages && next !== null; page += 1) {
    const found: Read = await planning.roster(timeslot, { ...filter, limit: PAGE, cursor: next }, signal);
    items.push(...found.items);
    next = found.next;
  }
  return { items, next };
}

interface ToolsProps {
  slot: PlannedTimeslot;
  filter: Filter;
  onFilter: (filter: Filter) => void;
  onAdd: () => void;
}

function Tools({ slot, filter, onFilter, onAdd }: ToolsProps) {
  const editor = useEditor();
  const exports = editor.session.value.may["attendance.export"]?.allowed === true;
  return (
    <div class="roster-tools">
      <search class="editor-row roster-filters">
        <TextField
          label="Find a person"
          type="search"
          maxLength={200}
          value={filter.q}
          onInput={(q) => onFilter({ ...filter, q })}
        />
        <Select
          label="Status"
          value={filter.status}
          onChange={(status) => onFilter({ ...filter, status })}
          options={[{ value: "", label: "All" }, ...statusOptions(ALL_STATUSES)]}
        />
        <Select
          label="Seat"
          value={filter.part}
          onChange={(part) => onFilter({ ...filter, part })}
          options={[
            { value: "", label: "All" },
            ...slot.seats.map((seat) => ({ value: seat.part, label: seat.name })),
          ]}
        />
      </search>
      <div class="editor-buttons">
        {editor.mayManagePeople && (
          <Button icon={UserPlus} onClick={onAdd}>
            Add a person
          </Button>
        )}
        {exports && (
          <>
            <LinkButton kind="quiet" icon={Download} href={rosterFile(slot.id, "csv")} download>
              CSV
            </LinkButton>
            <LinkButton kind="quiet" icon={Download} href={rosterFile(slot.id, "xlsx")} download>
              Excel
            </LinkButton>
          </>
        )}
      </div>
    </div>
  );
}
