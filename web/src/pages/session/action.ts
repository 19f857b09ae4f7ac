/** The one thing a reader can do about a timeslot, and the sentence above it, from what the server says. */

import type { JoinCondition, May, Registration, Role, Seats, SessionLabel } from "../../protocol/api";
import { standing } from "../words";

export interface Facts {
  label: SessionLabel;
  signedIn: boolean;
  roles: readonly Role[];
  registration: Registration | null;
  seats: readonly Seats[];
  joinCondition: JoinCondition;
  /** Whether the reader holds an invitation to a seat. */
  invited: boolean;
  register: May;
  /** The server's word on entering the room; null while it is not known. */
  join: May | null;
  /** "at 18:45, in 25 minutes": when the doors open, or null when that is past. */
  opens: string | null;
  /** "until 21 Nov 2026, 19:05": when an offer lapses. */
  offerUntil: string | null;
  /** Whether the time is over until which a seat can be given back. */
  tooLateToCancel: boolean;
}

/** Whether one gets the seat at once, asks for it, or waits until one is free. */
export type Way = "take" | "ask" | "wait";

export interface Choice extends Seats {
  way: Way;
}

export type Button =
  | { kind: "join" }
  /** `seats`: those to choose from, the usual one first. */
  | { kind: "register"; seats: Choice[] }
  | { kind: "offer" }
  | { kind: "sign-in"; label: "Register" | "Sign in to join" };

/** What can be given up. */
export type Held = "seat" | "request" | "place";

export interface Action {
  message: string;
  button: Button | null;
  mayCancel: Held | null;
}

export function actionFor(facts: Facts): Action {
  const done = OVER[facts.label];
  if (done) return { message: done, button: null, mayCancel: null };
  const { registration } = facts;
  if (registration?.status === "offered") return offered(facts);
  const mayCancel = held(facts);
  if (facts.join?.allowed) return { message: joinable(facts), button: { kind: "join" }, mayCancel };
  if (registration?.status === "waitlisted") return { message: waits(registration), button: null, mayCancel };
  if (standing(registration) === "waiting") {
    return {
      message: "Your request waits for an answer. You get it by email.",
      button: null,
      mayCancel,
    };
  }
  if (standing(registration) === "seat") {
    return { message: `You have a seat. ${doors(facts)}`, button: null, mayCancel };
  }
  if (facts.roles.length > 0) return { message: doors(facts), button: null, mayCancel };
  if (!facts.signedIn && facts.label === "In progress") {
    return {
      message: "This session is in progress.",
      button: { kind: "sign-in", label: "Sign in to join" },
      mayCancel,
    };
  }
  return registering(facts);
}

const OVER: Partial<Record<SessionLabel, string>> = {
  Cancelled: "This session was cancelled.",
  Completed: "This session is over.",
  Draft: "This is a draft. Only the people who organise it can see it.",
};

function held({ registration, tooLateToCancel }: Facts): Held | null {
  const place = standing(registration);
  if (place === "seat") return tooLateToCancel ? null : "seat";
  if (place === null) return null;
  return registration?.status === "waitlisted" ? "place" : "request";
}

function offered({ offerUntil }: Facts): Action {
  const until = offerUntil ? ` It is kept for you ${offerUntil}.` : "";
  return { message: `A seat is free for you.${until}`, button: { kind: "offer" }, mayCancel: null };
}

function waits({ position }: Registration): string {
  const place = position === null ? "on the waitlist" : `${ordinal(position)} on the waitlist`;
  return `You are ${place}. When a seat becomes free for you, you get an email.`;
}

const SUFFIX: Record<string, string> = { one: "st", two: "nd", few: "rd", other: "th" };

/** "1st", "22nd". */
export function ordinal(number: number): string {
  return `${number}${SUFFIX[new Intl.PluralRules("en", { type: "ordinal" }).select(number)] ?? "th"}`;
}

/** The seats that somebody can ask for, each with how. The host's seat is given by the organiser. */
export function choices(facts: Pick<Facts, "seats" | "joinCondition" | "invited">): Choice[] {
  const found: Choice[] = [];
  for (const seat of facts.seats) {
    if (seat.part === "host" && seat.approval) continue;
    const way = wayTo(seat, facts);
    if (way) found.push({ ...seat, way });
  }
  return found;
}

function wayTo(
  seat: Seats,
  { joinCondition, invited }: Pick<Facts, "joinCondition" | "invited">,
): Way | null {
  if (!invited && (seat.approval || joinCondition === "ask")) return "ask";
  if (seat.free !== 0) return "take";
  return seat.waitlist.mode === "off" ? null : "wait";
}

/** Refusals that leave a way: a queue, or the invitation that one holds. */
function canAsk({ register, invited }: Facts): boolean {
  return (
    register.allowed ||
    register.code === "registration.full" ||
    (invited && register.code === "registration.invite_only")
  );
}

function registering(facts: Facts): Action {
  const open = canAsk(facts) ? choices(facts) : [];
  if (open.length === 0) {
    const full = facts.label === "Full" || facts.register.code === "registration.full";
    const message = full
      ? "This session is full. Look in again later: a seat comes back when someone cancels."
      : facts.register.message || "Registration is closed.";
    return { message, button: null, mayCancel: null };
  }
  const words = [
    facts.label === "In progress" ? "This session is in progress." : "",
    waitingWords(open),
    facts.signedIn ? "" : "You sign in first and come back here.",
  ];
  const button: Button = facts.signedIn
    ? { kind: "register", seats: usualFirst(open) }
    : { kind: "sign-in", label: "Register" };
  return { message: words.filter(Boolean).join(" "), button, mayCancel: null };
}

function waitingWords(open: readonly Choice[]): string {
  const full = open.filter(({ way }) => way === "wait");
  if (full.length === 0) return "";
  if (full.length === open.length) return "All seats are taken. You can wait for one that becomes free.";
  return `${full.map(({ name }) => name).join(" and ")} seats are all taken.`;
}

/** What can be had at once comes before what is waited for, and a guest's seat before the others. */
function usualFirst(seats: readonly Choice[]): Choice[] {
  const rank = ({ way, part }: Choice) => (way === "wait" ? 2 : 0) + (part === "guest" ? 0 : 1);
  return [...seats].sort((a, b) => rank(a) - rank(b));
}

function joinable(facts: Facts): string {
  if (facts.label === "In progress") return "";
  return facts.opens ? `You can go in and prepare. Others come in ${facts.opens}.` : "The doors are open.";
}

function doors({ join, opens }: Facts): string {
  if (opens) return `You can join ${opens}.`;
  return join?.message || "You can join when it starts.";
}
