import { Search, SlidersHorizontal } from "lucide-preact";
import { useEffect, useState } from "preact/hooks";
import { Button, CheckField, classes, navigate, Select, TextField } from "../../ui";
import { typeName } from "../words";
import { isDay } from "./days";
import {
  addressOf,
  CONDITIONS,
  type Filters,
  FORMATS,
  howMany,
  NO_FILTERS,
  SCOPES,
  TYPES,
  VIEWS,
} from "./filters";

const go = (filters: Filters, replace = false) => navigate(addressOf(filters), { within: true, replace });

/** Search and filters; each change is a step in the browser's history. */
export function FilterBar({ filters }: { filters: Filters }) {
  const set = (change: Partial<Filters>) => go({ ...filters, ...change });
  const count = howMany(filters);
  const [open, setOpen] = useState(count > 0);
  return (
    <search class="home-tools">
      <div class="home-row">
        {filters.view !== "month" && (
          <Switch
            name="Which sessions"
            options={SCOPES}
            now={filters.scope}
            to={(scope) => ({ ...filters, scope })}
          />
        )}
        <SearchField filters={filters} />
        <Button
          icon={SlidersHorizontal}
          aria-expanded={open}
          aria-controls="home-filters"
          onClick={() => setOpen(!open)}
        >
          {count > 0 ? `Filters (${count})` : "Filters"}
        </Button>
        <Switch
          name="How they are shown"
          options={VIEWS}
          now={filters.view}
          to={(view) => ({ ...filters, view })}
        />
      </div>
      <div id="home-filters" class="home-filters" hidden={!open}>
        <Select
          label="Type"
          value={filters.type}
          onChange={(type) => set({ type: type as Filters["type"] })}
          options={[
            { value: "", label: "Any" },
            ...TYPES.map((type) => ({
              value: type,
              label: type === "custom" ? "Other" : typeName({ type, customType: null }),
            })),
          ]}
        />
        <Select
          label="Where"
          value={filters.format}
          onChange={(format) => set({ format: format as Filters["format"] })}
          options={[{ value: "", label: "Anywhere" }, ...FORMATS]}
        />
        <Select
          label="How to join"
          value={filters.condition}
          onChange={(condition) => set({ condition: condition as Filters["condition"] })}
          options={[{ value: "", label: "Any" }, ...CONDITIONS]}
        />
        {filters.view !== "month" && (
          <>
            <DayField label="From" value={filters.from} onChange={(from) => set({ from })} />
            <DayField label="To" value={filters.to} onChange={(to) => set({ to })} />
          </>
        )}
        <CheckField label="With free seats" checked={filters.free} onChange={(free) => set({ free })} />
        {count > 0 && (
          <Button
            kind="quiet"
            onClick={() => go({ ...NO_FILTERS, scope: filters.scope, view: filters.view, q: filters.q })}
          >
            Clear filters
          </Button>
        )}
      </div>
    </search>
  );
}

interface SwitchProps<T extends string> {
  name: string;
  options: readonly { value: T; label: string }[];
  now: T;
  to: (value: T) => Filters;
}

/** A few links, one of which is where one is. */
function Switch<T extends string>({ name, options, now, to }: SwitchProps<T>) {
  return (
    <nav class="home-scopes" aria-label={name}>
      {options.map(({ value, label }) => (
        <a
          key={value}
          href={addressOf(to(value))}
          aria-current={value === now ? "page" : undefined}
          class={classes("home-scope", value === now && "home-scope-on")}
          onClick={(event) => {
            if (event.metaKey || event.ctrlKey || event.shiftKey) return;
            event.preventDefault();
            go(to(value));
          }}
        >
          {label}
        </a>
      ))}
    </nav>
  );
}

interface DayFieldProps {
  label: string;
  value: string;
  onChange: (day: Filters["from"]) => void;
}

/** Half a date is none: the address changes when there is a whole one, or none any more. */
function DayField({ label, value, onChange }: DayFieldProps) {
  return (
    <TextField
      label={label}
      type="date"
      value={value}
      onInput={(text) => {
        if (isDay(text) || text === "") onChange(text as Filters["from"]);
      }}
    />
  );
}

const TYPING_PAUSE_MS = 250;

function SearchField({ filters }: { filters: Filters }) {
  const [text, setText] = useState(filters.q);
  useEffect(() => setText((typed) => (typed.trim() === filters.q ? typed : filters.q)), [filters.q]);
  useEffect(() => {
    if (text.trim() === filters.q) return;
    const timer = setTimeout(() => go({ ...filters, q: text }, true), TYPING_PAUSE_MS);
    return () => clearTimeout(timer);
  }, [text]);
  return (
    <div class="home-search">
      <TextField
        label="Search sessions"
        labelHidden
        type="search"
        placeholder="Search sessions"
        icon={Search}
        maxLength={200}
        value={text}
        onInput={setText}
      />
    </div>
  );
}
