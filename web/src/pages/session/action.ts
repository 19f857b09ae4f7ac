/** The one thing a reader can do on a session's page, and the sentence above it, from what the server says. */

import type { May, Registration, Role, Seats, SessionLabel } from "../../protocol/api";
import { isFree, openSeats, standing } from "../words";

export interface Facts {
  label: SessionLabel;
  signedIn: boolean;
  roles: readonly Role[];
  registration: Registration | null;
  seats: readonly Seats[];
  register: May;
  /** The server's word on entering the room; null while it is not known. */
  join: May | null;
  /** "at 18:45, in 25 minutes": when the doors open, or null when that is past. */
  opens: string | null;
}

export type Button =
  | { kind: "join" }
  /** `seats`: those to choose from, the usual one first. */
  | { kind: "register"; seats: Seats[] }
  | { kind: "sign-in"; label: "Register" | "Sign in to join" };

export interface Action {
  message: string;
  button: Button | null;
  mayCancel: boolean;
}

export function actionFor(facts: Facts): Action {
  const place = standing(facts.registration);
  const mayCancel = place !== null;
  const done = OVER[facts.label];
  if (done) return { message: done, button: null, mayCancel: false };
  if (facts.join?.allowed) return { message: joinable(facts), button: { kind: "join" }, mayCancel };
  if (place === "waiting")
    return { message: "Your registration waits for approval.", button: null, mayCancel };
  if (place === "seat") return { message: `You have a seat. ${doors(facts)}`, button: null, mayCancel };
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

function registering(facts: Facts): Action {
  const free = facts.register.allowed ? openSeats(facts.seats).filter(isFree) : [];
  if (free.length === 0) {
    const full = facts.label === "Full" || facts.register.code === "registration.full";
    const message = full
      ? "This session is full. Look in again later: a seat comes back when someone cancels."
      : facts.register.message || "Registration is closed.";
    return { message, button: null, mayCancel: false };
  }
  const taken = openSeats(facts.seats).filter((kind) => !isFree(kind));
  const words = [
    facts.label === "In progress" ? "This session is in progress." : "",
    taken.length > 0 ? `${taken.map((kind) => kind.name).join(" and ")} seats are all taken.` : "",
    facts.signedIn ? "" : "You sign in first and come back here.",
  ];
  const button: Button = facts.signedIn
    ? { kind: "register", seats: usualFirst(free) }
    : { kind: "sign-in", label: "Register" };
  return { message: words.filter(Boolean).join(" "), button, mayCancel: false };
}

function usualFirst(seats: Seats[]): Seats[] {
  return [...seats].sort((a, b) => Number(b.part === "guest") - Number(a.part === "guest"));
}

function joinable(facts: Facts): string {
  if (facts.label === "In progress") return "";
  return facts.opens ? `You can go in and prepare. Others come in ${facts.opens}.` : "The doors are open.";
}

function doors({ join, opens }: Facts): string {
  if (opens) return `You can join ${opens}.`;
  return join?.message || "You can join when it starts.";
}
