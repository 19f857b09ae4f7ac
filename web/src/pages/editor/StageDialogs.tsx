import { useState } from "preact/hooks";
import { ApiError, sentenceOf } from "../../protocol/api";
import { planning } from "../../protocol/planning";
import { Banner, Button, Dialog, navigate, TextArea, TextField, toast } from "../../ui";
import { useResource } from "../useResource";
import { useEditor } from "./context";
import { useAct } from "./useAct";
import { people } from "./words";

interface DialogProps {
  onClose: () => void;
}

/** M9: how many letters go out, which cannot be recalled, before anything happens. */
export function CancelSession({ onClose }: DialogProps) {
  const { id } = useEditor();
  const { busy, act } = useAct();
  const [reason, setReason] = useState("");
  const { resource } = useResource(`cancel ${id}`, (signal) => planning.previewCancelling(id, signal));
  const go = async () => {
    if (!(await act(() => planning.cancel(id, reason.trim())))) return;
    onClose();
    toast("The session is cancelled.");
  };
  return (
    <Dialog
      alert
      title="Cancel this session?"
      onClose={onClose}
      actions={
        <>
          <Button onClick={onClose}>Keep it</Button>
          <Button kind="danger" busy={busy} onClick={() => void go()}>
            Cancel the session
          </Button>
        </>
      }
    >
      <div class="editor-fields">
        <p>{resource.data ? mailWords(resource.data.mails) : "Counting the people who will be told…"}</p>
        <TextArea
          label="Why"
          hint="It stands in the mail and on the session's page. You may leave it empty."
          maxLength={2000}
          value={reason}
          onInput={setReason}
        />
      </div>
    </Dialog>
  );
}

export function mailWords(mails: number): string {
  if (mails === 0) return "Nobody has registered, so no mail is sent. You can reopen it later.";
  return `${people(mails)} ${mails === 1 ? "gets" : "get"} a mail, which cannot be recalled. You can reopen it later.`;
}

/** M13: for good, so the title is typed; where people have registered, cancelling and the archive are the way. */
export function DeleteSession({ onClose }: DialogProps) {
  const { id, session } = useEditor();
  const { title } = session.value;
  const [typed, setTyped] = useState("");
  const [failure, setFailure] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const matches = typed.trim() === title.trim();
  const go = async () => {
    setBusy(true);
    setFailure(null);
    try {
      await planning.remove(id, typed.trim());
      navigate("/my-sessions");
      toast("The session is deleted.");
    } catch (error) {
      const registered = error instanceof ApiError && error.code === "session.has_registrations";
      setFailure(
        registered
          ? "People have registered. Cancel the session, then archive it: it leaves the lists, and everybody is told."
          : sentenceOf(error),
      );
    } finally {
      setBusy(false);
    }
  };
  return (
    <Dialog
      alert
      title="Delete this session for good?"
      onClose={onClose}
      actions={
        <>
          <Button onClick={onClose}>Keep it</Button>
          <Button
            kind="danger"
            busy={busy}
            disabledReason={matches ? null : "Type the title first."}
            onClick={() => void go()}
          >
            Delete
          </Button>
        </>
      }
    >
      <div class="editor-fields">
        {failure && (
          <Banner tone="danger" live>
            {failure}
          </Banner>
        )}
        <p>
          It goes with its timeslots, its agenda and everything people answered. Cancelling keeps all that,
          tells those who registered, and can be taken back.
        </p>
        <TextField
          label={`To confirm, type the title: ${title}`}
          autoComplete="off"
          value={typed}
          onInput={setTyped}
        />
      </div>
    </Dialog>
  );
}
