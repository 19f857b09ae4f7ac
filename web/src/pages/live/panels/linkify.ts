/** Finds web addresses in a chat message. Everything else stays text: messages are never read as HTML. */

export type Piece = { kind: "text"; text: string } | { kind: "link"; text: string; href: string };

const CANDIDATE = /https?:\/\/[^\s<>"`]+/giu;

/** Splits a message into plain text and links; the texts joined together are the message again. */
export function linkify(message: string): Piece[] {
  const pieces: Piece[] = [];
  let from = 0;
  for (const match of message.matchAll(CANDIDATE)) {
    const text = withoutClosingPunctuation(match[0]);
    const href = webAddress(text);
    if (href === null) continue;
    if (match.index > from) pieces.push({ kind: "text", text: message.slice(from, match.index) });
    pieces.push({ kind: "link", text, href });
    from = match.index + text.length;
  }
  if (from < message.length) pieces.push({ kind: "text", text: message.slice(from) });
  return pieces;
}

/** The punctuation that ends a sentence is not part of the address; a bracket is, if the address opened it. */
function withoutClosingPunctuation(candidate: string): string {
  let text = candidate;
  for (;;) {
    const last = text.at(-1) ?? "";
    const unopened = last === ")" && count(text, ")") > count(text, "(");
    if (!unopened && !".,;:!?'…»”’]}*_".includes(last)) return text;
    if (last === "") return text;
    text = text.slice(0, -1);
  }
}

function count(text: string, character: string): number {
  return text.split(character).length - 1;
}

/** Only http and https with a host, and without a name or password in front, which serve to disguise the host. */
function webAddress(text: string): string | null {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    return null;
  }
  const web = url.protocol === "http:" || url.protocol === "https:";
  return web && url.hostname !== "" && url.username === "" && url.password === "" ? url.href : null;
}
