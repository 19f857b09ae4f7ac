/** Words for what the server answers: types, labels, seats. */

import {
  Clapperboard,
  GraduationCap,
  Hammer,
  type LucideIcon,
  MessageCircle,
  Sparkles,
  Timer,
  UsersRound,
} from "lucide-preact";
import type {
  Conditions,
  Registration,
  Seats,
  SessionCard,
  SessionLabel,
  SessionType,
} from "../protocol/api";
import type { Tone } from "../ui";

const TYPES: Record<SessionType, [name: string, icon: LucideIcon]> = {
  training: ["Training", GraduationCap],
  coaching: ["Coaching", MessageCircle],
  workshop: ["Workshop", Hammer],
  buddy_meeting: ["Buddy meeting", UsersRound],
  focus_work: ["Focus work", Timer],
  custom: ["Session", Sparkles],
};

/** "Workshop", or the session's own word for it. */
export function typeName({ type, customType }: Pick<SessionCard, "type" | "customType">): string {
  return customType || (TYPES[type]?.[0] ?? "Session");
}

export function typeIcon(type: SessionType): LucideIcon {
  return TYPES[type]?.[1] ?? Clapperboard;
}

const LABELS: Record<SessionLabel, [words: string, tone: Tone]> = {
  Draft: ["Draft", "warning"],
  Open: ["Open", "success"],
  Full: ["Full", "neutral"],
  "Scheduled closed": ["Registration closed", "neutral"],
  "In progress": ["In progress", "success"],
  Completed: ["Completed", "neutral"],
  Cancelled: ["Cancelled", "danger"],
};

export function labelWords(label: SessionLabel): { words: string; tone: Tone } {
  const [words, tone] = LABELS[label] ?? [label, "neutral"];
  return { words, tone };
}

/** Seats that people take themselves; the others are given by the organiser. */
export function openSeats(seats: readonly Seats[]): Seats[] {
  return seats.filter((kind) => !kind.approval);
}

/** "3 of 8 seats left", "No seats left"; named by kind when several kinds are limited, nothing when none is. */
export function seatWords(seats: readonly Seats[]): string[] {
  const limited = openSeats(seats).filter((kind) => kind.max !== null);
  return limited.map((kind) => {
    const words = left(kind.taken, kind.max ?? 0);
    return limited.length === 1 ? words : `${kind.name}: ${words.charAt(0).toLowerCase()}${words.slice(1)}`;
  });
}

function left(taken: number, max: number): string {
  if (taken >= max) return "No seats left";
  return `${max - taken} of ${max} ${max === 1 ? "seat" : "seats"} left`;
}

const HOLDS_A_SEAT = ["registered", "confirmed", "attended"];
const WAITS = ["pending", "waitlisted", "offered", "invited"];

/** "seat": they have one; "waiting": it is not decided; null: neither. */
export function standing(registration: Registration | null): "seat" | "waiting" | null {
  if (!registration) return null;
  if (HOLDS_A_SEAT.includes(registration.status)) return "seat";
  return WAITS.includes(registration.status) ? "waiting" : null;
}

/** "Your seat", "3rd on the waitlist": what somebody has, in a few words; null: nothing. */
export function placeWords(registration: Registration | null): string | null {
  if (!registration) return null;
  if (HOLDS_A_SEAT.includes(registration.status)) return "You have a seat";
  if (registration.status === "waitlisted") {
    return registration.position === null
      ? "On the waitlist"
      : `Number ${registration.position} on the waitlist`;
  }
  if (registration.status === "offered") return "A seat is offered to you";
  return registration.status === "pending" ? "Waiting for an answer" : null;
}

/** "€12.00", or null for what costs nothing. */
export function priceWords(price: Conditions["price"]): string | null {
  if (!price || price.amount === 0) return null;
  const money = new Intl.NumberFormat("en", { style: "currency", currency: price.currency });
  const digits = money.resolvedOptions().maximumFractionDigits ?? 2;
  return money.format(price.amount / 10 ** digits);
}

/** Whether one may go in: by a role, or by a seat. */
export function hasAPlace({ you }: Pick<SessionCard, "you">): boolean {
  return you.roles.length > 0 || standing(you.registration) === "seat";
}
