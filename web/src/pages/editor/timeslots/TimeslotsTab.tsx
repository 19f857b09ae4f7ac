import { CalendarPlus, ChevronDown, ChevronRight, Repeat } from "lucide-preact";
import { useState } from "preact/hooks";
import type { PlannedTimeslot } from "../../../protocol/planning";
import { Badge, Button, Icon } from "../../../ui";
import { labelWords } from "../../words";
import { useEditor } from "../context";
import { ruleInWords } from "../model/recurrence";
import { LOCATIONS, slotWords } from "../words";
import { AddTimeslots } from "./AddTimeslots";
import { TimeslotForm } from "./TimeslotForm";
import "./timeslots.css";

/** When and where, once or several times (S9, S10). */
export function TimeslotsTab() {
  const editor = useEditor();
  const { timeslots, timeslot } = editor.session.value;
  const [open, setOpen] = useState<string | null>(timeslots.length === 1 ? timeslot.id : null);
  const [adding, setAdding] = useState(false);
  return (
    <fieldset class="editor-fields editor-bare" disabled={!editor.maySetUp}>
      <legend class="ui-visually-hidden">Timeslots</legend>
      <ol class="timeslots">
        {timeslots.map((slot) => (
          <Row
            key={slot.id}
            slot={slot}
            open={open === slot.id}
            onToggle={() => setOpen(open === slot.id ? null : slot.id)}
          />
        ))}
      </ol>
      <div class="editor-buttons">
        <Button icon={CalendarPlus} onClick={() => setAdding(true)}>
          Add timeslots
        </Button>
      </div>
      {adding && <AddTimeslots onClose={() => setAdding(false)} />}
    </fieldset>
  );
}

interface RowProps {
  slot: PlannedTimeslot;
  open: boolean;
  onToggle: () => void;
}

function Row({ slot, open, onToggle }: RowProps) {
  const { words, tone } = labelWords(slot.label);
  const rule = slot.recurrence ? (ruleInWords(slot.recurrence) ?? "In a series") : null;
  return (
    <li class="timeslot">
      <h2 class="timeslot-head">
        <button type="button" class="timeslot-toggle" aria-expanded={open} onClick={onToggle}>
          <Icon of={open ? ChevronDown : ChevronRight} />
          <span class="timeslot-words">
            <span class="timeslot-when numbers">{slotWords(slot)}</span>
            <span class="timeslot-where">
              {LOCATIONS.find(({ value }) => value === slot.location.kind)?.label}
              {slot.location.address ? `: ${slot.location.address}` : ""}
            </span>
            {rule && (
              <span class="timeslot-where">
                <Icon of={Repeat} size={14} /> {rule}
              </span>
            )}
          </span>
          <Badge tone={tone}>{words}</Badge>
        </button>
      </h2>
      {open && <TimeslotForm slot={slot} />}
    </li>
  );
}
