import { ListPlus, RotateCcw } from "lucide-preact";
import { useEffect, useState } from "preact/hooks";
import { sentenceOf } from "../../../protocol/api";
import { type AgendaEntry, type PlannedTimeslot, planning } from "../../../protocol/planning";
import { Banner, Button, duration, EmptyState, ErrorState, Skeleton, toast } from "../../../ui";
import { useResource } from "../../useResource";
import { useEditor } from "../context";
import { Conflict, NumberEdit, useBinding } from "../fields";
import { agendaTarget, SESSION } from "../model/targets";
import { useSlot } from "../SlotPicker";
import { useFollow } from "../useFollow";
import { AgendaRow, type Presenter } from "./AgendaRow";
import { moved } from "./order";
import "./agenda.css";

/** The run of show: it follows from the presenters until somebody edits it (M1, M18). */
export function AgendaTab() {
  const editor = useEditor();
  const { slot, picker } = useSlot();
  const session = editor.session.value;
  const talks = session.talkMin !== null;
  return (
    <div class="editor-fields">
      {picker}
      {talks && (
        <div class="editor-row">
          <NumberEdit
            target={SESSION}
            field="talkMin"
            label="Minutes for a talk"
            min={1}
            max={240}
            disabled={!editor.maySetUp}
          />
          <NumberEdit
            target={SESSION}
            field="qaMin"
            label="Minutes for its questions"
            min={0}
            max={240}
            disabled={!editor.maySetUp}
          />
        </div>
      )}
      <TheAgenda key={slot.id} slot={slot} />
    </div>
  );
}

function TheAgenda({ slot }: { slot: PlannedTimeslot }) {
  const editor = useEditor();
  const [failure, setFailure] = useState<unknown>(null);
  const open = () => {
    setFailure(null);
    editor.openAgenda(slot.id).catch(setFailure);
  };
  useEffect(open, [slot.id, editor.roster.value]);
  const agenda = editor.agendas.value[slot.id];
  if (failure && !agenda)
    return <ErrorState title="The agenda did not load" message={sentenceOf(failure)} onRetry={open} />;
  if (!agenda) return <Skeleton height="240px" />;
  return <Items slot={slot} generated={agenda.generated} />;
}

function Items({ slot, generated }: { slot: PlannedTimeslot; generated: boolean }) {
  const editor = useEditor();
  const target = agendaTarget(slot.id);
  const { value, set, error } = useBinding<AgendaEntry[]>({ target, field: "items" });
  const items = value ?? [];
  const [dragged, setDragged] = useState<number | null>(null);
  const [said, setSaid] = useState("");
  const presenters = usePresenters(slot.id);
  const { root, follow } = useFollow<HTMLElement>(value);
  const move = (from: number, to: number, dragged = false) => {
    const next = moved(items, from, to);
    if (next === items) return;
    if (!dragged) follow(`[data-row="${to}"] [data-move="${to < from ? "up" : "down"}"]`);
    set([...next]);
    setSaid(`${items[from]?.title ?? "It"} is now number ${to + 1} of ${items.length}.`);
  };
  const change = (at: number, entry: AgendaEntry) =>
    set(items.map((old, place) => (place === at ? entry : old)));
  const add = () =>
    set([...items, { kind: "activity", title: "New item", note: "", plannedMin: 5, presenter: null }]);
  const typed = editor.autosave.draft.value.typed[target]?.["items"] !== undefined;
  const starts = startsOf(slot.startsAt, items);
  return (
    <section class="editor-fields" aria-label="Agenda" ref={root}>
      <Totals slot={slot} items={items} />
      {error && <Banner tone="danger">{error}</Banner>}
      <Conflict target={target} field="items" label="Agenda" />
      {items.length === 0 ? (
        <EmptyState icon={ListPlus} title="Nothing is on the agenda yet">
          {editor.session.value.talkMin === null
            ? "Add what happens in the session, one thing after the other."
            : "Talks appear by themselves when presenters register. You can also write it yourself."}
        </EmptyState>
      ) : (
        <ol class="agenda-list">
          {items.map((entry, at) => (
            <AgendaRow
              key={at}
              at={at}
              entry={entry}
              last={items.length - 1}
              startsAt={starts[at] ?? slot.startsAt}
              timezone={slot.timezone}
              target={target}
              presenters={presenters}
              onChange={(next) => change(at, next)}
              onMove={(to) => move(at, to)}
              onRemove={() => {
                follow("[data-add]");
                set(items.filter((_, place) => place !== at));
              }}
              dragging={dragged === at}
              onDragStart={() => setDragged(at)}
              onDragOver={() => {
                if (dragged === null || dragged === at) return;
                move(dragged, at, true);
                setDragged(at);
              }}
              onDragEnd={() => setDragged(null)}
            />
          ))}
        </ol>
      )}
      <p class="ui-visually-hidden" role="status">
        {said}
      </p>
      <div class="editor-buttons">
        <Button icon={ListPlus} data-add onClick={add}>
          Add an item
        </Button>
        {!generated && !typed && editor.session.value.talkMin !== null && (
          <Button
            kind="quiet"
            icon={RotateCcw}
            onClick={() =>
              void editor.resetAgenda(slot.id).catch((failure: unknown) => toast(sentenceOf(failure)))
            }
          >
            Follow the presenters again
          </Button>
        )}
      </div>
      {generated && !typed && items.length > 0 && (
        <p class="editor-note">
          It follows from the presenters and their order. Once you change it, it stays as you leave it.
        </p>
      )}
    </section>
  );
}

function Totals({ slot, items }: { slot: PlannedTimeslot; items: AgendaEntry[] }) {
  const total = items.reduce((sum, { plannedMin }) => sum + plannedMin, 0);
  const over = total - slot.durationMin;
  return (
    <div class="agenda-total">
      <p class="numbers">
        <strong>{duration(total)}</strong> of {duration(slot.durationMin)} planned
      </p>
      <meter
        class="agenda-meter"
        min={0}
        max={Math.max(slot.durationMin, total)}
        high={slot.durationMin}
        value={total}
        aria-label="Minutes planned"
      />
      {over > 0 && (
        <Banner tone="warning" live>
          The agenda is {duration(over)} longer than the timeslot.
        </Banner>
      )}
    </div>
  );
}

function startsOf(startsAt: string, items: readonly AgendaEntry[]): string[] {
  let at = Date.parse(startsAt);
  return items.map(({ plannedMin }) => {
    const start = new Date(at).toISOString();
    at += plannedMin * 60_000;
    return start;
  });
}

/** Those who present in the timeslot, in their order; nobody while that is unknown. */
function usePresenters(timeslot: string): Presenter[] {
  const editor = useEditor();
  const { resource } = useResource(`presenters ${timeslot} ${editor.roster.value}`, (signal) =>
    editor.maySeePeople
      ? planning.roster(timeslot, { part: "presenter" }, signal)
      : Promise.resolve({ items: [], next: null }),
  );
  return (resource.data?.items ?? [])
    .filter(({ order }) => order !== null)
    .map(({ id, name }) => ({ id, name }));
}
