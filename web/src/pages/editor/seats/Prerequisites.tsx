import { type Prerequisite, planning } from "../../../protocol/planning";
import { Select, TextField } from "../../../ui";
import { useResource } from "../../useResource";
import { useEditor } from "../context";
import { EditList, freshId } from "./EditList";

/** What somebody needs before they can register: to have been in another session, or to declare something (S45). */
export function Prerequisites() {
  const { id } = useEditor();
  const { resource } = useResource("own sessions", (signal) => planning.own(signal));
  const others = (resource.data?.items ?? []).filter((card) => card.id !== id);
  return (
    <EditList<Prerequisite>
      field="prerequisites"
      title="Prerequisites"
      note="What somebody needs before they can register."
      addLabel="Add a prerequisite"
      nameOf={({ text }) => `the prerequisite ${text}`}
      create={() => ({
        id: freshId(),
        kind: "declaration",
        text: "I have done this before.",
        sessionId: null,
        mode: "block",
      })}
      draw={(needed, change, errorOf) => (
        <>
          <TextField
            label="In words"
            maxLength={500}
            autoComplete="off"
            value={needed.text}
            onInput={(text) => change({ ...needed, text })}
            error={needed.text.trim() === "" ? "Say what is needed." : errorOf("text")}
          />
          <div class="editor-row">
            <Select
              label="Shown by"
              value={needed.sessionId ?? ""}
              onChange={(session) => change(shownBy(needed, session))}
              options={[
                { value: "", label: "Their own word" },
                ...others.map((card) => ({ value: card.id, label: `Having been in “${card.title}”` })),
                ...unknown(needed, others),
              ]}
              error={errorOf("sessionId")}
            />
            <Select
              label="Without it"
              value={needed.mode}
              onChange={(mode) => change({ ...needed, mode: mode as Prerequisite["mode"] })}
              options={[
                { value: "block", label: "Nobody registers" },
                { value: "warn", label: "They are told, and may register" },
              ]}
            />
          </div>
        </>
      )}
    />
  );
}

function shownBy(needed: Prerequisite, session: string): Prerequisite {
  return session
    ? { ...needed, kind: "completed_session", sessionId: session }
    : { ...needed, kind: "declaration", sessionId: null };
}

/** A session that is not in one's own list stays what it was. */
function unknown(needed: Prerequisite, known: { id: string }[]): { value: string; label: string }[] {
  const { sessionId } = needed;
  if (!sessionId || known.some(({ id }) => id === sessionId)) return [];
  return [{ value: sessionId, label: "Having been in another session" }];
}
