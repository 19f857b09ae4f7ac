import { CheckField, NumberField, Select, TextField } from "../../../ui";
import {
  dayName,
  type Frequency,
  nthOf,
  type Repeat,
  WEEKDAYS,
  type Weekday,
  weekdayOf,
} from "../model/recurrence";

interface RepeatFieldsProps {
  /** The local start of the first. */
  first: string;
  value: Repeat | null;
  onChange: (value: Repeat | null) => void;
}

const NTH: Record<number, string> = { 1: "first", 2: "second", 3: "third", 4: "fourth", [-1]: "last" };

/** How it repeats, in words: every so often, on which days, how long. */
export function RepeatFields({ first, value, onChange }: RepeatFieldsProps) {
  const start = (frequency: Frequency): Repeat => ({
    frequency,
    interval: value?.interval ?? 1,
    days: frequency === "WEEKLY" ? [weekdayOf(first)] : [],
    nth: null,
    end: value?.end ?? { count: 6 },
  });
  return (
    <>
      <Select
        label="Repeats"
        value={value?.frequency ?? ""}
        onChange={(frequency) => onChange(frequency ? start(frequency as Frequency) : null)}
        options={[
          { value: "", label: "Once" },
          { value: "DAILY", label: "Daily" },
          { value: "WEEKLY", label: "Weekly" },
          { value: "MONTHLY", label: "Monthly" },
        ]}
      />
      {value && <Details first={first} value={value} onChange={onChange} />}
    </>
  );
}

const UNITS: Record<Frequency, string> = { DAILY: "days", WEEKLY: "weeks", MONTHLY: "months" };

function Details({ first, value, onChange }: RepeatFieldsProps & { value: Repeat }) {
  const toggle = (day: Weekday, on: boolean) =>
    onChange({ ...value, days: on ? [...value.days, day] : value.days.filter((one) => one !== day) });
  const nth = nthOf(first);
  return (
    <>
      <NumberField
        label={`Every so many ${UNITS[value.frequency]}`}
        min={1}
        max={52}
        value={value.interval}
        onNumber={(interval) => interval !== null && onChange({ ...value, interval })}
      />
      {value.frequency === "WEEKLY" && (
        <fieldset class="editor-checks">
          <legend>On</legend>
          {WEEKDAYS.map((day) => (
            <CheckField
              key={day}
              label={dayName(day)}
              checked={value.days.includes(day)}
              onChange={(on) => toggle(day, on)}
            />
          ))}
        </fieldset>
      )}
      {value.frequency === "MONTHLY" && (
        <Select
          label="On"
          value={value.nth === null ? "date" : "nth"}
          onChange={(choice) => onChange({ ...value, nth: choice === "nth" ? nth : null })}
          options={[
            { value: "date", label: `Day ${Number(first.slice(8, 10))} of the month` },
            { value: "nth", label: `The ${NTH[nth]} ${dayName(weekdayOf(first))}` },
          ]}
        />
      )}
      <End first={first} value={value} onChange={onChange} />
    </>
  );
}

function End({ first, value, onChange }: RepeatFieldsProps & { value: Repeat }) {
  const counted = "count" in value.end;
  return (
    <div class="editor-row">
      <Select
        label="Ends"
        value={counted ? "count" : "until"}
        onChange={(choice) =>
          onChange({ ...value, end: choice === "count" ? { count: 6 } : { until: first.slice(0, 10) } })
        }
        options={[
          { value: "count", label: "After a number of times" },
          { value: "until", label: "On a date" },
        ]}
      />
      {"count" in value.end ? (
        <NumberField
          label="Times"
          min={1}
          max={100}
          value={value.end.count}
          onNumber={(count) => count !== null && onChange({ ...value, end: { count } })}
        />
      ) : (
        <TextField
          label="Last day"
          type="date"
          value={value.end.until}
          onInput={(until) => until && onChange({ ...value, end: { until } })}
        />
      )}
    </div>
  );
}
