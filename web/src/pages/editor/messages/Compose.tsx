import { Send } from "lucide-preact";
import { useState } from "preact/hooks";
import { ApiError, type RegistrationStatus, type Role, sentenceOf } from "../../../protocol/api";
import { type Audience, planning } from "../../../protocol/planning";
import { Banner, Button, CheckField, roleName, Select, TextArea, TextField, toast } from "../../../ui";
import { useResource } from "../../useResource";
import { useEditor } from "../context";
import { people, ROLES, slotWords, statusWords } from "../words";

const STATUSES: readonly RegistrationStatus[] = [
  "registered",
  "confirmed",
  "attended",
  "no_show",
  "pending",
  "waitlisted",
  "offered",
];

const toggled = <T,>(list: readonly T[], one: T, on: boolean): T[] =>
  on ? [...list, one] : list.filter((other) => other !== one);

/** To everybody, or by role, status and timeslot; it says how many it reaches before it goes. */
export function Compose() {
  const editor = useEditor();
  const { timeslots } = editor.session.value;
  const [timeslot, setTimeslot] = useState("");
  const [roles, setRoles] = useState<Role[]>([]);
  const [statuses, setStatuses] = useState<RegistrationStatus[]>([]);
  const [subject, setSubject] = useState("");
  const [text, setText] = useState("");
  const [errors, setErrors] = useState<Record<string, string>>({});
  const [failure, setFailure] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const [key, setKey] = useState(() => crypto.randomUUID());
  const audience: Audience = { roles, statuses, ...(timeslot ? { timeslotId: timeslot } : {}) };
  const reach = useResource(`${JSON.stringify(audience)} ${editor.roster.value}`, (signal) =>
    planning.previewMessage(editor.id, audience, signal),
  ).resource;
  const send = async () => {
    const missing = {
      ...(subject.trim() ? {} : { subject: "Say what it is about." }),
      ...(text.trim() ? {} : { text: "Write the message." }),
    };
    setErrors(missing);
    if (Object.keys(missing).length > 0) return;
    setBusy(true);
    setFailure(null);
    try {
      const { count } = await planning.sendMessage(
        editor.id,
        { ...audience, subject: subject.trim(), text: text.trim() },
        key,
      );
      setSubject("");
      setText("");
      setKey(crypto.randomUUID());
      editor.roster.value += 1;
      toast(`On its way to ${people(count)}.`);
    } catch (error) {
      setErrors(error instanceof ApiError ? error.fields : {});
      setFailure(sentenceOf(error));
    } finally {
      setBusy(false);
    }
  };
  return (
    <section class="editor-section">
      <h2>Write to participants</h2>
      {failure && (
        <Banner tone="danger" live>
          {failure}
        </Banner>
      )}
      {timeslots.length > 1 && (
        <Select
          label="Of which timeslot"
          class="editor-picker"
          value={timeslot}
          onChange={setTimeslot}
          options={[
            { value: "", label: "All timeslots" },
            ...timeslots.map((slot) => ({ value: slot.id, label: slotWords(slot) })),
          ]}
        />
      )}
      <fieldset class="editor-checks">
        <legend>Only these roles</legend>
        {ROLES.map((role) => (
          <CheckField
            key={role}
            label={roleName(role)}
            checked={roles.includes(role)}
            onChange={(on) => setRoles(toggled(roles, role, on))}
          />
        ))}
      </fieldset>
      <fieldset class="editor-checks">
        <legend>Only these statuses</legend>
        {STATUSES.map((status) => (
          <CheckField
            key={status}
            label={statusWords(status).words}
            checked={statuses.includes(status)}
            onChange={(on) => setStatuses(toggled(statuses, status, on))}
          />
        ))}
      </fieldset>
      <p class="editor-note" role="status">
        {reach.data
          ? reachWords(reach.data.count)
          : reach.state === "failed"
            ? sentenceOf(reach.error)
            : "Counting…"}
        {roles.length + statuses.length === 0 && " That is everybody with a seat or a role, but you."}
      </p>
      <TextField
        label="Subject"
        maxLength={200}
        autoComplete="off"
        value={subject}
        onInput={setSubject}
        error={errors["subject"]}
      />
      <TextArea label="Message" maxLength={10_000} value={text} onInput={setText} error={errors["text"]} />
      <div class="editor-buttons">
        <Button
          icon={Send}
          busy={busy}
          disabledReason={reach.data?.count === 0 ? "There is nobody to write to." : null}
          onClick={() => void send()}
        >
          Send
        </Button>
      </div>
    </section>
  );
}

function reachWords(count: number): string {
  if (count === 0) return "It reaches nobody.";
  return `It reaches ${people(count)}.`;
}
