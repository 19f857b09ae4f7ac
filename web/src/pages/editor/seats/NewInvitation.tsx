import { useState } from "preact/hooks";
import type { Role } from "../../../protocol/api";
import { type Invitation, type NewInvitation, planning } from "../../../protocol/planning";
import { NumberField, roleName, Select, TextField, thisReader } from "../../../ui";
import { useEditor } from "../context";
import { FormDialog } from "../FormDialog";
import { momentOf } from "../model/zoned";
import { ROLES, slotWords } from "../words";

interface NewInvitationProps {
  onClose: () => void;
  onMade: (invitation: Invitation & { token: string }) => void;
}

/** For one person, by mail; or a link to share, for so many people. */
export function NewInvitationDialog({ onClose, onMade }: NewInvitationProps) {
  const { id, session } = useEditor();
  const [personal, setPersonal] = useState(true);
  const [email, setEmail] = useState("");
  const [opens, setOpens] = useState("");
  const [slot, setSlot] = useState("");
  const [uses, setUses] = useState<number | null>(10);
  const [until, setUntil] = useState("");
  const [note, setNote] = useState("");
  const { timeslots } = session.value;
  const parts = new Map(timeslots.flatMap((one) => one.seats.map((seat) => [seat.part, seat.name] as const)));
  const make = async () => {
    const [kind, value = ""] = opens.split(":");
    const expiresAt = until ? momentOf(until, thisReader().timeZone) : null;
    const body: NewInvitation = {
      ...(personal ? { email: email.trim() } : {}),
      ...(!personal && uses !== null ? { maxUses: uses } : {}),
      ...(kind === "part" ? { part: value } : {}),
      ...(kind === "role" ? { role: value as Role } : {}),
      ...(slot ? { timeslotId: slot } : {}),
      ...(expiresAt ? { expiresAt } : {}),
      ...(note.trim() ? { note: note.trim() } : {}),
    };
    onMade(await planning.invite(id, body));
  };
  return (
    <FormDialog
      title="Invite"
      submit={personal ? "Send the invitation" : "Make the link"}
      onClose={onClose}
      check={() => (personal && email.trim() === "" ? { email: "Enter their email address." } : {})}
      send={make}
    >
      {(error) => (
        <>
          <Select
            label="Whom"
            value={personal ? "one" : "many"}
            onChange={(value) => setPersonal(value === "one")}
            options={[
              { value: "one", label: "One person, by mail" },
              { value: "many", label: "Several people, by a link to share" },
            ]}
          />
          {personal ? (
            <TextField
              label="Their email address"
              type="email"
              autoComplete="off"
              value={email}
              onInput={setEmail}
              error={error("email")}
            />
          ) : (
            <NumberField
              label="How many may use it"
              hint="Empty: without limit."
              min={1}
              max={10_000}
              value={uses}
              onNumber={setUses}
              error={error("maxUses")}
            />
          )}
          <Select
            label="To what"
            value={opens}
            onChange={setOpens}
            options={[
              { value: "", label: "Any seat that is free to take" },
              ...[...parts].map(([part, name]) => ({ value: `part:${part}`, label: `A seat as ${name}` })),
              ...ROLES.map((role) => ({ value: `role:${role}`, label: `The role ${roleName(role)}` })),
            ]}
            error={error("part") ?? error("role")}
          />
          {timeslots.length > 1 && (
            <Select
              label="Timeslot"
              value={slot}
              onChange={setSlot}
              options={[
                { value: "", label: "All timeslots" },
                ...timeslots.map((one) => ({ value: one.id, label: slotWords(one) })),
              ]}
              error={error("timeslotId")}
            />
          )}
          <TextField
            label="Good until"
            hint="Empty: until the session is over."
            type="datetime-local"
            value={until}
            onInput={setUntil}
            error={error("expiresAt")}
          />
          <TextField
            label={personal ? "A word to them" : "A note to yourself"}
            maxLength={500}
            autoComplete="off"
            value={note}
            onInput={setNote}
            error={error("note")}
          />
        </>
      )}
    </FormDialog>
  );
}
