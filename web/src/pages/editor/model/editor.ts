/** One open editor: the session as the server has it, its agendas, and the draft over both. */

import { type Signal, signal } from "@preact/signals";
import type { Agenda, PlannedSession, Planning, Reach } from "../../../protocol/planning";
import { Autosave, type Fresh } from "./autosave";
import type { Draft, Values } from "./draft";
import { agendaTarget, baseOf, bodyOf, placeOf, SESSION } from "./targets";

type Agendas = Readonly<Record<string, Agenda>>;

export class SessionEditor {
  readonly id: string;
  readonly session: Signal<PlannedSession>;
  readonly agendas: Signal<Agendas> = signal<Agendas>({});
  readonly autosave: Autosave;
  /** Counts what may have changed who is on the roster. */
  readonly roster: Signal<number> = signal(0);
  /** Whether edits of a timeslot in a series go to those that follow too, by timeslot. */
  readonly reaches: Signal<Readonly<Record<string, Reach>>> = signal<Readonly<Record<string, Reach>>>({});
  private readonly planning: Planning;

  constructor(session: PlannedSession, planning: Planning) {
    this.id = session.id;
    this.session = signal(session);
    this.planning = planning;
    this.autosave = new Autosave(
      { version: session.version, base: baseOf(session, {}) },
      {
        save: (target, values, draft) => this.save(target, values, draft),
        load: () => this.load(),
        after: (ms, call) => {
          const timer = setTimeout(call, ms);
          return () => clearTimeout(timer);
        },
        now: () => new Date(),
        placeOf,
      },
    );
  }

  /** Only time, place, seats and the like: what a facilitator may not change. */
  get maySetUp(): boolean {
    return this.session.value.may["session.edit"]?.allowed === true;
  }

  get mayManagePeople(): boolean {
    return this.session.value.may["participants.manage"]?.allowed === true;
  }

  get maySeePeople(): boolean {
    return this.session.value.may["registrations.view"]?.allowed === true;
  }

  /** Something that applies at once and answers with the session. */
  async act(work: (version: number) => Promise<PlannedSession>): Promise<void> {
    await this.autosave.act(async (version) => this.take(await work(version)));
    this.roster.value += 1;
  }

  /** After something that was done to people: counts and labels follow. */
  async peopleChanged(): Promise<void> {
    this.roster.value += 1;
    await this.autosave.refresh();
  }

  async openAgenda(timeslot: string): Promise<void> {
    this.showAgenda(timeslot, await this.planning.agenda(timeslot));
  }

  /** Back to the agenda that follows from the presenters. */
  async resetAgenda(timeslot: string): Promise<void> {
    await this.autosave.act(async (version) => {
      this.agendas.value = {
        ...this.agendas.value,
        [timeslot]: await this.planning.resetAgenda(timeslot, version),
      };
      return this.take(await this.planning.session(this.id));
    });
  }

  private showAgenda(timeslot: string, agenda: Agenda): void {
    this.agendas.value = { ...this.agendas.value, [timeslot]: agenda };
    this.autosave.put(this.take(this.session.value));
  }

  private take(session: PlannedSession): Fresh {
    this.session.value = session;
    return { version: session.version, base: baseOf(session, this.agendas.value) };
  }

  private async load(): Promise<Fresh> {
    const open = Object.keys(this.agendas.value);
    const [session, ...agendas] = await Promise.all([
      this.planning.session(this.id),
      ...open.map((timeslot) => this.planning.agenda(timeslot).catch(() => this.agendas.value[timeslot])),
    ]);
    const pairs = open.map((timeslot, at) => [timeslot, agendas[at]] as const);
    this.agendas.value = Object.fromEntries(pairs.filter(([, agenda]) => agenda)) as Agendas;
    return this.take(session);
  }

  private async save(target: string, values: Values, draft: Draft): Promise<Fresh> {
    const body = bodyOf(target, values, draft);
    const [kind, id = ""] = target.split("/");
    const { version } = draft;
    if (kind === "agenda") return this.saveAgenda(id, version, body);
    if (kind === "timeslot")
      return this.take(await this.planning.editTimeslot(id, version, body, this.reaches.value[id] ?? "one"));
    if (kind === "seat") return this.take(await this.planning.editSeat(id, version, body));
    const session = await this.planning.edit(this.id, version, body);
    if (target === SESSION && ("talkMin" in values || "qaMin" in values)) await this.readAgendas();
    return this.take(session);
  }

  private async saveAgenda(timeslot: string, version: number, body: Values): Promise<Fresh> {
    const items = body["items"] as Parameters<Planning["writeAgenda"]>[2];
    const agenda = await this.planning.writeAgenda(timeslot, version, items);
    this.agendas.value = { ...this.agendas.value, [timeslot]: agenda };
    return this.take({ ...this.session.value, version: version + 1 });
  }

  /** Those that were not edited follow from the minutes of talks and questions. */
  private async readAgendas(): Promise<void> {
    for (const timeslot of Object.keys(this.agendas.value)) {
      const typed = this.autosave.draft.value.typed[agendaTarget(timeslot)];
      if (typed && Object.keys(typed).length > 0) continue;
      const agenda = await this.planning.agenda(timeslot).catch(() => null);
      if (agenda) this.agendas.value = { ...this.agendas.value, [timeslot]: agenda };
    }
  }
}
