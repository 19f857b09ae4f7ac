import { SendHorizontal } from "lucide-preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import type { RoomSession } from "../../../session";
import { IconButton } from "../../../ui";

const LONGEST = 4000;
/** From here on the space that is left is shown. */
const SHOW_LEFT = 200;

/** Enter sends, Shift+Enter starts a line. A failed message stays in the log with a way to send it again. */
export function Composer({ session }: { session: RoomSession }) {
  const [text, setText] = useState("");
  const field = useRef<HTMLTextAreaElement>(null);
  const permit = session.permit("chat.send");

  useLayoutEffect(() => {
    const element = field.current;
    if (element === null) return;
    element.style.height = "auto";
    element.style.height = `${element.scrollHeight + 2}px`;
  }, [text]);

  if (!permit.allowed) return <p class="composer-refused">{permit.message}</p>;
  const written = text.trim();
  const send = () => {
    if (written === "") return;
    void session.chat.send(written);
    setText("");
    field.current?.focus();
  };
  return (
    <form
      class="composer"
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      <textarea
        ref={field}
        class="composer-field"
        aria-label="Message"
        placeholder="Write to everyone"
        rows={1}
        maxLength={LONGEST}
        dir="auto"
        enterkeyhint="send"
        value={text}
        onInput={(event) => setText(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
          event.preventDefault();
          send();
        }}
      />
      {LONGEST - text.length <= SHOW_LEFT && (
        <span class="composer-left numbers" role="status">
          {LONGEST - text.length}
        </span>
      )}
      <IconButton
        type="submit"
        label="Send"
        icon={SendHorizontal}
        kind={written === "" ? "quiet" : "primary"}
      />
    </form>
  );
}
