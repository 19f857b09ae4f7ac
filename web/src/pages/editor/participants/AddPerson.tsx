import { useState } from "preact/hooks";
import { type PlannedTimeslot, planning } from "../../../protocol/planning";
import { Select, TextField, toast } from "../../../ui";
import { useEditor } from "../context";
import { FormDialog } from "../FormDialog";

/** Gives somebody with an account a seat. Others are invited. */
export function AddPerson({ slot, onClose }: { slot: PlannedTimeslot; onClose: () => void }) {
  const editor = useEditor();
  const [email, setEmail] = useState("");
  const [seat, setSeat] = useState(
    slot.seats.find(({ part }) => part === "guest")?.kind ?? slot.seats[0]?.kind ?? "",
  );
  const add = async () => {
    const person = await planning.addPerson(slot.id, { email: email.trim(), seatKindId: seat });
    await editor.peopleChanged();
    onClose();
    toast(`${person.name} has a seat.`);
  };
  return (
    <FormDialog
      title="Add a person"
      submit="Add"
      onClose={onClose}
      check={() => (email.trim() === "" ? { email: "Enter their email address." } : {})}
      send={add}
    >
      {(error) => (
        <>
          <TextField
            label="Their email address"
            hint="They need an account here. Whoever has none is invited, under Seats & conditions."
            type="email"
            autoComplete="off"
            value={email}
            onInput={setEmail}
            error={error("email")}
          />
          <Select
            label="Seat"
            value={seat}
            onChange={setSeat}
            options={slot.seats.map((one) => ({
              value: one.kind,
              label: one.max !== null && one.taken >= one.max ? `${one.name} (full)` : one.name,
            }))}
            error={error("seatKindId")}
          />
        </>
      )}
    </FormDialog>
  );
}
