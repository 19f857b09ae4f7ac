import { useEffect, useState } from "preact/hooks";
import { Button, Dialog, navigate } from "../../ui";
import { standing } from "./model/draft";
import type { SessionEditor } from "./model/editor";

/** Keeps somebody from leaving with words that are not saved: links wait for the last save, and ask when it fails.
 *  Draw what it returns. */
export function useLeaving(editor: SessionEditor) {
  const [asking, setAsking] = useState<string | null>(null);
  useEffect(() => {
    const { autosave } = editor;
    const unsafe = () => {
      const { unsaved, held } = standing(autosave.draft.value);
      return unsaved || held;
    };
    const unload = (event: BeforeUnloadEvent) => {
      if (!unsafe()) return;
      void autosave.flush();
      event.preventDefault();
    };
    const click = (event: MouseEvent) => {
      const to = wayOut(event);
      if (to === null || !unsafe()) return;
      event.preventDefault();
      event.stopPropagation();
      void autosave.flush().then((safe) => (safe ? navigate(to) : setAsking(to)));
    };
    window.addEventListener("beforeunload", unload);
    document.addEventListener("click", click, true);
    return () => {
      window.removeEventListener("beforeunload", unload);
      document.removeEventListener("click", click, true);
      // The browser's Back cannot be held: what is left goes out behind it.
      void autosave.flush().finally(() => autosave.close());
    };
  }, [editor]);
  if (asking === null) return null;
  return (
    <Dialog
      alert
      title="Leave without saving?"
      onClose={() => setAsking(null)}
      actions={
        <>
          <Button autofocus onClick={() => setAsking(null)}>
            Stay
          </Button>
          <Button kind="danger" onClick={() => navigate(asking)}>
            Leave
          </Button>
        </>
      }
    >
      <p>Some of what you changed is not saved. It is lost when you leave this page.</p>
    </Dialog>
  );
}

/** Where a click leads that would leave the page, or null. */
function wayOut(event: MouseEvent): string | null {
  if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return null;
  const link = (event.target as Element).closest?.("a[href]") as HTMLAnchorElement | null;
  if (!link || link.target || link.hasAttribute("download") || link.origin !== location.origin) return null;
  if (link.pathname === location.pathname || link.pathname.startsWith("/api/")) return null;
  return link.pathname + link.search;
}
