import { Ban, Check, X } from "lucide-preact";
import { type Permit, sentenceOf } from "../../../protocol/api";
import { type Explained, type PlannedTimeslot, planning } from "../../../protocol/planning";
import { Button, Dialog, ErrorState, Icon, RoleBadge, roleName, Skeleton } from "../../../ui";
import { useResource } from "../../useResource";
import { useEditor } from "../context";
import { permissionWords } from "./permissions";

interface ExplainProps {
  accountId: string;
  name: string;
  slot: PlannedTimeslot;
  onClose: () => void;
}

/** What somebody may do here, and why (S64): each permission with the rule that decides it. */
export function Explain({ accountId, name, slot, onClose }: ExplainProps) {
  const { id } = useEditor();
  const { resource, reload } = useResource(`${accountId} ${slot.id}`, (signal) =>
    planning.explain(id, accountId, slot.id, signal),
  );
  return (
    <Dialog
      title={`What ${name} may do`}
      size="wide"
      onClose={onClose}
      actions={<Button onClick={onClose}>Close</Button>}
    >
      {resource.data && <Reasons explained={resource.data} />}
      {resource.state === "loading" && <Skeleton height="240px" />}
      {resource.state === "failed" && !resource.data && (
        <ErrorState title="That did not load" message={sentenceOf(resource.error)} onRetry={reload} />
      )}
    </Dialog>
  );
}

const SOURCES = { owner: "owns the session", assigned: "given", seat: "by their seat" } as const;

const WHY_ALLOWED: Partial<Record<Permit["rule"], string>> = {
  role: "Their role allows it.",
  session_grant: "They were allowed it, beside their roles.",
  granted: "It was given to them while the room runs.",
  part: "Their part in the programme carries it.",
};

function Reasons({ explained }: { explained: Explained }) {
  const { roles, overrides, permissions } = explained;
  return (
    <div class="editor-fields">
      <ul class="explain-roles">
        {roles.map(({ role, source }, at) => (
          <li key={at}>
            <RoleBadge role={role} /> <span class="editor-note">{SOURCES[source]}</span>
          </li>
        ))}
        {roles.length === 0 && <li class="editor-note">No role in this timeslot.</li>}
      </ul>
      {overrides.length > 0 && (
        <ul class="explain-roles">
          {overrides.map((one) => (
            <li key={one.id}>
              <Icon of={one.effect === "deny" ? Ban : Check} size={16} />
              {one.effect === "deny" ? "Denied" : "Allowed"}: {permissionWords(one.permission)}
              {one.reason && <span class="editor-note"> ({one.reason})</span>}
            </li>
          ))}
        </ul>
      )}
      <table class="explain">
        <caption class="ui-visually-hidden">Permissions and their reasons</caption>
        <thead>
          <tr>
            <th scope="col">May they</th>
            <th scope="col">Why</th>
          </tr>
        </thead>
        <tbody>
          {Object.entries(permissions).map(([permission, permit]) => (
            <tr key={permission}>
              <th scope="row">
                <Icon
                  of={permit.allowed ? Check : X}
                  size={16}
                  class={permit.allowed ? "explain-yes" : "explain-no"}
                />
                <span>
                  {permissionWords(permission)}
                  <span class="ui-visually-hidden">: {permit.allowed ? "yes" : "no"}</span>
                </span>
              </th>
              <td>
                {permit.allowed ? (WHY_ALLOWED[permit.rule] ?? "They may.") : permit.message}
                {!permit.allowed && permit.liftedBy.length > 0 && (
                  <span class="editor-note"> Lifted by: {permit.liftedBy.map(roleName).join(", ")}.</span>
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
