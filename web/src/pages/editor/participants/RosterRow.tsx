import { ArrowDown, ArrowUp, ArrowUpToLine, CircleHelp, MoreHorizontal, UserMinus } from "lucide-preact";
import { useState } from "preact/hooks";
import { type PlannedTimeslot, planning, type RosterEntry } from "../../../protocol/planning";
import {
  Avatar,
  Badge,
  Button,
  Dialog,
  IconButton,
  Menu,
  type MenuEntry,
  RoleBadge,
  shortDateTime,
  toast,
} from "../../../ui";
import { reader } from "../../viewer";
import { useEditor } from "../context";
import { useAct } from "../useAct";
import { BY_HAND, HOLDS_A_SEAT, statusWords } from "../words";
import { Answers } from "./Answers";
import { Explain } from "./Explain";

interface RosterRowProps {
  slot: PlannedTimeslot;
  person: RosterEntry;
  /** The place among the presenters or in the waitlist. */
  number: number | null;
  onMove?: ((by: -1 | 1) => void) | undefined;
  onFirst?: (() => void) | undefined;
  first?: boolean;
  last?: boolean;
}

export function RosterRow({ slot, person, number, onMove, onFirst, first, last }: RosterRowProps) {
  const { words, tone } = statusWords(person.status);
  const name = person.name || person.email || "Somebody";
  return (
    <li class="roster-row" data-row={person.id}>
      <span class="roster-number numbers">{number ?? ""}</span>
      <Avatar name={name} />
      <div class="roster-words">
        <span class="roster-line">
          <bdi class="roster-name">{name}</bdi>
          <RoleBadge role={person.role} />
          <Badge tone={tone}>{words}</Badge>
        </span>
        {person.email && <span class="editor-note roster-mail">{person.email}</span>}
        {person.offerExpiresAt && (
          <span class="editor-note">Offered until {shortDateTime(person.offerExpiresAt, reader())}</span>
        )}
        <Answers person={person} />
      </div>
      <div class="roster-actions">
        {onFirst && (
          <IconButton
            size="small"
            label={`Put ${name} first in line`}
            icon={ArrowUpToLine}
            onClick={onFirst}
          />
        )}
        {onMove && (
          <>
            <IconButton
              size="small"
              label={`Move ${name} up`}
              data-move="up"
              icon={ArrowUp}
              disabledReason={first ? "They are the first." : null}
              onClick={() => onMove(-1)}
            />
            <IconButton
              size="small"
              label={`Move ${name} down`}
              data-move="down"
              icon={ArrowDown}
              disabledReason={last ? "They are the last." : null}
              onClick={() => onMove(1)}
            />
          </>
        )}
        <PersonMenu slot={slot} person={person} name={name} />
      </div>
    </li>
  );
}

interface PersonMenuProps {
  slot: PlannedTimeslot;
  person: RosterEntry;
  name: string;
}

function PersonMenu({ slot, person, name }: PersonMenuProps) {
  const editor = useEditor();
  const { actOnPeople } = useAct();
  const [open, setOpen] = useState<"remove" | "explain" | null>(null);
  const held = HOLDS_A_SEAT.includes(person.status);
  const here = held || ["waitlisted", "offered"].includes(person.status);
  const entries: MenuEntry[] = [];
  if (editor.mayManagePeople) {
    entries.push({ heading: "Status, without a mail" });
    entries.push(
      ...BY_HAND.map((status) => ({
        label: statusWords(status).words,
        checked: person.status === status,
        onSelect: () => void actOnPeople(() => planning.changeRegistration(person.id, { status })),
      })),
    );
    if (here && slot.seats.length > 1) {
      entries.push("separator", { heading: "Move to another seat, with a mail" });
      entries.push(
        ...slot.seats
          .filter(({ kind }) => kind !== person.seatKindId)
          .map((seat) => ({
            label: seat.name,
            onSelect: () =>
              void actOnPeople(() => planning.changeRegistration(person.id, { seatKindId: seat.kind })),
          })),
      );
    }
    entries.push("separator");
  }
  if (person.accountId)
    entries.push({ label: "What may they do?", icon: CircleHelp, onSelect: () => setOpen("explain") });
  if (editor.mayManagePeople && here)
    entries.push({ label: "Remove", icon: UserMinus, danger: true, onSelect: () => setOpen("remove") });
  if (entries.length === 0) return null;
  return (
    <>
      <Menu
        label={`About ${name}`}
        entries={entries}
        trigger={(props) => (
          <IconButton size="small" label={`About ${name}`} icon={MoreHorizontal} {...props} />
        )}
      />
      {open === "remove" && <Remove person={person} name={name} onClose={() => setOpen(null)} />}
      {open === "explain" && person.accountId && (
        <Explain accountId={person.accountId} name={name} slot={slot} onClose={() => setOpen(null)} />
      )}
    </>
  );
}

/** M24: asked before, and told by mail. */
function Remove({ person, name, onClose }: { person: RosterEntry; name: string; onClose: () => void }) {
  const { busy, actOnPeople } = useAct();
  const go = async () => {
    const done = await actOnPeople(async () => {
      await planning.removePerson(person.id);
    });
    if (!done) return;
    onClose();
    toast("They are removed, and told by mail.");
  };
  return (
    <Dialog
      alert
      title={`Remove ${name}?`}
      onClose={onClose}
      actions={
        <>
          <Button onClick={onClose}>Keep them</Button>
          <Button kind="danger" busy={busy} onClick={() => void go()}>
            Remove
          </Button>
        </>
      }
    >
      <p>They get a mail, and their seat goes to whoever is next on the waitlist.</p>
    </Dialog>
  );
}
