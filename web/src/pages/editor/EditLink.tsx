import { Pencil } from "lucide-preact";
import type { SessionDetail } from "../../protocol/api";
import { LinkButton } from "../../ui";

/** From the session's page to its editor, for those who may change something there or see the roster. */
export function EditLink({ session }: { session: SessionDetail }) {
  const { may, you } = session;
  const useful =
    may["session.edit"]?.allowed === true ||
    may["registrations.view"]?.allowed === true ||
    you.roles.includes("facilitator");
  if (!useful) return null;
  return (
    <LinkButton size="small" icon={Pencil} href={`/sessions/${encodeURIComponent(session.id)}/edit`}>
      Edit
    </LinkButton>
  );
}
