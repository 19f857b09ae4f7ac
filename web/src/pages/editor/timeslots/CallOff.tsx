import { useState } from "preact/hooks";
import { type PlannedTimeslot, planning, type Reach } from "../../../protocol/planning";
import { Button, Dialog, Select, TextArea, toast } from "../../../ui";
import { useResource } from "../../useResource";
import { mailWords } from "../StageDialogs";
import { useAct } from "../useAct";
import { slotWords } from "../words";

/** One timeslot, or it and those that follow: how many letters go out before anything happens. */
export function CallOff({ slot, onClose }: { slot: PlannedTimeslot; onClose: () => void }) {
  const { busy, act } = useAct();
  const [reach, setReach] = useState<Reach>("one");
  const [reason, setReason] = useState("");
  const { resource } = useResource(`${slot.id} ${reach}`, (signal) =>
    planning.previewCallingOff(slot.id, reach, signal),
  );
  const go = async () => {
    if (!(await act((version) => planning.callOff(slot.id, version, reason.trim(), reach)))) return;
    onClose();
    toast(reach === "one" ? "The timeslot is cancelled." : "The timeslots are cancelled.");
  };
  return (
    <Dialog
      alert
      title="Cancel this timeslot?"
      onClose={onClose}
      actions={
        <>
          <Button onClick={onClose}>Keep it</Button>
          <Button kind="danger" busy={busy} onClick={() => void go()}>
            {reach === "following" && resource.data
              ? `Cancel ${resource.data.timeslots} timeslots`
              : "Cancel the timeslot"}
          </Button>
        </>
      }
    >
      <div class="editor-fields">
        <p>{slotWords(slot)}</p>
        {slot.seriesId && (
          <Select
            label="Which"
            value={reach}
            onChange={(value) => setReach(value as Reach)}
            options={[
              { value: "one", label: "This one only" },
              { value: "following", label: "This one and those of its series after it" },
            ]}
          />
        )}
        <p>{resource.data ? mailWords(resource.data.mails) : "Counting the people who will be told…"}</p>
        <TextArea
          label="Why"
          hint="It stands in the mail. You may leave it empty."
          maxLength={2000}
          value={reason}
          onInput={setReason}
        />
      </div>
    </Dialog>
  );
}
