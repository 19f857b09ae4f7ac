import type { Role } from "../protocol/messages.gen";

/** How people are drawn without a picture: initials and a hue that stay the same for them. */

const HUES = 12;
const letters = new Intl.Segmenter(undefined, { granularity: "grapheme" });
const WIDE_SCRIPTS = /\p{Script=Han}|\p{Script=Hiragana}|\p{Script=Katakana}|\p{Script=Hangul}/u;

/** One or two letters: of the first and the last word, or of a single one. "?" for a name without letters. */
export function initialsOf(name: string): string {
  const words = name
    .split(/[\s\u00a0_.·]+/u)
    .map(firstLetter)
    .filter(Boolean);
  const first = words[0];
  const last = words.at(-1);
  if (!first || !last) return "?";
  if (words.length === 1 || WIDE_SCRIPTS.test(first)) return first;
  return first + last;
}

function firstLetter(word: string): string {
  for (const { segment } of letters.segment(word)) {
    if (/[\p{Letter}\p{Number}]/u.test(segment)) return segment.toLocaleUpperCase();
  }
  return "";
}

/** 1 to 12, the same for the same id (FNV-1a over UTF-16 units). */
export function hueOf(id: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < id.length; at += 1) {
    hash = Math.imul(hash ^ id.charCodeAt(at), 0x01000193);
  }
  return ((hash >>> 0) % HUES) + 1;
}

const ROLE_NAMES: Record<Role, string> = {
  organiser: "Organiser",
  facilitator: "Facilitator",
  co_facilitator: "Co-facilitator",
  participant: "Participant",
  observer: "Observer",
};
const RANKS = Object.keys(ROLE_NAMES) as Role[];

export function roleName(role: Role): string {
  return ROLE_NAMES[role];
}

/** The highest of several roles, as one is shown where there is room for one. */
export function highestRole(roles: readonly Role[]): Role | null {
  return RANKS.find((rank) => roles.includes(rank)) ?? null;
}
