import type { ComponentChildren } from "preact";
import { useId, useLayoutEffect, useRef, useState } from "preact/hooks";
import { ApiError, sentenceOf } from "../../protocol/api";
import { Banner, Button, Dialog, focusFirstError } from "../../ui";

type Errors = Record<string, string>;

interface FormDialogProps {
  title: string;
  size?: "normal" | "wide";
  /** What the button says that sends it. */
  submit: string;
  onClose: () => void;
  /** What is seen to be wrong here already, by field. */
  check?: () => Errors;
  /** Closing afterwards is its own affair. */
  send: () => Promise<void>;
  /** Draws the fields; what it is given tells the sentence beside one. */
  children: (error: (field: string) => string | undefined) => ComponentChildren;
}

/** A dialog that is filled in and sent. Refusals stand beside their fields, or above where they concern none that is shown. */
export function FormDialog({ title, size, submit, onClose, check, send, children }: FormDialogProps) {
  const id = useId();
  const form = useRef<HTMLFormElement>(null);
  const shown = new Set<string>();
  const [errors, setErrors] = useState<Errors>({});
  const [failure, setFailure] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);

  useLayoutEffect(() => focusFirstError(form.current), [errors]);

  const go = async () => {
    const found = check?.() ?? {};
    setErrors(found);
    setFailure(null);
    if (Object.keys(found).length > 0) return;
    setBusy(true);
    try {
      await send();
    } catch (error) {
      const fields = error instanceof ApiError ? error.fields : {};
      setErrors(fields);
      if (!Object.keys(fields).some((field) => shown.has(field))) setFailure(sentenceOf(error));
    } finally {
      setBusy(false);
    }
  };
  return (
    <Dialog
      title={title}
      {...(size ? { size } : {})}
      onClose={onClose}
      actions={
        <>
          <Button onClick={onClose}>Close</Button>
          <Button kind="primary" type="submit" form={id} busy={busy}>
            {submit}
          </Button>
        </>
      }
    >
      <form
        id={id}
        ref={form}
        class="editor-fields"
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          if (!busy) void go();
        }}
      >
        {failure && (
          <Banner tone="danger" live>
            {failure}
          </Banner>
        )}
        {children((field) => {
          shown.add(field);
          return errors[field];
        })}
      </form>
    </Dialog>
  );
}
