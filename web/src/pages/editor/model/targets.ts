/** A session as the targets and fields of a draft, and a draft's fields as the bodies of requests. Pure. */

import type {
  Agenda,
  AgendaEntry,
  Conditions,
  PlannedSeat,
  PlannedSession,
  PlannedTimeslot,
  Question,
} from "../../../protocol/planning";
import { type Base, type Draft, shown, type Values } from "./draft";
import { isLater, momentOf, wallClock } from "./zoned";

export const SESSION = "session";
export const timeslotTarget = (id: string): string => `timeslot/${id}`;
export const seatTarget = (id: string): string => `seat/${id}`;
export const agendaTarget = (id: string): string => `agenda/${id}`;

/** Fields of a timeslot that are moments; typed on the clock of its zone. */
const MOMENTS = ["registrationOpensAt", "registrationClosesAt", "cancelBy", "minimumBy"] as const;
const CONDITIONS = ["questions", "consents", "prerequisites", "price"] as const;

export function baseOf(session: PlannedSession, agendas: Readonly<Record<string, Agenda>>): Base {
  const base: Record<string, Values> = { [SESSION]: sessionValues(session) };
  for (const slot of session.timeslots) {
    base[timeslotTarget(slot.id)] = timeslotValues(slot);
    for (const seat of slot.seats) base[seatTarget(seat.kind)] = seatValues(seat);
    const agenda = agendas[slot.id];
    if (agenda) base[agendaTarget(slot.id)] = { items: entriesOf(agenda) };
  }
  return base;
}

function sessionValues(session: PlannedSession): Values {
  const { title, description, objectives, customType, talkMin, qaMin, visibility, joinCondition } = session;
  const { questions, consents, prerequisites, price } = session.conditions;
  return {
    title,
    description,
    objectives,
    customType,
    talkMin,
    qaMin,
    visibility,
    joinCondition,
    questions,
    consents,
    prerequisites,
    price,
  };
}

function timeslotValues(slot: PlannedTimeslot): Values {
  const local = (iso: string | null) => (iso ? wallClock(iso, slot.timezone) : "");
  return {
    startsLocal: wallClock(slot.startsAt, slot.timezone),
    later: isLater(slot.startsAt, slot.timezone),
    timezone: slot.timezone,
    durationMin: slot.durationMin,
    locationKind: slot.location.kind,
    address: slot.location.address ?? "",
    externalUrl: slot.externalMeeting?.url ?? "",
    externalPassword: slot.externalMeeting?.password ?? "",
    registration: slot.registrationState,
    ...Object.fromEntries(MOMENTS.map((name) => [name, local(slot[name])])),
    minimum: slot.minimum,
    roomOpensBeforeMin: slot.roomOpensBeforeMin,
    autoEndMin: slot.autoEndMin,
    lateEntryMin: slot.lateEntryMin,
  };
}

function seatValues(seat: PlannedSeat): Values {
  const { name, role, max, min, required, approval, offerMin } = seat;
  return { name, role, max, min, required, approval, waitlist: seat.waitlist.mode, offerMin };
}

export function entriesOf(agenda: Agenda): AgendaEntry[] {
  return agenda.items.map(({ kind, title, note, plannedMin, presenter }) => ({
    kind,
    title,
    note,
    plannedMin,
    presenter: presenter?.registrationId ?? null,
  }));
}

/** The body of the request that saves these values of a target. */
export function bodyOf(target: string, values: Values, draft: Draft): Record<string, unknown> {
  if (target === SESSION) return sessionBody(values, draft);
  if (target.startsWith("timeslot/")) return timeslotBody(target, values, draft);
  return { ...values };
}

function sessionBody(values: Values, draft: Draft): Record<string, unknown> {
  const conditions = Object.fromEntries(
    CONDITIONS.map((name) => [name, name in values ? values[name] : draft.base[SESSION]?.[name]]),
  ) as unknown as Conditions;
  const own = Object.entries(values).filter(([name]) => !(CONDITIONS as readonly string[]).includes(name));
  const body: Record<string, unknown> = Object.fromEntries(own);
  if (Array.isArray(body["objectives"]))
    body["objectives"] = (body["objectives"] as string[]).map((line) => line.trim()).filter(Boolean);
  if (own.length < Object.keys(values).length)
    body["conditions"] = { ...conditions, questions: conditions.questions.map(withoutBlanks) };
  return body;
}

/** An empty line among the options is one that is being written. */
function withoutBlanks(question: Question): Question {
  return { ...question, options: question.options.map((line) => line.trim()).filter(Boolean) };
}

function timeslotBody(target: string, values: Values, draft: Draft): Record<string, unknown> {
  const now = (field: string) => shown(draft, target, field);
  const has = (...fields: string[]) => fields.some((field) => field in values);
  const zone = String(now("timezone"));
  const body: Record<string, unknown> = {};
  for (const field of [
    "timezone",
    "durationMin",
    "minimum",
    "roomOpensBeforeMin",
    "autoEndMin",
    "lateEntryMin",
  ])
    if (field in values) body[field] = values[field];
  if (has("startsLocal", "later", "timezone")) {
    body["startsLocal"] = now("startsLocal");
    body["later"] = now("later") === true;
  }
  if (has("locationKind", "address"))
    body["location"] = { kind: now("locationKind"), address: String(now("address") ?? "").trim() || null };
  if (has("externalUrl", "externalPassword")) {
    const url = String(now("externalUrl") ?? "").trim();
    const password = String(now("externalPassword") ?? "").trim();
    body["externalMeeting"] = url ? { url, password: password || null } : null;
  }
  if ("registration" in values) body["registrationOpen"] = values["registration"] === "open";
  for (const field of MOMENTS)
    if (field in values) {
      const local = String(values[field] ?? "");
      body[field] = local ? momentOf(local, zone) : null;
    }
  return body;
}

const PLACES: Record<string, string> = {
  "location.kind": "locationKind",
  "location.address": "address",
  "externalMeeting.url": "externalUrl",
  "externalMeeting.password": "externalPassword",
  startsAt: "startsLocal",
  registrationOpen: "registration",
};

/** Where a place that the server names in a body is shown. */
export function placeOf(place: string): string {
  return PLACES[place] ?? place.replace(/^conditions\./, "");
}
