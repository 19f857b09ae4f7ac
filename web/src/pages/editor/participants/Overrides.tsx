import { Plus, X } from "lucide-preact";
import { useState } from "preact/hooks";
import { sentenceOf } from "../../../protocol/api";
import { type Override, planning } from "../../../protocol/planning";
import { Badge, Banner, Button, IconButton, Select, TextField } from "../../../ui";
import { useResource } from "../../useResource";
import { useEditor } from "../context";
import { FormDialog } from "../FormDialog";
import { useAct } from "../useAct";
import { permissionWords } from "./permissions";

/** What single people may or may not do, whatever their roles say (S64). */
export function Overrides() {
  const editor = useEditor();
  const { actOnPeople } = useAct();
  const [adding, setAdding] = useState(false);
  const { resource } = useResource(`overrides ${editor.id} ${editor.roster.value}`, (signal) =>
    planning.overrides(editor.id, signal),
  );
  const items = resource.data?.items ?? [];
  return (
    <section class="editor-section">
      <div>
        <h2>Exceptions</h2>
        <p class="editor-note">
          What single people may or may not do, whatever their roles say. A denial always wins.
        </p>
      </div>
      {resource.state === "failed" && <Banner tone="warning">{sentenceOf(resource.error)}</Banner>}
      {items.length > 0 && (
        <ul class="roster-list">
          {items.map((one) => (
            <li key={one.id} class="roster-row">
              <div class="roster-words">
                <span class="roster-line">
                  <bdi class="roster-name">{one.name}</bdi>
                  <Badge tone={one.effect === "deny" ? "danger" : "success"}>
                    {one.effect === "deny" ? "Denied" : "Allowed"}
                  </Badge>
                  <span>{permissionWords(one.permission)}</span>
                </span>
                {one.reason && <span class="editor-note">{one.reason}</span>}
              </div>
              {editor.mayManagePeople && (
                <IconButton
                  size="small"
                  label={`Remove the exception for ${one.name}`}
                  icon={X}
                  onClick={() => void actOnPeople(() => planning.removeOverride(editor.id, one.id))}
                />
              )}
            </li>
          ))}
        </ul>
      )}
      {editor.mayManagePeople && (
        <div class="editor-buttons">
          <Button icon={Plus} onClick={() => setAdding(true)}>
            Add an exception
          </Button>
        </div>
      )}
      {adding && <AddOverride onClose={() => setAdding(false)} />}
    </section>
  );
}

function AddOverride({ onClose }: { onClose: () => void }) {
  const editor = useEditor();
  const permissions = Object.keys(editor.session.value.may).sort();
  const [email, setEmail] = useState("");
  const [permission, setPermission] = useState("chat.send");
  const [effect, setEffect] = useState<Override["effect"]>("deny");
  const [reason, setReason] = useState("");
  const add = async () => {
    await planning.addOverride(editor.id, { email: email.trim(), permission, effect, reason: reason.trim() });
    await editor.peopleChanged();
    onClose();
  };
  return (
    <FormDialog title="Add an exception" submit="Add" onClose={onClose} send={add}>
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
            label="They"
            value={effect}
            onChange={(value) => setEffect(value as Override["effect"])}
            options={[
              { value: "deny", label: "may not" },
              { value: "allow", label: "may" },
            ]}
          />
          <Select
            label="What"
            value={permission}
            onChange={setPermission}
            options={permissions.map((value) => ({ value, label: permissionWords(value) }))}
            error={error("permission")}
          />
          <TextField
            label="Why"
            hint="They see it when they ask why."
            maxLength={500}
            autoComplete="off"
            value={reason}
            onInput={setReason}
            error={error("reason")}
          />
        </>
      )}
    </FormDialog>
  );
}
