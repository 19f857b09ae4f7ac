/** Words and lists of choices of the organisers' pages. */

import type { RegistrationStatus, Role } from "../../protocol/api";
import type { AgendaKind, JoinCondition, QuestionKind, WaitlistMode } from "../../protocol/planning";
import { longDate, type Reader, roleName, type Tone, timeRange, zonePlace } from "../../ui";
import { reader } from "../viewer";

interface Choice<T extends string> {
  value: T;
  label: string;
}

export const AGENDA_KINDS: readonly Choice<AgendaKind>[] = [
  { value: "talk", label: "Talk" },
  { value: "qa", label: "Questions" },
  { value: "activity", label: "Activity" },
  { value: "breakout", label: "Breakout" },
  { value: "poll", label: "Poll" },
  { value: "break", label: "Break" },
];

export const LOCATIONS = [
  { value: "virtual", label: "Online, in our room" },
  { value: "physical", label: "In person" },
  { value: "hybrid", label: "In person and online" },
] as const;

export const JOIN_CONDITIONS: readonly Choice<JoinCondition>[] = [
  { value: "free", label: "Free: whoever registers has a seat" },
  { value: "ask", label: "Ask: you approve each request" },
  { value: "invite", label: "Invitation only" },
];

export const WAITLISTS: readonly Choice<WaitlistMode>[] = [
  { value: "offer", label: "Offer the seat to the next" },
  { value: "auto", label: "Give the seat to the next" },
  { value: "off", label: "No waitlist" },
];

export const QUESTION_KINDS: readonly Choice<QuestionKind>[] = [
  { value: "text", label: "A line of text" },
  { value: "long_text", label: "Several lines" },
  { value: "number", label: "A number" },
  { value: "yes_no", label: "Yes or no" },
  { value: "choice", label: "One of a list" },
  { value: "choices", label: "Several of a list" },
];

export const ROLES: readonly Role[] = [
  "organiser",
  "facilitator",
  "co_facilitator",
  "participant",
  "observer",
];

export const roleOptions = (roles: readonly Role[] = ROLES): Choice<Role>[] =>
  roles.map((role) => ({ value: role, label: roleName(role) }));

const STATUSES: Record<RegistrationStatus, [words: string, tone: Tone]> = {
  invited: ["Invited", "neutral"],
  pending: ["Asks for a seat", "warning"],
  waitlisted: ["On the waitlist", "neutral"],
  offered: ["Seat offered", "accent"],
  registered: ["Registered", "success"],
  confirmed: ["Confirmed", "success"],
  attended: ["Attended", "success"],
  no_show: ["Did not come", "warning"],
  declined: ["Declined", "neutral"],
  cancelled: ["Cancelled", "neutral"],
  expired: ["Offer expired", "neutral"],
};

export const ALL_STATUSES = Object.keys(STATUSES) as RegistrationStatus[];
/** What staff may set by hand (M22). */
export const BY_HAND: readonly RegistrationStatus[] = ["registered", "confirmed", "attended", "no_show"];
export const HOLDS_A_SEAT: readonly RegistrationStatus[] = BY_HAND;

export function statusWords(status: RegistrationStatus): { words: string; tone: Tone } {
  const [words, tone] = STATUSES[status];
  return { words, tone };
}

export const statusOptions = (statuses: readonly RegistrationStatus[]): Choice<RegistrationStatus>[] =>
  statuses.map((status) => ({ value: status, label: STATUSES[status][0] }));

interface Times {
  startsAt: string;
  endsAt: string;
  timezone: string;
}

/** "Saturday, 21 November, 18:00 – 18:45 in New York": on the session's own clock, as it is planned. */
export function slotWords({ startsAt, endsAt, timezone }: Times): string {
  const there: Reader = { ...reader(), timeZone: timezone };
  const place = timezone === reader().timeZone ? "" : ` in ${zonePlace(timezone)}`;
  return `${longDate(startsAt, there, new Date())}, ${timeRange(startsAt, endsAt, there)}${place}`;
}

/** "1 person", "3 people". */
export const people = (count: number): string => (count === 1 ? "1 person" : `${count} people`);
