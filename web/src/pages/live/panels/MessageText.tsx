import { linkify } from "./linkify";

/** What somebody wrote: text and links, never HTML. */
export function MessageText({ text }: { text: string }) {
  return (
    <p class="message-text" dir="auto">
      {linkify(text).map((piece) =>
        piece.kind === "text" ? (
          piece.text
        ) : (
          <a href={piece.href} target="_blank" rel="noopener noreferrer nofollow">
            {piece.text}
          </a>
        ),
      )}
    </p>
  );
}
