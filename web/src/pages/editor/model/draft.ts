/** What was typed and is not saved yet, over what the server has. Pure: every function returns a new draft.
 *
 *  A draft consists of targets ("session", "timeslot/…", "seat/…", "agenda/…"), each saved by one request, and each
 *  of fields. A typed field remembers what it was typed over (`from`), so that an edit by somebody else can be told
 *  from one's own: what they left alone is saved over their version, what both changed is asked about.
 */

export type Values = Readonly<Record<string, unknown>>;
export type Base = Readonly<Record<string, Values>>;

export type TypedState =
  /** To be saved. */
  | "typed"
  /** Under way. */
  | "sending"
  /** Kept as it was typed: the server's form of it may differ in spaces. */
  | "saved"
  /** The server does not accept it. */
  | "refused"
  /** Somebody else changed the same field. */
  | "conflict";

export interface Typed {
  value: unknown;
  from: unknown;
  state: TypedState;
  /** A value of it is under way, this one or one that was typed before. */
  sent: boolean;
}

export interface Draft {
  readonly version: number;
  readonly base: Base;
  readonly typed: Readonly<Record<string, Readonly<Record<string, Typed>>>>;
  /** Sentences by target and by the place in it that they are about ("questions.0.label"). */
  readonly errors: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

export function begin(version: number, base: Base): Draft {
  return { version, base, typed: {}, errors: {} };
}

/** What the field shows. */
export function shown(draft: Draft, target: string, field: string): unknown {
  const typed = draft.typed[target]?.[field];
  return typed ? typed.value : draft.base[target]?.[field];
}

/** The sentence beside a field or a place within one. */
export function errorAt(draft: Draft, target: string, place: string): string | undefined {
  return draft.errors[target]?.[place];
}

/** What somebody else made of a field that was changed here too; undefined where there is no conflict. */
export function theirs(draft: Draft, target: string, field: string): { value: unknown } | undefined {
  if (draft.typed[target]?.[field]?.state !== "conflict") return undefined;
  return { value: draft.base[target]?.[field] };
}

/** Somebody typed. What was refused beside it is tried again with it: one may have depended on the other. */
export function edit(draft: Draft, target: string, field: string, value: unknown): Draft {
  const fields = { ...draft.typed[target] };
  for (const [name, other] of Object.entries(fields))
    if (other.state === "refused") fields[name] = { ...other, state: "typed" };
  const last = fields[field];
  const kept = last && last.state !== "saved";
  const from = kept ? last.from : draft.base[target]?.[field];
  const state = last?.state === "conflict" ? "conflict" : "typed";
  const sent = last?.sent ?? false;
  if (state === "typed" && !sent && same(value, from)) delete fields[field];
  else fields[field] = { value, from, state, sent };
  return withErrors(withTyped(draft, target, fields), target, (place) => !within(place, field));
}

/** The next target with something to save, or null. */
export function next(draft: Draft): string | null {
  const waiting = Object.entries(draft.typed).find(([, fields]) =>
    Object.values(fields).some(({ state }) => state === "typed"),
  );
  return waiting?.[0] ?? null;
}

/** Marks what there is to save of a target as under way, and returns it. */
export function take(draft: Draft, target: string): { draft: Draft; values: Values } {
  const values: Record<string, unknown> = {};
  const fields = mapped(draft.typed[target], (one, name) => {
    if (one.state !== "typed") return one;
    values[name] = one.value;
    return { ...one, state: "sending", sent: true };
  });
  return { draft: withTyped(draft, target, fields), values };
}

/** The server took what was under way; `base` is what it has now. */
export function saved(draft: Draft, target: string, version: number, base: Base): Draft {
  const sent = Object.keys(draft.typed[target] ?? {}).filter((name) => draft.typed[target]?.[name]?.sent);
  const fields = mapped(draft.typed[target], (one, name) => {
    if (!one.sent) return one;
    const from = base[target]?.[name];
    return { ...one, from, state: one.state === "sending" ? "saved" : one.state, sent: false };
  });
  const settled = withErrors(
    withTyped(draft, target, fields),
    target,
    (place) => !sent.some((name) => within(place, name)),
  );
  return rebased(settled, version, base);
}

/** The server has another version: what was typed is put over it, and what both changed becomes a conflict. */
export function rebased(draft: Draft, version: number, base: Base): Draft {
  const typed: Record<string, Record<string, Typed>> = {};
  const errors: Record<string, Record<string, string>> = {};
  for (const [target, fields] of Object.entries(draft.typed)) {
    const now = base[target];
    if (!now) continue; // it was removed
    typed[target] = {};
    for (const [name, one] of Object.entries(fields)) {
      const moved = onto(one, now[name]);
      if (moved) typed[target][name] = moved;
    }
    const left = draft.errors[target];
    if (left) errors[target] = left;
  }
  return { version, base, typed, errors };
}

function onto(one: Typed, now: unknown): Typed | null {
  if (same(now, one.from)) return one;
  if (one.state === "saved" || same(now, one.value)) return null;
  if (one.sent) return one; // its own answer is still to come
  return { ...one, state: "conflict" };
}

/** The server refused what was under way. The fields it names are held back until they are edited, the others go
 *  again without them; a refusal that names none of them holds back all. */
export function refused(draft: Draft, target: string, errors: Record<string, string>): Draft {
  const fields = draft.typed[target] ?? {};
  const sending = Object.keys(fields).filter((name) => fields[name]?.state === "sending");
  const named = sending.filter((name) => Object.keys(errors).some((place) => within(place, name)));
  const held = named.length > 0 ? named : sending;
  const after = mapped(fields, (one, name) =>
    one.state === "sending"
      ? { ...one, state: held.includes(name) ? "refused" : "typed", sent: false }
      : { ...one, sent: false },
  );
  const known = draft.errors[target] ?? {};
  return {
    ...withTyped(draft, target, after),
    errors: { ...draft.errors, [target]: { ...known, ...errors } },
  };
}

/** What was under way did not arrive: it is to be saved still. */
export function unsent(draft: Draft, target: string): Draft {
  return withTyped(
    draft,
    target,
    mapped(draft.typed[target], (one) => ({
      ...one,
      state: one.state === "sending" ? "typed" : one.state,
      sent: false,
    })),
  );
}

/** Settles a conflict: "mine" is saved over theirs, "theirs" replaces what was typed. */
export function resolve(draft: Draft, target: string, field: string, keep: "mine" | "theirs"): Draft {
  const one = draft.typed[target]?.[field];
  if (one?.state !== "conflict") return draft;
  const fields = { ...draft.typed[target] };
  if (keep === "mine") fields[field] = { ...one, from: draft.base[target]?.[field], state: "typed" };
  else delete fields[field];
  return withTyped(draft, target, fields);
}

/** Whether something typed belongs to what the server no longer has. */
export function orphaned(draft: Draft, base: Base): boolean {
  return Object.entries(draft.typed).some(
    ([target, fields]) => !base[target] && Object.values(fields).some(({ state }) => state !== "saved"),
  );
}

export interface Standing {
  /** Typed or under way. */
  unsaved: boolean;
  /** Refused or in conflict: it waits for a decision. */
  held: boolean;
}

export function standing(draft: Draft): Standing {
  const states = Object.values(draft.typed).flatMap((fields) =>
    Object.values(fields).map(({ state }) => state),
  );
  return {
    unsaved: states.some((state) => state === "typed" || state === "sending"),
    held: states.some((state) => state === "refused" || state === "conflict"),
  };
}

/** The fields that wait for a decision, as "target field". */
export function heldIn(draft: Draft): string[] {
  return Object.entries(draft.typed).flatMap(([target, fields]) =>
    Object.entries(fields)
      .filter(([, { state }]) => state === "refused" || state === "conflict")
      .map(([field]) => `${target} ${field}`),
  );
}

/** Whether two values are the same as JSON. */
export function same(one: unknown, other: unknown): boolean {
  if (one === other) return true;
  if (typeof one !== "object" || typeof other !== "object" || one === null || other === null)
    return (one ?? null) === (other ?? null);
  if (Array.isArray(one) !== Array.isArray(other)) return false;
  const names = new Set([...Object.keys(one), ...Object.keys(other)]);
  return [...names].every((name) =>
    same((one as Record<string, unknown>)[name], (other as Record<string, unknown>)[name]),
  );
}

const within = (place: string, field: string): boolean => place === field || place.startsWith(`${field}.`);

function withTyped(draft: Draft, target: string, fields: Record<string, Typed>): Draft {
  return { ...draft, typed: { ...draft.typed, [target]: fields } };
}

function withErrors(draft: Draft, target: string, keep: (place: string) => boolean): Draft {
  const errors = draft.errors[target];
  if (!errors) return draft;
  const left = Object.fromEntries(Object.entries(errors).filter(([place]) => keep(place)));
  return { ...draft, errors: { ...draft.errors, [target]: left } };
}

function mapped(
  fields: Readonly<Record<string, Typed>> | undefined,
  change: (one: Typed, name: string) => Typed,
): Record<string, Typed> {
  return Object.fromEntries(Object.entries(fields ?? {}).map(([name, one]) => [name, change(one, name)]));
}
