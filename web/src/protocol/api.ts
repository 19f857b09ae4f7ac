/** The REST side of the server (`/api/v1`): what it answers, and one function per request. Times are ISO 8601, UTC. */

import { errorFrom, errorWithout } from "./apiError";
import type { Permission, Permit, Role } from "./messages.gen";
import type { RoomMedia } from "./roomMedia";

export { ApiError, NoAnswer, sentenceOf } from "./apiError";
export type { Permission, Permit, Role } from "./messages.gen";

export interface Me {
  id: string;
  email: string;
  name: string;
  /** IANA name; null until chosen, and then the browser's counts. */
  timezone: string | null;
  staff: boolean;
  mayCreateSessions: boolean;
}

export interface ApiToken {
  id: string;
  name: string;
  createdAt: string;
  lastUsedAt: string | null;
}

/** The answer to creating one: the only time the secret is shown. */
export interface NewApiToken extends ApiToken {
  token: string;
}

export type SessionType = "training" | "coaching" | "workshop" | "buddy_meeting" | "focus_work" | "custom";
export type SessionLabel =
  | "Draft"
  | "Open"
  | "Full"
  | "Scheduled closed"
  | "In progress"
  | "Completed"
  | "Cancelled";
export type RunPhase = "idle" | "lobby" | "live" | "ended";
export type Publication = "draft" | "published" | "cancelled" | "archived";
export type RegistrationStatus =
  | "invited"
  | "pending"
  | "waitlisted"
  | "offered"
  | "registered"
  | "confirmed"
  | "attended"
  | "no_show"
  | "declined"
  | "cancelled"
  | "expired";

export type JoinCondition = "free" | "ask" | "invite";

export interface Location {
  kind: "physical" | "virtual" | "hybrid";
  address: string | null;
}

/** Whether something can be done now, and if not why: a stable code and a sentence. */
export interface May {
  allowed: boolean;
  code?: string | null;
  message: string;
}

export interface Timeslot {
  id: string;
  slug: string;
  startsAt: string;
  endsAt: string;
  durationMin: number;
  /** IANA name of the zone it was planned in. */
  timezone: string;
  location: Location;
  phase: RunPhase;
  label: SessionLabel;
  registrationOpen: boolean;
  registrationOpensAt: string | null;
  registrationClosesAt: string | null;
  /** Until when a seat can be given back. */
  cancelBy: string | null;
  roomOpensBeforeMin: number;
  cancelledReason: string | null;
  seats: Seats[];
  /** What the one who asks has there, if it was not given up. */
  ownRegistration: Registration | null;
  /** Whether the one who asks can register. */
  register: May;
  /** Only for those who may see the details. */
  externalMeeting: { url: string; password: string | null } | null;
}

export interface Seats {
  /** The id to register with. */
  kind: string;
  part: string;
  name: string;
  role: Role;
  taken: number;
  /** Null where there is no limit. */
  max: number | null;
  /** Null where there is no limit; 0 also while others wait. */
  free: number | null;
  /** Asked for and given by the organiser, not free to take. */
  approval: boolean;
  waitlist: { mode: "off" | "offer" | "auto"; waiting: number };
}

/** What is told on registering (M20): a presenter about the talk, a guest about interests. */
export interface Answers {
  talkTitle?: string;
  talkDescription?: string;
  topics?: string;
  questions?: string;
}

export interface Question {
  id: string;
  kind: "text" | "long_text" | "number" | "yes_no" | "choice" | "choices";
  label: string;
  required: boolean;
  options: string[];
  /** For whom it is, by part; empty: for everybody. */
  parts: string[];
}

export type Reply = string | number | boolean | string[];

/** What a session asks of those who register. */
export interface Conditions {
  questions: Question[];
  consents: { id: string; text: string; required: boolean }[];
  prerequisites: {
    id: string;
    kind: "completed_session" | "declaration";
    text: string;
    sessionId: string | null;
    mode: "block" | "warn";
  }[];
  /** `amount` in the currency's smallest unit. */
  price: { provider: string; amount: number; currency: string; refundUntilHours: number | null } | null;
}

export interface NewRegistration {
  seatKindId: string;
  answers: Answers;
  responses: Record<string, Reply>;
  consents: string[];
  declarations: string[];
  invitation?: string;
  waitlist: boolean;
}

export interface Registration {
  id: string;
  timeslotId: string;
  name: string;
  /** Only for staff. */
  email: string | null;
  seatKindId: string;
  part: string;
  role: Role;
  status: RegistrationStatus;
  /** The place in the waitlist, 1 being the next. */
  position: number | null;
  /** Until when an offered seat can be accepted. */
  offerExpiresAt: string | null;
  /** What the organiser wrote with the decision. */
  message: string | null;
  answers: Answers;
  warnings: string[];
  createdAt: string;
}

export interface SessionCard {
  id: string;
  title: string;
  type: SessionType;
  customType: string | null;
  /** An excerpt in lists, the whole text in a SessionDetail. */
  description: string;
  label: SessionLabel;
  visibility: "public" | "private";
  joinCondition: JoinCondition;
  timeslot: Timeslot;
  seats: Seats[];
  you: { roles: Role[]; registration: Registration | null };
  owner: { name: string };
}

export interface SessionDetail extends SessionCard {
  objectives: string[];
  publication: Publication;
  version: number;
  cancelledReason: string | null;
  conditions: Conditions;
  timeslots: Timeslot[];
  /** Those who lead it. */
  people: { name: string; role: Role }[];
  may: Partial<Record<Permission, Permit>>;
}

export interface RoomCard {
  timeslotId: string;
  sessionId: string;
  slug: string;
  title: string;
  type: SessionType;
  phase: RunPhase;
  startsAt: string;
  endsAt: string;
  /** From when participants may enter; staff may come before. */
  opensAt: string;
  label: SessionLabel;
  facilitator: string | null;
  /** Whether media can go through a relay. */
  relay: boolean;
  you: {
    signedIn: boolean;
    name: string | null;
    roles: Role[];
    registered: boolean;
    join: May;
  };
}

export interface TicketAnswer {
  ticket: string;
  /** When it stops being good. */
  expiresAt: string;
}

export type Scope = "upcoming" | "past" | "mine";

/** What a list of sessions is asked for; what is left out does not matter. */
export interface Wanted {
  scope: Scope;
  q?: string;
  type?: SessionType;
  condition?: JoinCondition;
  format?: Location["kind"];
  free?: "true";
  since?: string;
  until?: string;
  limit?: string;
  cursor?: string;
}

export interface SessionList {
  items: SessionCard[];
  /** The cursor of the next page. */
  next: number | null;
}

/** What an invitation is for, whoever holds it. */
export interface InvitationCard {
  sessionId: string;
  title: string;
  type: SessionType;
  startsAt: string | null;
  timezone: string | null;
  timeslotId: string | null;
  /** The seat it opens, or null for any. */
  part: string | null;
  /** The role it gives, without a seat. */
  role: Role | null;
  expiresAt: string | null;
  session: SessionDetail;
}

export interface CalendarFeed {
  active: boolean;
  createdAt: string | null;
  /** Told once, when it is made. */
  url: string | null;
}

interface Call {
  body?: unknown;
  query?: Record<string, string>;
  headers?: Record<string, string>;
  signal?: AbortSignal | undefined;
}

export type Send = <T>(method: string, path: string, call?: Call) => Promise<T>;

const PATIENCE_MS = 15_000;

/** Sends requests of one origin. `fetch` and `base` are arguments for tests. */
export function sender(fetch: typeof globalThis.fetch, base = "/api/v1"): Send {
  return async <T>(method: string, path: string, { body, query, headers, signal }: Call = {}): Promise<T> => {
    const search = query ? `?${new URLSearchParams(query)}` : "";
    const patience = AbortSignal.timeout(PATIENCE_MS);
    let response: Response;
    try {
      response = await fetch(`${base}${path}${search}`, {
        method,
        credentials: "same-origin",
        headers: {
          Accept: "application/json",
          ...(body === undefined ? {} : { "Content-Type": "application/json" }),
          ...headers,
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        signal: signal ? AbortSignal.any([signal, patience]) : patience,
      });
    } catch (cause) {
      if (signal?.aborted) throw cause;
      throw errorWithout(cause, globalThis.navigator?.onLine !== false);
    }
    if (!response.ok) throw await errorFrom(response);
    if (response.status === 204) return undefined as T;
    try {
      return (await response.json()) as T;
    } catch (cause) {
      if (signal?.aborted) throw cause;
      throw errorWithout(cause, true);
    }
  };
}

/** Every request the pages make. Each rejects with an `ApiError` or `NoAnswer`, or with an AbortError when `signal` fired. */
export function createApi(send: Send) {
  const id = encodeURIComponent;
  return {
    signUp: (body: { email: string; password: string; name: string }) =>
      send<Me>("POST", "/accounts", { body }),
    signIn: (body: { email: string; password: string }) => send<Me>("POST", "/sign-in", { body }),
    signOut: () => send<void>("POST", "/sign-out"),
    me: (signal?: AbortSignal) => send<Me>("GET", "/me", { signal }),
    updateMe: (body: { name?: string; timezone?: string | null }) => send<Me>("PATCH", "/me", { body }),

    tokens: (signal?: AbortSignal) => send<{ items: ApiToken[] }>("GET", "/me/tokens", { signal }),
    createToken: (name: string) => send<NewApiToken>("POST", "/me/tokens", { body: { name } }),
    revokeToken: (token: string) => send<void>("DELETE", `/me/tokens/${id(token)}`),

    calendarFeed: (signal?: AbortSignal) => send<CalendarFeed>("GET", "/me/calendar", { signal }),
    newCalendarFeed: () => send<CalendarFeed>("POST", "/me/calendar"),
    deleteCalendarFeed: () => send<void>("DELETE", "/me/calendar"),

    sessions: (wanted: Wanted, signal?: AbortSignal) =>
      send<SessionList>("GET", "/sessions", { query: { ...wanted }, signal }),
    session: (session: string, signal?: AbortSignal) =>
      send<SessionDetail>("GET", `/sessions/${id(session)}`, { signal }),
    publish: (session: string) => send<SessionDetail>("POST", `/sessions/${id(session)}/publish`),

    /** With the same `key` a second request gets the same registration again. */
    register: (timeslot: string, body: NewRegistration, key: string) =>
      send<Registration>("POST", `/timeslots/${id(timeslot)}/registrations`, {
        body,
        headers: { "Idempotency-Key": key },
      }),
    answerOffer: (registration: string, accept: boolean) =>
      send<Registration>("POST", `/registrations/${id(registration)}/offer`, { body: { accept } }),
    changeAnswers: (registration: string, answers: Answers) =>
      send<Registration>("PUT", `/registrations/${id(registration)}/answers`, { body: answers }),
    cancelRegistration: (registration: string) => send<void>("DELETE", `/registrations/${id(registration)}`),

    openInvitation: (token: string, signal?: AbortSignal) =>
      send<InvitationCard>("POST", "/invitations/open", { body: { token }, signal }),
    acceptInvitation: (token: string) => send<void>("POST", "/invitations/accept", { body: { token } }),

    room: (slug: string, signal?: AbortSignal) => send<RoomCard>("GET", `/rooms/${id(slug)}`, { signal }),
    roomMedia: (timeslot: string, signal?: AbortSignal) =>
      send<RoomMedia>("GET", `/timeslots/${id(timeslot)}/media`, { signal }),
    ticket: (timeslot: string) => send<TicketAnswer>("POST", `/timeslots/${id(timeslot)}/ticket`),
    endRun: (timeslot: string) => send<SessionDetail>("POST", `/timeslots/${id(timeslot)}/end`),
  };
}

export type Api = ReturnType<typeof createApi>;

export const api: Api = createApi(sender((input, init) => globalThis.fetch(input, init)));
