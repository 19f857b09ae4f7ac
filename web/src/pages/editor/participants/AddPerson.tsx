import { useState } from "preact/hooks";
import { ApiError, sentenceOf } from "../../../protocol/api";
import { type PlannedTimeslot, planning } from "../../../protocol/planning";
import { Banner, Button, Dialog, Select, TextField, toast } from "../../../ui";
import { useEditor } from "../context";

/** Gives somebody with an account a seat. Others are invited. */
export function AddPerson({ slot, onClose }: { slot: PlannedTimeslot; onClose: () => void }) {
  const editor = useEditor();
  const [email, setEmail] = useState("");
  const [seat, setSeat] = useState(
    slot.seats.find(({ part }) => part === "guest")?.kind ?? slot.seats[0]?.kind ?? "",
  );
  const [errors, setErrors] = useState<Record<string, string>>({});
  const [failure, setFailure] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const add = async () => {
    if (email.trim() === "") return setErrors({ email: "Enter their email address." });
    setBusy(true);
    setErrors({});
    setFailure(null);
    try {
      const person = await planning.addPerson(slot.id, { email: email.trim(), seatKindId: seat });
      await editor.peopleChanged();
      onClose();
      toast(`${person.name} has a seat.`);
    } catch (error) {
      const fields = error instanceof ApiError ? error.fields : {};
      setErrors(fields);
      setFailure(Object.keys(fields).length > 0 ? null : sentenceOf(error));
    } finally {
      setBusy(false);
    }
  };
  return (
    <Dialog
      title="Add a person"
      onClose={onClose}
      actions={
        <>
          <Button onClick={onClose}>Close</Button>
          <Button kind="primary" busy={busy} onClick={() => void add()}>
            Add
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
        <TextField
          label="Their email address"
          hint="They need an account here. Whoever has none is invited, under Seats & conditions."
          type="email"
          autoComplete="off"
          value={email}
          onInput={setEmail}
          error={errors["email"]}
        />
        <Select
          label="Seat"
          value={seat}
          onChange={setSeat}
          options={slot.seats.map((one) => ({
            value: one.kind,
            label: one.max !== null && one.taken >= one.max ? `${one.name} (full)` : one.name,
          }))}
          error={errors["seatKindId"]}
        />
      </div>
    </Dialog>
  );
}
