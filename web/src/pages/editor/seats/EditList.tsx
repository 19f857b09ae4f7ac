import { Plus, Trash2 } from "lucide-preact";
import type { ComponentChildren } from "preact";
import { Button, IconButton } from "../../../ui";
import { useEditor } from "../context";
import { Conflict, useBinding } from "../fields";
import { errorAt } from "../model/draft";
import { SESSION } from "../model/targets";
import { useFollow } from "../useFollow";

interface Entry {
  id: string;
}

interface EditListProps<T extends Entry> {
  /** Of the session: "questions". */
  field: string;
  title: string;
  note: string;
  addLabel: string;
  /** What an entry is called, for the buttons on it. */
  nameOf: (entry: T) => string;
  create: () => T;
  /** `errorOf("label")` is the sentence beside that part of the entry. */
  draw: (
    entry: T,
    change: (entry: T) => void,
    errorOf: (place: string) => string | undefined,
  ) => ComponentChildren;
}

/** A list of the session that is edited as a whole: questions, consents, prerequisites. */
export function EditList<T extends Entry>(props: EditListProps<T>) {
  const { field, title, note, addLabel, nameOf, create, draw } = props;
  const { value, set, error } = useBinding<T[]>({ target: SESSION, field });
  const { autosave } = useEditor();
  const entries = value ?? [];
  const { root, follow } = useFollow<HTMLElement>(entries.length);
  const remove = (entry: T) => {
    follow("[data-add]");
    set(entries.filter((old) => old.id !== entry.id));
  };
  const add = () => {
    const made = create();
    follow(`[data-row="${made.id}"] :is(input, textarea)`);
    set([...entries, made]);
  };
  return (
    <section class="editor-section" ref={root}>
      <div>
        <h2>{title}</h2>
        <p class="editor-note">{note}</p>
      </div>
      {error && <p class="ui-field-error">{error}</p>}
      <Conflict target={SESSION} field={field} label={title} />
      {entries.length > 0 && (
        <ul class="editor-list">
          {entries.map((entry, at) => (
            <li key={entry.id} data-row={entry.id} class="editor-item edit-list-item">
              <div class="editor-fields">
                {draw(
                  entry,
                  (next) => set(entries.map((old) => (old.id === entry.id ? next : old))),
                  (place) => errorAt(autosave.draft.value, SESSION, `${field}.${at}.${place}`),
                )}
              </div>
              <IconButton
                size="small"
                label={`Remove ${nameOf(entry)}`}
                icon={Trash2}
                onClick={() => remove(entry)}
              />
            </li>
          ))}
        </ul>
      )}
      <div class="editor-buttons">
        <Button icon={Plus} data-add onClick={add}>
          {addLabel}
        </Button>
      </div>
    </section>
  );
}

/** An id that no other entry has. */
export const freshId = (): string => crypto.randomUUID().slice(0, 8);
