/** The organisers' side of the REST API: planning, the roster, messages, the site. Edits name the version they change. */

import {
  type May,
  type Permission,
  type Permit,
  type Publication,
  type Registration,
  type RegistrationStatus,
  type Role,
  type Seats,
  type Send,
  type SessionDetail,
  type SessionType,
  sender,
  type Timeslot,
} from "./api";

export type Visibility = "public" | "private";
export type JoinCondition = "free" | "ask" | "invite";
export type WaitlistMode = "off" | "offer" | "auto";
export type LocationKind = "physical" | "virtual" | "hybrid";

export interface PlannedSeat extends Seats {
  min: number;
  free: number | null;
  required: boolean;
  waitlist: { mode: WaitlistMode; waiting: number };
  offerMin: number | null;
}

export interface PlannedTimeslot extends Timeslot {
  /** What the organiser set; `registrationOpen` follows from it and its window. */
  registrationState: "open" | "closed";
  registrationOpensAt: string | null;
  registrationClosesAt: string | null;
  cancelBy: string | null;
  minimum: number | null;
  minimumBy: string | null;
  roomOpensBeforeMin: number;
  autoEndMin: number | null;
  /** How long after the start people may still come in; null is always. */
  lateEntryMin: number | null;
  seriesId: string | null;
  /** An RRULE. */
  recurrence: string | null;
  cancelledReason: string | null;
  seats: PlannedSeat[];
}

export type QuestionKind = "text" | "long_text" | "number" | "yes_no" | "choice" | "choices";

export interface Question {
  id: string;
  kind: QuestionKind;
  label: string;
  required: boolean;
  options: string[];
  /** Asked only of those who register for one of these parts; of everybody when empty. */
  parts: string[];
}

export interface Consent {
  id: string;
  text: string;
  required: boolean;
}

export interface Prerequisite {
  id: string;
  kind: "completed_session" | "declaration";
  text: string;
  sessionId: string | null;
  mode: "block" | "warn";
}

export interface Price {
  provider: string;
  /** In the smallest unit of the currency. */
  amount: number;
  currency: string;
  refundUntilHours: number | null;
}

export interface Conditions {
  questions: Question[];
  consents: Consent[];
  prerequisites: Prerequisite[];
  price: Price | null;
}

export interface PlannedSession extends SessionDetail {
  visibility: Visibility;
  joinCondition: JoinCondition;
  talkMin: number | null;
  qaMin: number | null;
  conditions: Conditions;
  publication: Publication;
  timeslot: PlannedTimeslot;
  timeslots: PlannedTimeslot[];
}

export type AgendaKind = "talk" | "qa" | "break" | "breakout" | "activity" | "poll";

export interface AgendaEntry {
  kind: AgendaKind;
  title: string;
  note: string;
  plannedMin: number;
  /** The id of a registration. */
  presenter: string | null;
}

export interface Agenda {
  items: (Omit<AgendaEntry, "presenter"> & {
    startsAt: string;
    presenter: { registrationId: string; name: string } | null;
  })[];
  generated: boolean;
  totalMin: number;
  overMin: number;
}

export interface RosterEntry extends Registration {
  accountId: string | null;
  seatKindId: string;
  /** The place in the waitlist. */
  position: number | null;
  /** The place among the presenters. */
  order: number | null;
  offerExpiresAt: string | null;
  message: string | null;
  answers: Record<string, unknown>;
  responses: Record<string, unknown>;
  consents: string[];
  payment: Record<string, unknown> | null;
}

export interface Roster {
  items: RosterEntry[];
  next: number | null;
}

export interface RosterFilter {
  q?: string;
  status?: string;
  part?: string;
  limit?: number;
  cursor?: number;
}

export interface Outcome {
  id: string;
  status: RegistrationStatus | null;
  code: string | null;
  message: string | null;
}

export interface Invitation {
  id: string;
  email: string | null;
  part: string | null;
  role: Role | null;
  timeslotId: string | null;
  maxUses: number | null;
  uses: number;
  note: string;
  expiresAt: string | null;
  revokedAt: string | null;
  createdAt: string;
}

export interface NewInvitation {
  email?: string;
  part?: string;
  role?: Role;
  timeslotId?: string;
  maxUses?: number;
  expiresAt?: string;
  note?: string;
}

export interface Override {
  id: string;
  accountId: string;
  name: string;
  permission: Permission;
  effect: "allow" | "deny";
  reason: string;
  timeslotId: string | null;
}

export interface Explained {
  accountId: string;
  name: string;
  roles: { role: Role; source: "owner" | "assigned" | "seat"; timeslotId: string | null }[];
  overrides: Override[];
  permissions: Record<Permission, Permit>;
}

export type MailState = "waiting" | "sent" | "failed" | "late";

export interface SentMail {
  id: number;
  kind: string;
  state: MailState;
  name: string;
  email: string | null;
  subject: string | null;
  attempts: number;
  createdAt: string;
  dueAt: string | null;
  sentAt: string | null;
  error: string | null;
}

export interface Audience {
  timeslotId?: string;
  roles: Role[];
  statuses: RegistrationStatus[];
}

export interface Site {
  name: string;
  tagline: string;
  contactEmail: string | null;
  address: string;
  membersCreateSessions: boolean;
  premiumHost: boolean;
  premiumPresent: boolean;
  premiumLabel: string;
}

export interface NewSession {
  title: string;
  type: SessionType;
  customType?: string;
  timeslot: { startsLocal: string; durationMin?: number; timezone?: string };
  talks?: Record<string, never>;
}

export interface NewTimeslot {
  startsLocal: string;
  later?: boolean;
  durationMin: number;
  timezone: string;
  location: { kind: LocationKind; address: string | null };
  externalMeeting?: { url: string; password: string | null } | null;
  recurrence?: string;
  seatsFrom?: string;
}

export type Reach = "one" | "following";
export type { May };

/** Every request of the organisers' pages. Each rejects as those of `createApi` do. */
export function createPlanning(send: Send) {
  const id = encodeURIComponent;
  const of = (version: number) => ({ "If-Match": `"${version}"` });
  return {
    session: (session: string, signal?: AbortSignal) =>
      send<PlannedSession>("GET", `/sessions/${id(session)}`, { signal }),
    /** Those that one leads or has a seat in. */
    own: (signal?: AbortSignal) =>
      send<{ items: { id: string; title: string }[] }>("GET", "/sessions", {
        query: { scope: "mine" },
        signal,
      }),
    create: (body: NewSession) => send<PlannedSession>("POST", "/sessions", { body }),
    edit: (session: string, version: number, body: object) =>
      send<PlannedSession>("PATCH", `/sessions/${id(session)}`, { body, headers: of(version) }),
    publish: (session: string) => send<PlannedSession>("POST", `/sessions/${id(session)}/publish`),
    close: (session: string) => send<PlannedSession>("POST", `/sessions/${id(session)}/close`),
    reopen: (session: string) => send<PlannedSession>("POST", `/sessions/${id(session)}/reopen`),
    archive: (session: string) => send<PlannedSession>("POST", `/sessions/${id(session)}/archive`),
    previewCancelling: (session: string, signal?: AbortSignal) =>
      send<{ mails: number; timeslots: number }>("GET", `/sessions/${id(session)}/cancel`, { signal }),
    cancel: (session: string, reason: string) =>
      send<PlannedSession>("POST", `/sessions/${id(session)}/cancel`, { body: reason ? { reason } : {} }),
    remove: (session: string, confirm: string) =>
      send<void>("DELETE", `/sessions/${id(session)}`, { body: { confirm } }),

    addTimeslots: (session: string, version: number, body: NewTimeslot) =>
      send<PlannedSession>("POST", `/sessions/${id(session)}/timeslots`, { body, headers: of(version) }),
    previewSeries: (body: NewTimeslot, signal?: AbortSignal) =>
      send<{ items: string[] }>("POST", "/timeslots/preview", { body, signal }),
    editTimeslot: (timeslot: string, version: number, body: object, scope: Reach) =>
      send<PlannedSession>("PATCH", `/timeslots/${id(timeslot)}`, {
        body,
        query: { scope },
        headers: of(version),
      }),
    previewCallingOff: (timeslot: string, scope: Reach, signal?: AbortSignal) =>
      send<{ mails: number; timeslots: number }>("GET", `/timeslots/${id(timeslot)}/cancel`, {
        query: { scope },
        signal,
      }),
    callOff: (timeslot: string, version: number, reason: string, scope: Reach) =>
      send<PlannedSession>("POST", `/timeslots/${id(timeslot)}/cancel`, {
        body: reason ? { reason, scope } : { scope },
        headers: of(version),
      }),
    putBack: (timeslot: string, version: number) =>
      send<PlannedSession>("POST", `/timeslots/${id(timeslot)}/reopen`, { headers: of(version) }),
    removeTimeslot: (timeslot: string, version: number) =>
      send<PlannedSession>("DELETE", `/timeslots/${id(timeslot)}`, { headers: of(version) }),

    agenda: (timeslot: string, signal?: AbortSignal) =>
      send<Agenda>("GET", `/timeslots/${id(timeslot)}/agenda`, { signal }),
    writeAgenda: (timeslot: string, version: number, items: AgendaEntry[]) =>
      send<Agenda>("PUT", `/timeslots/${id(timeslot)}/agenda`, { body: { items }, headers: of(version) }),
    resetAgenda: (timeslot: string, version: number) =>
      send<Agenda>("DELETE", `/timeslots/${id(timeslot)}/agenda`, { headers: of(version) }),

    addSeat: (timeslot: string, version: number, body: object) =>
      send<PlannedSession>("POST", `/timeslots/${id(timeslot)}/seats`, { body, headers: of(version) }),
    editSeat: (seat: string, version: number, body: object) =>
      send<PlannedSession>("PATCH", `/seats/${id(seat)}`, { body, headers: of(version) }),
    removeSeat: (seat: string, version: number) =>
      send<PlannedSession>("DELETE", `/seats/${id(seat)}`, { headers: of(version) }),

    invitations: (session: string, signal?: AbortSignal) =>
      send<{ items: Invitation[] }>("GET", `/sessions/${id(session)}/invitations`, { signal }),
    invite: (session: string, body: NewInvitation) =>
      send<Invitation & { token: string }>("POST", `/sessions/${id(session)}/invitations`, { body }),
    revoke: (session: string, invitation: string) =>
      send<void>("DELETE", `/sessions/${id(session)}/invitations/${id(invitation)}`),

    roster: (timeslot: string, filter: RosterFilter, signal?: AbortSignal) =>
      send<Roster>("GET", `/timeslots/${id(timeslot)}/registrations`, { query: queryOf(filter), signal }),
    addPerson: (timeslot: string, body: { email: string; seatKindId: string }) =>
      send<RosterEntry>("POST", `/timeslots/${id(timeslot)}/people`, { body }),
    changeRegistration: (registration: string, body: { status: string } | { seatKindId: string }) =>
      send<RosterEntry>("PATCH", `/registrations/${id(registration)}`, { body }),
    decide: (timeslot: string, ids: string[], approve: boolean, message: string) =>
      send<{ items: Outcome[] }>("POST", `/timeslots/${id(timeslot)}/decisions`, {
        body: message ? { ids, approve, message } : { ids, approve },
      }),
    orderPresenters: (timeslot: string, ids: string[]) =>
      send<Roster>("PUT", `/timeslots/${id(timeslot)}/presenters`, { body: { ids } }),
    orderWaitlist: (seat: string, ids: string[]) =>
      send<Roster>("PUT", `/seats/${id(seat)}/waitlist`, { body: { ids } }),
    history: (registration: string, signal?: AbortSignal) =>
      send<{ items: { at: string; actor: string | null; before: string | null; after: string }[] }>(
        "GET",
        `/registrations/${id(registration)}/history`,
        { signal },
      ),
    removePerson: (registration: string) => send<void>("DELETE", `/registrations/${id(registration)}`),
    overrides: (session: string, signal?: AbortSignal) =>
      send<{ items: Override[] }>("GET", `/sessions/${id(session)}/overrides`, { signal }),
    explain: (session: string, account: string, timeslot: string, signal?: AbortSignal) =>
      send<Explained>("GET", `/sessions/${id(session)}/people/${id(account)}/permissions`, {
        query: { timeslotId: timeslot },
        signal,
      }),
    addOverride: (session: string, body: object) =>
      send<Override>("POST", `/sessions/${id(session)}/overrides`, { body }),
    removeOverride: (session: string, override: string) =>
      send<void>("DELETE", `/sessions/${id(session)}/overrides/${id(override)}`),
    roles: (session: string, signal?: AbortSignal) =>
      send<{ items: { id: string; name: string; email: string; role: Role }[] }>(
        "GET",
        `/sessions/${id(session)}/roles`,
        { signal },
      ),
    assignRole: (session: string, email: string, role: Role) =>
      send<unknown>("POST", `/sessions/${id(session)}/roles`, { body: { email, role } }),
    removeRole: (session: string, assignment: string) =>
      send<void>("DELETE", `/sessions/${id(session)}/roles/${id(assignment)}`),

    mail: (session: string, filter: { state?: string; before?: number }, signal?: AbortSignal) =>
      send<{ items: SentMail[]; before: number | null }>("GET", `/sessions/${id(session)}/mail`, {
        query: queryOf(filter),
        signal,
      }),
    previewMessage: (session: string, body: Audience, signal?: AbortSignal) =>
      send<{ count: number }>("POST", `/sessions/${id(session)}/messages/preview`, { body, signal }),
    sendMessage: (session: string, body: Audience & { subject: string; text: string }, key: string) =>
      send<{ count: number }>("POST", `/sessions/${id(session)}/messages`, {
        body,
        headers: { "Idempotency-Key": key },
      }),

    site: (signal?: AbortSignal) => send<Site>("GET", "/site", { signal }),
    changeSite: (body: Partial<Site>) => send<Site>("PATCH", "/site", { body }),
  };
}

/** The address of the roster as a file. */
export const rosterFile = (timeslot: string, kind: "csv" | "xlsx"): string =>
  `/api/v1/timeslots/${encodeURIComponent(timeslot)}/roster.${kind}`;

function queryOf(filter: object): Record<string, string> {
  return Object.fromEntries(
    Object.entries(filter)
      .filter(([, value]) => value !== undefined && value !== "")
      .map(([name, value]) => [name, String(value)]),
  );
}

export type Planning = ReturnType<typeof createPlanning>;

export const planning: Planning = createPlanning(sender((input, init) => globalThis.fetch(input, init)));
