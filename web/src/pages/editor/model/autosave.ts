/** Saves a draft by itself: 1.5 s after the last edit, one request at a time, again after a failure (M4). */

import { type Signal, signal } from "@preact/signals";
import { ApiError, NoAnswer, sentenceOf } from "../../../protocol/api";
import {
  type Base,
  begin,
  type Draft,
  edit,
  next,
  orphaned,
  rebased,
  refused,
  resolve,
  saved,
  standing,
  take,
  unsent,
  type Values,
} from "./draft";

/** What the server has, and the version of it. */
export interface Fresh {
  version: number;
  base: Base;
}

export interface Deps {
  save: (target: string, values: Values, draft: Draft) => Promise<Fresh>;
  load: () => Promise<Fresh>;
  /** Calls later; returns what calls it off. */
  after: (ms: number, call: () => void) => () => void;
  now: () => Date;
  /** Where in a target a place that the server names is shown. */
  placeOf?: (place: string) => string;
}

export type Phase = "idle" | "waiting" | "saving" | "failed";

const PAUSE_MS = 1_500;
const LONGEST_WAIT_MS = 30_000;
const ROUNDS = 5;

export class Autosave {
  readonly draft: Signal<Draft>;
  readonly phase: Signal<Phase> = signal<Phase>("idle");
  readonly savedAt: Signal<Date | null> = signal<Date | null>(null);
  /** Counts how often what was being changed was removed by somebody else. */
  readonly lost: Signal<number> = signal(0);
  /** Why it did not save, in a sentence. */
  readonly trouble: Signal<string | null> = signal<string | null>(null);
  private readonly deps: Deps;
  private cancelTimer: (() => void) | null = null;
  private tail: Promise<unknown> = Promise.resolve();
  private failures = 0;

  constructor(start: Fresh, deps: Deps) {
    this.draft = signal(begin(start.version, start.base));
    this.deps = deps;
  }

  edit(target: string, field: string, value: unknown): void {
    this.draft.value = edit(this.draft.value, target, field, value);
    this.wait(PAUSE_MS);
  }

  resolve(target: string, field: string, keep: "mine" | "theirs"): void {
    this.draft.value = resolve(this.draft.value, target, field, keep);
    void this.flush();
  }

  /** Saves what there is to save now. Resolves with whether nothing is left to lose. */
  async flush(): Promise<boolean> {
    this.cancelTimer?.();
    this.cancelTimer = null;
    await this.inTurn(() => this.saveAll());
    const { unsaved, held } = standing(this.draft.value);
    return !unsaved && !held;
  }

  /** Something that applies at once, with the version it is about. What was typed is saved before; a version that
   *  has moved on in the meantime is read, and it is tried once more. */
  async act(work: (version: number) => Promise<Fresh>): Promise<void> {
    await this.flush();
    await this.inTurn(async () => {
      try {
        this.put(await work(this.draft.value.version));
      } catch (error) {
        if (!isConflict(error)) throw error;
        this.put(await this.deps.load());
        this.put(await work(this.draft.value.version));
      }
    });
  }

  /** Reads what the server has, under what was typed. */
  async refresh(): Promise<void> {
    await this.inTurn(async () => this.put(await this.deps.load()));
  }

  /** Puts what another answer said under what was typed. */
  put(fresh: Fresh): void {
    if (orphaned(this.draft.value, fresh.base)) this.lost.value += 1;
    this.draft.value = rebased(this.draft.value, fresh.version, fresh.base);
  }

  /** Nothing is saved any more. */
  close(): void {
    this.cancelTimer?.();
    this.cancelTimer = null;
  }

  private wait(ms: number): void {
    this.cancelTimer?.();
    this.cancelTimer = null;
    if (!standing(this.draft.value).unsaved) {
      if (this.phase.value === "waiting") this.phase.value = "idle";
      return;
    }
    if (this.phase.value === "idle") this.phase.value = "waiting";
    this.cancelTimer = this.deps.after(ms, () => void this.flush());
  }

  /** One thing at a time: each request carries the version that the one before it made. */
  private inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.tail.then(work);
    this.tail = turn.catch(() => undefined);
    return turn;
  }

  private async saveAll(): Promise<void> {
    let conflicts = 0;
    for (let target = next(this.draft.value); target !== null; target = next(this.draft.value)) {
      if (this.cancelTimer) break; // somebody types: the rest waits for the pause
      this.phase.value = "saving";
      const taken = take(this.draft.value, target);
      this.draft.value = taken.draft;
      try {
        const fresh = await this.deps.save(target, taken.values, taken.draft);
        this.draft.value = saved(this.draft.value, target, fresh.version, fresh.base);
        this.savedAt.value = this.deps.now();
      } catch (error) {
        conflicts += 1;
        if (!(await this.recover(target, error, conflicts))) return;
      }
    }
    this.failures = 0;
    this.trouble.value = null;
    this.phase.value = this.cancelTimer ? "waiting" : "idle";
  }

  /** What to do after a failure; true: go on with what is left. */
  private async recover(target: string, error: unknown, round: number): Promise<boolean> {
    if ((isConflict(error) || isGone(error)) && round <= ROUNDS) {
      this.draft.value = unsent(this.draft.value, target);
      try {
        this.put(await this.deps.load());
        return true;
      } catch (again) {
        return this.failed(target, again);
      }
    }
    if (error instanceof ApiError && isAboutTheInput(error)) {
      this.draft.value = refused(this.draft.value, target, this.errorsOf(error));
      return true;
    }
    return this.failed(target, error);
  }

  private failed(target: string, error: unknown): false {
    this.draft.value = unsent(this.draft.value, target);
    this.failures += 1;
    this.trouble.value = sentenceOf(error);
    this.phase.value = "failed";
    const asked = error instanceof ApiError && error.retryAfter ? error.retryAfter * 1000 : 0;
    const wait = Math.min(LONGEST_WAIT_MS, Math.max(asked, 1000 * 2 ** this.failures));
    if (isPassing(error)) this.cancelTimer = this.deps.after(wait, () => void this.flush());
    return false;
  }

  private errorsOf(error: ApiError): Record<string, string> {
    const placeOf = this.deps.placeOf ?? ((place: string) => place);
    const entries = Object.entries(error.fields).map(([place, words]) => [placeOf(place), words]);
    return entries.length > 0 ? Object.fromEntries(entries) : { "": error.message };
  }
}

const isConflict = (error: unknown): boolean => error instanceof ApiError && error.status === 412;

/** What was being changed, or the whole session; reading again tells. */
const isGone = (error: unknown): boolean => error instanceof ApiError && error.status === 404;

const isAboutTheInput = ({ status }: ApiError): boolean => [400, 409, 413, 422].includes(status);

/** Asking again by itself may help; signed out and forbidden wait for a person. */
const isPassing = (error: unknown): boolean =>
  error instanceof NoAnswer || (error instanceof ApiError && (error.status === 429 || error.status >= 500));
