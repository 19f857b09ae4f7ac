import { ArrowDown, ArrowUp, Plus, Trash2 } from "lucide-preact";
import { useState } from "preact/hooks";
import type { Role } from "../../../protocol/api";
import { type PlannedSeat, type PlannedTimeslot, planning, type Site } from "../../../protocol/planning";
import { Badge, Button, IconButton, NumberField, Select, TextField } from "../../../ui";
import { useResource } from "../../useResource";
import { useEditor } from "../context";
import { FormDialog } from "../FormDialog";
import { CheckEdit, NumberEdit, SelectEdit, TextEdit } from "../fields";
import { seatTarget } from "../model/targets";
import { useSlot } from "../SlotPicker";
import { useAct } from "../useAct";
import { useFollow } from "../useFollow";
import { roleOptions, WAITLISTS } from "../words";

const SEAT_ROLES: readonly Role[] = ["facilitator", "co_facilitator", "participant", "observer"];

/** The kinds of seats of a timeslot: what each is for, how many, on what terms. */
export function SeatKinds() {
  const { slot, picker } = useSlot();
  const [adding, setAdding] = useState(false);
  const { resource } = useResource("site", (signal) => planning.site(signal));
  const { root, follow } = useFollow<HTMLElement>(slot.seats.map(({ kind }) => kind).join());
  return (
    <section class="editor-section" ref={root}>
      <h2>Seats</h2>
      {picker}
      <ul class="editor-list">
        {slot.seats.map((seat, at) => (
          <Seat
            key={seat.kind}
            seat={seat}
            at={at}
            last={slot.seats.length - 1}
            site={resource.data}
            follow={follow}
          />
        ))}
      </ul>
      <div class="editor-buttons">
        <Button icon={Plus} data-add onClick={() => setAdding(true)}>
          Add a kind of seat
        </Button>
      </div>
      {adding && <AddSeat slot={slot} onClose={() => setAdding(false)} />}
    </section>
  );
}

interface SeatProps {
  seat: PlannedSeat;
  at: number;
  last: number;
  site: Site | null;
  /** Says what is to have the focus when the order has changed. */
  follow: (selector: string) => void;
}

function Seat({ seat, at, last, site, follow }: SeatProps) {
  const target = seatTarget(seat.kind);
  return (
    <li class="editor-item" data-row={seat.kind}>
      <SeatHead seat={seat} at={at} last={last} site={site} follow={follow} />
      <div class="editor-row">
        <TextEdit target={target} field="name" label="Name" maxLength={80} needed="Name this seat." />
        <SelectEdit target={target} field="role" label="Role" options={roleOptions(SEAT_ROLES)} />
        <NumberEdit
          target={target}
          field="max"
          label="At most"
          hint="Empty: without limit."
          min={1}
          max={10_000}
          clearable
        />
        <NumberEdit target={target} field="min" label="At least" min={0} max={10_000} />
      </div>
      <div class="editor-row">
        <SelectEdit target={target} field="waitlist" label="When it is full" options={WAITLISTS} />
        <NumberEdit
          target={target}
          field="offerMin"
          label="An offer stands for"
          hint="Minutes. Empty: a day, less near the start."
          min={5}
          max={20_160}
          clearable
        />
      </div>
      <div class="editor-checks">
        <CheckEdit target={target} field="required" label="Needed for the session to be full" />
        <CheckEdit target={target} field="approval" label="You approve who gets it" />
      </div>
    </li>
  );
}

function SeatHead({ seat, at, last, site, follow }: SeatProps) {
  const { busy, act } = useAct();
  const move = (by: -1 | 1) => {
    follow(`[data-row="${seat.kind}"] [data-move="${by < 0 ? "up" : "down"}"]`);
    void act((version) => planning.editSeat(seat.kind, version, { position: at + by }));
  };
  const remove = () => {
    follow("[data-add]");
    void act((version) => planning.removeSeat(seat.kind, version));
  };
  const premium = premiumWords(seat.part, site);
  return (
    <div class="seat-head">
      <h3 dir="auto">{seat.name}</h3>
      <Badge>{seat.part}</Badge>
      {premium && <Badge tone="accent">{premium}</Badge>}
      <span class="editor-note numbers">
        {seat.taken} taken{seat.waitlist.waiting > 0 && `, ${seat.waitlist.waiting} waiting`}
      </span>
      <span class="seat-moves">
        <IconButton
          size="small"
          label={`Move ${seat.name} up`}
          data-move="up"
          icon={ArrowUp}
          disabledReason={at === 0 ? "It is the first." : null}
          onClick={() => move(-1)}
        />
        <IconButton
          size="small"
          label={`Move ${seat.name} down`}
          data-move="down"
          icon={ArrowDown}
          disabledReason={at === last ? "It is the last." : null}
          onClick={() => move(1)}
        />
        <IconButton size="small" label={`Remove ${seat.name}`} icon={Trash2} busy={busy} onClick={remove} />
      </span>
    </div>
  );
}

/** M28: hosting, and presenting with interviewing, may be for premium members; an administrator sets it. */
function premiumWords(part: string, site: Site | null): string | null {
  if (!site) return null;
  const gated =
    part === "host" ? site.premiumHost : site.premiumPresent && /^(presenter|interviewer)$/.test(part);
  return gated ? `${site.premiumLabel} members only` : null;
}

const PARTS: Record<string, { name: string; role: Role; max: number | null }> = {
  host: { name: "Host", role: "facilitator", max: 1 },
  presenter: { name: "Presenter", role: "participant", max: 3 },
  interviewer: { name: "Interviewer", role: "participant", max: 1 },
  guest: { name: "Guest", role: "participant", max: 20 },
  observer: { name: "Observer", role: "observer", max: null },
};

function AddSeat({ slot, onClose }: { slot: PlannedTimeslot; onClose: () => void }) {
  const editor = useEditor();
  const free = Object.keys(PARTS).find((part) => slot.seats.every((seat) => seat.part !== part)) ?? "guest";
  const [part, setPart] = useState(free);
  const [own, setOwn] = useState("");
  const [name, setName] = useState(PARTS[free]?.name ?? "");
  const [role, setRole] = useState<Role>(PARTS[free]?.role ?? "participant");
  const [max, setMax] = useState<number | null>(PARTS[free]?.max ?? null);
  const choose = (next: string) => {
    setPart(next);
    const plan = PARTS[next];
    if (!plan) return;
    setName(plan.name);
    setRole(plan.role);
    setMax(plan.max);
  };
  const add = async () => {
    const body = { part: part === "other" ? own : part, name: name.trim(), role, max };
    await editor.act((version) => planning.addSeat(slot.id, version, body));
    onClose();
  };
  return (
    <FormDialog title="Add a kind of seat" submit="Add" onClose={onClose} send={add}>
      {(error) => (
        <>
          <Select
            label="What they are there for"
            value={part}
            onChange={choose}
            options={[
              ...Object.entries(PARTS).map(([value, plan]) => ({ value, label: plan.name })),
              { value: "other", label: "Something else" },
            ]}
          />
          {part === "other" && (
            <TextField
              label="In a word"
              hint="Small letters: captioner, timekeeper."
              maxLength={32}
              autoComplete="off"
              value={own}
              onInput={setOwn}
              error={error("part")}
            />
          )}
          <TextField
            label="Name"
            maxLength={80}
            autoComplete="off"
            value={name}
            onInput={setName}
            error={error("name")}
          />
          <Select
            label="Role"
            value={role}
            onChange={(value) => setRole(value as Role)}
            options={roleOptions(SEAT_ROLES)}
          />
          <NumberField
            label="At most"
            hint="Empty: without limit."
            min={1}
            max={10_000}
            value={max}
            onNumber={setMax}
            error={error("max")}
          />
        </>
      )}
    </FormDialog>
  );
}
