import { ArrowDown, ArrowUp, GripVertical, Trash2 } from "lucide-preact";
import { useState } from "preact/hooks";
import type { AgendaEntry, AgendaKind } from "../../../protocol/planning";
import { classes, clock, Icon, IconButton, NumberField, Select, TextField } from "../../../ui";
import { reader } from "../../viewer";
import { useEditor } from "../context";
import { errorAt } from "../model/draft";
import { AGENDA_KINDS } from "../words";

export interface Presenter {
  id: string;
  name: string;
}

interface AgendaRowProps {
  at: number;
  last: number;
  entry: AgendaEntry;
  startsAt: string;
  timezone: string;
  target: string;
  presenters: readonly Presenter[];
  onChange: (entry: AgendaEntry) => void;
  onMove: (to: number) => void;
  onRemove: () => void;
  dragging: boolean;
  onDragStart: () => void;
  onDragOver: () => void;
  onDragEnd: () => void;
}

/** One item. It moves by its buttons, or by its grip. */
export function AgendaRow(props: AgendaRowProps) {
  const { at, last, entry, onChange, onMove } = props;
  const { autosave } = useEditor();
  const [held, setHeld] = useState(false);
  const errorOf = (field: string) => errorAt(autosave.draft.value, props.target, `items.${at}.${field}`);
  const speaks = entry.kind === "talk" || entry.kind === "qa";
  return (
    <li
      data-row={at}
      class={classes("agenda-item", props.dragging && "agenda-dragged")}
      draggable={held}
      onDragStart={props.onDragStart}
      onDragOver={(event) => {
        event.preventDefault();
        props.onDragOver();
      }}
      onDrop={(event) => event.preventDefault()}
      onDragEnd={() => {
        setHeld(false);
        props.onDragEnd();
      }}
    >
      <div class="agenda-side">
        <span
          class="agenda-grip"
          aria-hidden="true"
          onPointerDown={() => setHeld(true)}
          onPointerUp={() => setHeld(false)}
        >
          <Icon of={GripVertical} />
        </span>
        <span class="agenda-time numbers">
          {clock(props.startsAt, { ...reader(), timeZone: props.timezone })}
        </span>
      </div>
      <div class="agenda-fields">
        <TextField
          label="Title"
          class="agenda-title"
          maxLength={200}
          autoComplete="off"
          value={entry.title}
          onInput={(title) => onChange({ ...entry, title })}
          error={entry.title.trim() === "" ? "Give it a title." : errorOf("title")}
        />
        <Select
          label="Kind"
          value={entry.kind}
          onChange={(kind) => onChange({ ...entry, kind: kind as AgendaKind })}
          options={AGENDA_KINDS}
        />
        <NumberField
          label="Minutes"
          min={1}
          max={1440}
          value={entry.plannedMin}
          onNumber={(minutes) => minutes !== null && onChange({ ...entry, plannedMin: minutes })}
          error={errorOf("plannedMin")}
        />
        {speaks && props.presenters.length > 0 && (
          <Select
            label="Presenter"
            class="agenda-presenter"
            value={entry.presenter ?? ""}
            onChange={(id) => onChange({ ...entry, presenter: id || null })}
            options={[
              { value: "", label: "Nobody" },
              ...props.presenters.map(({ id, name }) => ({ value: id, label: name })),
            ]}
            error={errorOf("presenter")}
          />
        )}
        <TextField
          label="Note"
          class="agenda-note"
          maxLength={2000}
          autoComplete="off"
          value={entry.note}
          onInput={(note) => onChange({ ...entry, note })}
          error={errorOf("note")}
        />
      </div>
      <div class="agenda-moves">
        <IconButton
          size="small"
          label={`Move ${entry.title} up`}
          data-move="up"
          icon={ArrowUp}
          disabledReason={at === 0 ? "It is the first." : null}
          onClick={() => onMove(at - 1)}
        />
        <IconButton
          size="small"
          label={`Move ${entry.title} down`}
          data-move="down"
          icon={ArrowDown}
          disabledReason={at === last ? "It is the last." : null}
          onClick={() => onMove(at + 1)}
        />
        <IconButton size="small" label={`Remove ${entry.title}`} icon={Trash2} onClick={props.onRemove} />
      </div>
    </li>
  );
}
