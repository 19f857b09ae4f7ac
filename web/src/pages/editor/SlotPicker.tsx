import { useState } from "preact/hooks";
import type { PlannedTimeslot } from "../../protocol/planning";
import { Select } from "../../ui";
import { useEditor } from "./context";
import { slotWords } from "./words";

/** The timeslot that a tab is about, with the choice where there are several. */
export function useSlot(): { slot: PlannedTimeslot; picker: preact.JSX.Element | null } {
  const session = useEditor().session.value;
  const [chosen, setChosen] = useState(session.timeslot.id);
  const slot = session.timeslots.find(({ id }) => id === chosen) ?? session.timeslot;
  const picker =
    session.timeslots.length > 1 ? (
      <Select
        label="Timeslot"
        class="editor-picker"
        value={slot.id}
        onChange={setChosen}
        options={session.timeslots.map((one) => ({
          value: one.id,
          label: `${slotWords(one)}${one.label === "Cancelled" ? " (cancelled)" : ""}`,
        }))}
      />
    ) : null;
  return { slot, picker };
}
