/** Form fields bound to the draft: they show what was typed, the server's sentence, and somebody else's edit. */

import { useState } from "preact/hooks";
import { Button, CheckField, NumberField, Select, TextArea, TextField } from "../../ui";
import { useEditor } from "./context";
import { errorAt, shown, theirs } from "./model/draft";

export interface Bound {
  target: string;
  field: string;
}

interface Common extends Bound {
  label: string;
  hint?: string;
  disabled?: boolean;
  class?: string;
}

export interface Binding<T> {
  value: T;
  set: (value: T) => void;
  error: string | undefined;
}

/** A field of the draft: its value, how to change it, and what is wrong with it. */
export function useBinding<T>({ target, field }: Bound): Binding<T> {
  const { autosave } = useEditor();
  const draft = autosave.draft.value;
  return {
    value: shown(draft, target, field) as T,
    set: (value) => autosave.edit(target, field, value),
    error: errorAt(draft, target, field),
  };
}

interface ConflictProps extends Bound {
  label: string;
  /** Theirs in words. */
  words?: (value: unknown) => string;
}

/** Somebody else changed the same field: what they wrote, and the choice between the two. */
export function Conflict({ target, field, label, words = inWords }: ConflictProps) {
  const { autosave } = useEditor();
  const other = theirs(autosave.draft.value, target, field);
  if (!other) return null;
  return (
    <fieldset class="editor-conflict">
      <legend class="ui-visually-hidden">{label} was changed by somebody else</legend>
      <p role="alert">
        Somebody else changed this in the meantime, to: <q dir="auto">{words(other.value)}</q>
      </p>
      <div class="editor-buttons">
        <Button size="small" onClick={() => autosave.resolve(target, field, "mine")}>
          Keep mine
        </Button>
        <Button size="small" onClick={() => autosave.resolve(target, field, "theirs")}>
          Take theirs
        </Button>
      </div>
    </fieldset>
  );
}

function inWords(value: unknown): string {
  if (value === null || value === undefined || value === "") return "nothing";
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (Array.isArray(value)) return value.map(inWords).join("; ") || "nothing";
  if (typeof value === "object") {
    const { label, text, title } = value as Record<string, unknown>;
    return inWords(label ?? text ?? title ?? JSON.stringify(value));
  }
  return String(value).replace(/^(\d{4}-\d\d-\d\d)T(\d\d:\d\d)$/, "$1 $2");
}

interface TextEditProps extends Common {
  maxLength?: number;
  type?: string;
  counted?: boolean;
  placeholder?: string;
  autoComplete?: string;
  /** The sentence for an empty field, where something is needed. */
  needed?: string;
  /** Sends null for an empty field. */
  clearable?: boolean;
}

const blank = (value: unknown): boolean => typeof value === "string" && value.trim() === "";

export function TextEdit({ target, field, needed, clearable = false, ...rest }: TextEditProps) {
  const { value, set, error } = useBinding<string | null>({ target, field });
  const text = value ?? "";
  return (
    <div class="editor-field">
      <TextField
        autoComplete="off"
        {...rest}
        value={text}
        onInput={(typed) => set(clearable && typed === "" ? null : typed)}
        error={needed && blank(text) ? needed : error}
      />
      <Conflict target={target} field={field} label={rest.label} />
    </div>
  );
}

export function AreaEdit({ target, field, needed, ...rest }: Omit<TextEditProps, "clearable" | "type">) {
  const { value, set, error } = useBinding<string>({ target, field });
  return (
    <div class="editor-field">
      <TextArea {...rest} value={value ?? ""} onInput={set} error={needed && blank(value) ? needed : error} />
      <Conflict target={target} field={field} label={rest.label} />
    </div>
  );
}

/** Lines of text as a list. */
export function LinesEdit({ target, field, ...rest }: Common) {
  const { value, set, error } = useBinding<string[]>({ target, field });
  const { autosave } = useEditor();
  const errors = autosave.draft.value.errors[target] ?? {};
  const within = Object.entries(errors).find(([place]) => place.startsWith(`${field}.`))?.[1];
  return (
    <div class="editor-field">
      <TextArea
        {...rest}
        value={(value ?? []).join("\n")}
        onInput={(text) => set(text === "" ? [] : text.split("\n"))}
        error={error ?? within}
      />
      <Conflict target={target} field={field} label={rest.label} />
    </div>
  );
}

interface NumberEditProps extends Common {
  min?: number;
  max?: number;
  placeholder?: string;
  /** Empty means something: without limit, never. */
  clearable?: boolean;
}

export function NumberEdit({ target, field, clearable = false, ...rest }: NumberEditProps) {
  const { value, set, error } = useBinding<number | null>({ target, field });
  const [empty, setEmpty] = useState(false);
  const change = (number: number | null) => {
    setEmpty(number === null && !clearable);
    if (number !== null || clearable) set(number);
  };
  return (
    <div class="editor-field">
      <NumberField
        {...rest}
        value={value ?? null}
        onNumber={change}
        error={empty ? "Enter a number." : error}
      />
      <Conflict target={target} field={field} label={rest.label} />
    </div>
  );
}

interface SelectEditProps extends Common {
  options: readonly { value: string; label: string }[];
}

export function SelectEdit({ target, field, options, ...rest }: SelectEditProps) {
  const { value, set, error } = useBinding<string>({ target, field });
  const words = (one: unknown) => options.find((option) => option.value === one)?.label ?? inWords(one);
  return (
    <div class="editor-field">
      <Select {...rest} options={options} value={value ?? ""} onChange={set} error={error} />
      <Conflict target={target} field={field} label={rest.label} words={words} />
    </div>
  );
}

export function CheckEdit({ target, field, ...rest }: Common) {
  const { value, set, error } = useBinding<boolean>({ target, field });
  return (
    <div class="editor-field">
      <CheckField {...rest} checked={value === true} onChange={set} error={error} />
      <Conflict target={target} field={field} label={rest.label} />
    </div>
  );
}

/** A date and time on the clock of the timeslot's zone; empty where it may be. */
export function TimeEdit(props: Common) {
  return <TextEdit {...props} type="datetime-local" />;
}
