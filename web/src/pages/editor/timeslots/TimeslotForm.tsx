import { CalendarX2, Trash2, Undo2 } from "lucide-preact";
import { useState } from "preact/hooks";
import { type PlannedTimeslot, planning, type Reach } from "../../../protocol/planning";
import { Banner, Button, Select, toast } from "../../../ui";
import { useEditor } from "../context";
import { NumberEdit, SelectEdit, TextEdit, TimeEdit, useBinding } from "../fields";
import { timeslotTarget } from "../model/targets";
import { moments, offsetName, zoneOptions } from "../model/zoned";
import { useAct } from "../useAct";
import { LOCATIONS } from "../words";
import { CallOff } from "./CallOff";

export function TimeslotForm({ slot }: { slot: PlannedTimeslot }) {
  const target = timeslotTarget(slot.id);
  return (
    <div class="timeslot-form">
      {slot.cancelledReason && <Banner tone="danger">Why it was cancelled: {slot.cancelledReason}</Banner>}
      {slot.seriesId && <ReachChoice slot={slot} />}
      <When target={target} />
      <Where target={target} />
      <Registering target={target} />
      <TheRoom target={target} />
      <Actions slot={slot} />
    </div>
  );
}

function ReachChoice({ slot }: { slot: PlannedTimeslot }) {
  const { reaches } = useEditor();
  return (
    <Select
      label="What you change here is for"
      value={reaches.value[slot.id] ?? "one"}
      onChange={(reach) => {
        reaches.value = { ...reaches.value, [slot.id]: reach as Reach };
      }}
      options={[
        { value: "one", label: "This timeslot only" },
        { value: "following", label: "This one and those of its series after it" },
      ]}
    />
  );
}

function When({ target }: { target: string }) {
  const zone = useBinding<string>({ target, field: "timezone" });
  return (
    <section class="editor-fields">
      <h3>When</h3>
      <div class="editor-row editor-times">
        <TimeEdit target={target} field="startsLocal" label="Starts" />
        <NumberEdit target={target} field="durationMin" label="Minutes" min={5} max={1440} />
        <SelectEdit
          target={target}
          field="timezone"
          label="Time zone"
          options={zoneOptions(zone.value ?? "UTC")}
        />
      </div>
      <Twice target={target} zone={zone.value ?? "UTC"} />
    </section>
  );
}

/** When the clocks go back a time comes twice: which of the two. */
function Twice({ target, zone }: { target: string; zone: string }) {
  const starts = useBinding<string>({ target, field: "startsLocal" });
  const later = useBinding<boolean>({ target, field: "later" });
  const both = moments(starts.value ?? "", zone);
  if (both.length < 2) return null;
  return (
    <Select
      label="The clocks go back that night, and this time comes twice"
      value={later.value ? "later" : "first"}
      onChange={(value) => later.set(value === "later")}
      options={[
        { value: "first", label: `The first (${offsetName(both[0] ?? "", zone)})` },
        { value: "later", label: `The second (${offsetName(both[1] ?? "", zone)})` },
      ]}
    />
  );
}

function Where({ target }: { target: string }) {
  const kind = useBinding<string>({ target, field: "locationKind" });
  return (
    <section class="editor-fields">
      <h3>Where</h3>
      <SelectEdit target={target} field="locationKind" label="Place" options={LOCATIONS} />
      {kind.value !== "virtual" && (
        <TextEdit target={target} field="address" label="Address and room" maxLength={500} />
      )}
      {kind.value !== "physical" && (
        <div class="editor-row">
          <TextEdit
            target={target}
            field="externalUrl"
            label="Meeting held elsewhere"
            hint="Its address, if you do not meet in our room. Only people with a seat see it."
            placeholder="https://"
            type="url"
            maxLength={2000}
          />
          <TextEdit
            target={target}
            field="externalPassword"
            label="Its password"
            maxLength={500}
            autoComplete="off"
          />
        </div>
      )}
    </section>
  );
}

function Registering({ target }: { target: string }) {
  return (
    <section class="editor-fields">
      <h3>Registration</h3>
      <SelectEdit
        target={target}
        field="registration"
        label="Registration"
        options={[
          { value: "open", label: "Open, within the times below" },
          { value: "closed", label: "Closed" },
        ]}
      />
      <div class="editor-row editor-times">
        <TimeEdit target={target} field="registrationOpensAt" label="Opens" hint="Empty: at once." />
        <TimeEdit target={target} field="registrationClosesAt" label="Closes" hint="Empty: at the start." />
        <TimeEdit
          target={target}
          field="cancelBy"
          label="Seats can be given back until"
          hint="Empty: until the start."
        />
      </div>
      <div class="editor-row editor-times">
        <NumberEdit
          target={target}
          field="minimum"
          label="Takes place with at least"
          hint="People. Empty: however many come."
          min={1}
          max={10_000}
          clearable
        />
        <TimeEdit
          target={target}
          field="minimumBy"
          label="Cancel it if fewer by"
          hint="Everybody is told by mail."
        />
      </div>
    </section>
  );
}

function TheRoom({ target }: { target: string }) {
  return (
    <section class="editor-fields">
      <h3>The room</h3>
      <div class="editor-row">
        <NumberEdit
          target={target}
          field="roomOpensBeforeMin"
          label="Opens before the start"
          hint="Minutes."
          min={0}
          max={1440}
        />
        <NumberEdit
          target={target}
          field="lateEntryMin"
          label="Lets people in until"
          hint="Minutes after the start. Empty: to the end."
          min={0}
          max={1440}
          clearable
        />
        <NumberEdit
          target={target}
          field="autoEndMin"
          label="Ends by itself when empty for"
          hint="Minutes. Empty: it does not."
          min={1}
          max={1440}
          clearable
        />
      </div>
    </section>
  );
}

function Actions({ slot }: { slot: PlannedTimeslot }) {
  const editor = useEditor();
  const { busy, act } = useAct();
  const [asking, setAsking] = useState(false);
  const only = editor.session.value.timeslots.length === 1;
  const off = slot.label === "Cancelled" && editor.session.value.publication === "published";
  const over = slot.label === "Completed" || slot.label === "Cancelled";
  const go = async (work: (version: number) => ReturnType<typeof planning.putBack>, said: string) => {
    if (await act(work)) toast(said);
  };
  return (
    <div class="editor-buttons">
      {off && (
        <Button
          size="small"
          icon={Undo2}
          busy={busy}
          onClick={() =>
            void go((version) => planning.putBack(slot.id, version), "The timeslot takes place again.")
          }
        >
          Put it back
        </Button>
      )}
      {!only && !over && (
        <Button size="small" icon={CalendarX2} onClick={() => setAsking(true)}>
          Cancel this timeslot
        </Button>
      )}
      {!only && (
        <Button
          size="small"
          kind="quiet"
          icon={Trash2}
          busy={busy}
          onClick={() =>
            void go((version) => planning.removeTimeslot(slot.id, version), "The timeslot is removed.")
          }
        >
          Remove
        </Button>
      )}
      {asking && <CallOff slot={slot} onClose={() => setAsking(false)} />}
    </div>
  );
}
