import { Check, CircleAlert, CloudOff, LoaderCircle, Pencil } from "lucide-preact";
import { Button, classes, clock, Icon, type LucideIcon } from "../../ui";
import { reader } from "../viewer";
import { useEditor } from "./context";
import { standing } from "./model/draft";

/** Beside the title: whether what was typed is safe. */
export function SaveState() {
  const { autosave } = useEditor();
  const { held } = standing(autosave.draft.value);
  const at = autosave.savedAt.value;
  const failed = autosave.phase.value === "failed";
  const [icon, words] = look(autosave.phase.value, held, at && clock(at.toISOString(), reader()));
  return (
    <div class="editor-save">
      <p role="status" class={classes("editor-save-words numbers", (failed || held) && "editor-save-not")}>
        {icon && <Icon of={icon} size={16} />}
        {words}
        {failed && ` ${autosave.trouble.value ?? ""}`}
      </p>
      {failed && (
        <Button size="small" kind="quiet" onClick={() => void autosave.flush()}>
          Try again
        </Button>
      )}
    </div>
  );
}

function look(phase: string, held: boolean, at: string | null): [LucideIcon | null, string] {
  if (phase === "saving") return [LoaderCircle, "Saving…"];
  if (phase === "failed") return [CloudOff, "Not saved yet."];
  if (phase === "waiting") return [Pencil, "Not saved yet"];
  if (held) return [CircleAlert, "Some changes are not saved: see the marked fields"];
  return at ? [Check, `Auto-saved ${at}`] : [null, "Saves by itself"];
}
