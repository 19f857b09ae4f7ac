import { useState } from "preact/hooks";
import { sentenceOf } from "../../protocol/api";
import type { PlannedSession } from "../../protocol/planning";
import { toast } from "../../ui";
import { useEditor } from "./context";

/** For what applies at once: whether it is under way, and a function that does it and says what went wrong. */
export function useAct() {
  const editor = useEditor();
  const [busy, setBusy] = useState(false);
  const run = async (work: () => Promise<void>): Promise<boolean> => {
    setBusy(true);
    try {
      await work();
      return true;
    } catch (error) {
      toast(sentenceOf(error));
      return false;
    } finally {
      setBusy(false);
    }
  };
  return {
    busy,
    /** A change of the session, with the version it is about. */
    act: (work: (version: number) => Promise<PlannedSession>) => run(() => editor.act(work)),
    /** Something done to people. */
    actOnPeople: (work: () => Promise<unknown>) =>
      run(async () => {
        await work();
        await editor.peopleChanged();
      }),
  };
}
