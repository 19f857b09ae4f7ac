import { MailPlus } from "lucide-preact";
import { useState } from "preact/hooks";
import { sentenceOf } from "../../../protocol/api";
import { type Invitation, planning } from "../../../protocol/planning";
import { Badge, Button, Dialog, ErrorState, roleName, Skeleton, shortDateTime, toast } from "../../../ui";
import { useResource } from "../../useResource";
import { reader } from "../../viewer";
import { useEditor } from "../context";
import { NewInvitationDialog } from "./NewInvitation";
import { SecretLink } from "./SecretLink";

/** Personal and shared invitations (S35): their link is shown once. */
export function Invitations() {
  const { id } = useEditor();
  const { resource, reload } = useResource(`invitations ${id}`, (signal) => planning.invitations(id, signal));
  const [making, setMaking] = useState(false);
  const [made, setMade] = useState<(Invitation & { token: string }) | null>(null);
  const [revoking, setRevoking] = useState<Invitation | null>(null);
  return (
    <section class="editor-section">
      <div>
        <h2>Invitations</h2>
        <p class="editor-note">They open the session to whoever holds one, whatever the conditions say.</p>
      </div>
      {resource.data === null && resource.state === "failed" && (
        <ErrorState
          title="The invitations did not load"
          message={sentenceOf(resource.error)}
          onRetry={reload}
        />
      )}
      {resource.state === "loading" && <Skeleton height="56px" />}
      {resource.data && resource.data.items.length > 0 && (
        <ul class="editor-list">
          {resource.data.items.map((one) => (
            <Line key={one.id} invitation={one} onRevoke={() => setRevoking(one)} />
          ))}
        </ul>
      )}
      <div class="editor-buttons">
        <Button icon={MailPlus} onClick={() => setMaking(true)}>
          Invite
        </Button>
      </div>
      {making && (
        <NewInvitationDialog
          onClose={() => setMaking(false)}
          onMade={(invitation) => {
            setMaking(false);
            setMade(invitation);
            reload();
          }}
        />
      )}
      {made && <SecretLink invitation={made} onClose={() => setMade(null)} />}
      {revoking && <Revoke invitation={revoking} onClose={() => setRevoking(null)} onRevoked={reload} />}
    </section>
  );
}

function Line({ invitation, onRevoke }: { invitation: Invitation; onRevoke: () => void }) {
  const { email, maxUses, uses, expiresAt, revokedAt, note } = invitation;
  const expired = expiresAt !== null && Date.parse(expiresAt) < Date.now();
  const used = maxUses !== null && uses >= maxUses;
  const dead = revokedAt ? "Revoked" : expired ? "Expired" : used ? "Used" : null;
  const facts = [
    `for ${whatFor(invitation)}`,
    email ? null : `used ${uses}${maxUses === null ? " times" : ` of ${maxUses}`}`,
    expiresAt && !expired ? `until ${shortDateTime(expiresAt, reader())}` : null,
  ].filter(Boolean);
  return (
    <li class="editor-item invitation">
      <div class="invitation-words">
        <bdi class="invitation-name">{email ?? (note || "To share")}</bdi>
        <span class="editor-note">{facts.join(", ")}</span>
      </div>
      {dead ? (
        <Badge>{dead}</Badge>
      ) : (
        <Button size="small" aria-label={`Revoke the invitation ${email ?? note}`} onClick={onRevoke}>
          Revoke
        </Button>
      )}
    </li>
  );
}

function whatFor({ part, role }: Invitation): string {
  if (role) return `the role ${roleName(role)}`;
  return part ? `a seat as ${part}` : "any seat";
}

interface RevokeProps {
  invitation: Invitation;
  onClose: () => void;
  onRevoked: () => void;
}

function Revoke({ invitation, onClose, onRevoked }: RevokeProps) {
  const { id } = useEditor();
  const [busy, setBusy] = useState(false);
  const go = async () => {
    setBusy(true);
    try {
      await planning.revoke(id, invitation.id);
      toast("The invitation is revoked.");
    } catch (error) {
      toast(sentenceOf(error));
    }
    onClose();
    onRevoked();
  };
  return (
    <Dialog
      alert
      title="Revoke this invitation?"
      onClose={onClose}
      actions={
        <>
          <Button onClick={onClose}>Keep it</Button>
          <Button kind="danger" busy={busy} onClick={() => void go()}>
            Revoke
          </Button>
        </>
      }
    >
      <p>It lets nobody in from now on. Those who have a seat by it keep that.</p>
    </Dialog>
  );
}
