import { Check, Copy } from "lucide-preact";
import { useState } from "preact/hooks";
import type { Invitation } from "../../../protocol/planning";
import { Button, Dialog, toast } from "../../../ui";

interface SecretLinkProps {
  invitation: Invitation & { token: string };
  onClose: () => void;
}

/** The only time that the link of an invitation can be seen. */
export function SecretLink({ invitation, onClose }: SecretLinkProps) {
  const [copied, setCopied] = useState(false);
  const link = `${location.origin}/invitation#${invitation.token}`; // a fragment never reaches a log
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(link);
      setCopied(true);
    } catch {
      toast("The browser did not allow copying. Select the link and copy it yourself.");
    }
  };
  return (
    <Dialog
      title="The invitation"
      onClose={onClose}
      actions={
        <>
          <Button onClick={onClose}>Done</Button>
          <Button kind="primary" icon={copied ? Check : Copy} onClick={() => void copy()}>
            {copied ? "Copied" : "Copy the link"}
          </Button>
        </>
      }
    >
      <div class="editor-fields">
        <p>
          {invitation.email
            ? `A mail with it goes to ${invitation.email}. The link is shown this once.`
            : "Copy it now: it is shown this once. Whoever has it can use it."}
        </p>
        <output class="editor-secret">{link}</output>
      </div>
    </Dialog>
  );
}
