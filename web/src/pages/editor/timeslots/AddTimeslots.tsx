import { useState } from "preact/hooks";
import { type LocationKind, type NewTimeslot, planning } from "../../../protocol/planning";
import { NumberField, Select, TextField, toast } from "../../../ui";
import { useEditor } from "../context";
import { FormDialog } from "../FormDialog";
import { type Repeat, ruleInWords, ruleOf } from "../model/recurrence";
import { wallClock, zoneOptions } from "../model/zoned";
import { LOCATIONS } from "../words";
import { RepeatFields } from "./RepeatFields";
import { SeriesPreview } from "./SeriesPreview";

const WEEK_MS = 7 * 24 * 3600_000;

/** One more timeslot, or a series by a rule; its seats are those of the last. */
export function AddTimeslots({ onClose }: { onClose: () => void }) {
  const editor = useEditor();
  const slots = editor.session.value.timeslots;
  const last = slots.at(-1) ?? editor.session.value.timeslot;
  const [starts, setStarts] = useState(() => {
    const zone = last.timezone;
    const next = new Date(Date.parse(last.startsAt) + WEEK_MS).toISOString();
    return `${wallClock(next, zone).slice(0, 10)}${wallClock(last.startsAt, zone).slice(10)}`;
  });
  const [minutes, setMinutes] = useState(last.durationMin);
  const [zone, setZone] = useState(last.timezone);
  const [kind, setKind] = useState<LocationKind>(last.location.kind);
  const [address, setAddress] = useState(last.location.address ?? "");
  const [repeat, setRepeat] = useState<Repeat | null>(null);
  const rule = repeat && ruleOf(repeat, starts);
  const body: NewTimeslot = {
    startsLocal: starts,
    durationMin: minutes,
    timezone: zone,
    location: { kind, address: kind === "virtual" ? null : address.trim() || null },
    externalMeeting: last.externalMeeting,
    seatsFrom: last.id,
    ...(rule ? { recurrence: rule } : {}),
  };
  const add = async () => {
    await editor.act((version) => planning.addTimeslots(editor.id, version, body));
    onClose();
    toast("Added.");
  };
  return (
    <FormDialog
      title="Add timeslots"
      size="wide"
      submit={rule ? "Add the series" : "Add"}
      onClose={onClose}
      send={add}
    >
      {(error) => (
        <>
          <div class="editor-row editor-times">
            <TextField
              label={repeat ? "The first starts" : "Starts"}
              type="datetime-local"
              value={starts}
              onInput={setStarts}
              error={error("startsLocal")}
            />
            <NumberField
              label="Minutes"
              min={5}
              max={1440}
              value={minutes}
              onNumber={(value) => value !== null && setMinutes(value)}
              error={error("durationMin")}
            />
            <Select label="Time zone" value={zone} onChange={setZone} options={zoneOptions(zone)} />
          </div>
          <div class="editor-row">
            <Select
              label="Place"
              value={kind}
              onChange={(value) => setKind(value as LocationKind)}
              options={LOCATIONS}
            />
            {kind !== "virtual" && (
              <TextField
                label="Address and room"
                maxLength={500}
                autoComplete="off"
                value={address}
                onInput={setAddress}
              />
            )}
          </div>
          <RepeatFields first={starts} value={repeat} onChange={setRepeat} />
          {rule && (
            <>
              <p class="timeslot-rule">{ruleInWords(rule)}</p>
              <SeriesPreview body={body} />
            </>
          )}
        </>
      )}
    </FormDialog>
  );
}
