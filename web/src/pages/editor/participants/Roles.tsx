import { ShieldPlus, X } from "lucide-preact";
import { useState } from "preact/hooks";
import { type Role, sentenceOf } from "../../../protocol/api";
import { planning } from "../../../protocol/planning";
import { Banner, Button, IconButton, RoleBadge, Select, Skeleton, TextField } from "../../../ui";
import { useResource } from "../../useResource";
import { useEditor } from "../context";
import { FormDialog } from "../FormDialog";
import { useAct } from "../useAct";
import { roleOptions } from "../words";

/** Who has a role beyond what their seat gives: organisers, facilitators (S61-S64). */
export function Roles() {
  const editor = useEditor();
  const { actOnPeople } = useAct();
  const [adding, setAdding] = useState(false);
  const { resource } = useResource(`roles ${editor.id} ${editor.roster.value}`, (signal) =>
    planning.roles(editor.id, signal),
  );
  const items = resource.data?.items;
  return (
    <section class="editor-section">
      <div>
        <h2>Roles</h2>
        <p class="editor-note">
          For the whole session, with or without a seat. Roles add up; nobody gives one above their own.
        </p>
      </div>
      {!items && resource.state === "loading" && <Skeleton height="44px" />}
      {resource.state === "failed" && <Banner tone="warning">{sentenceOf(resource.error)}</Banner>}
      {items && items.length > 0 && (
        <ul class="roster-list">
          {items.map((one) => (
            <li key={one.id} class="roster-row">
              <div class="roster-words">
                <span class="roster-line">
                  <bdi class="roster-name">{one.name}</bdi> <RoleBadge role={one.role} />
                </span>
                <span class="editor-note roster-mail">{one.email}</span>
              </div>
              {editor.mayManagePeople && (
                <IconButton
                  size="small"
                  label={`Take the role from ${one.name}`}
                  icon={X}
                  onClick={() => void actOnPeople(() => planning.removeRole(editor.id, one.id))}
                />
              )}
            </li>
          ))}
        </ul>
      )}
      {editor.mayManagePeople && (
        <div class="editor-buttons">
          <Button icon={ShieldPlus} onClick={() => setAdding(true)}>
            Give a role
          </Button>
        </div>
      )}
      {adding && <GiveRole onClose={() => setAdding(false)} />}
    </section>
  );
}

function GiveRole({ onClose }: { onClose: () => void }) {
  const editor = useEditor();
  const [email, setEmail] = useState("");
  const [role, setRole] = useState<Role>("co_facilitator");
  const give = async () => {
    await planning.assignRole(editor.id, email.trim(), role);
    await editor.peopleChanged();
    onClose();
  };
  return (
    <FormDialog title="Give a role" submit="Give it" onClose={onClose} send={give}>
      {(error) => (
        <>
          <TextField
            label="Their email address"
            type="email"
            autoComplete="off"
            value={email}
            onInput={setEmail}
            error={error("email")}
          />
          <Select
            label="Role"
            value={role}
            onChange={(value) => setRole(value as Role)}
            options={roleOptions()}
          />
        </>
      )}
    </FormDialog>
  );
}
