import { useEffect, useState } from "preact/hooks";
import type { Price } from "../../../protocol/planning";
import { NumberField, Select, TextField } from "../../../ui";
import { useEditor } from "../context";
import { Conflict, useBinding } from "../fields";
import { errorAt } from "../model/draft";
import { SESSION } from "../model/targets";

/** What a seat costs, and until when it is given back (S42). */
export function PriceForm() {
  const { value, set, error } = useBinding<Price | null>({ target: SESSION, field: "price" });
  const { autosave } = useEditor();
  const errorOf = (place: string) => errorAt(autosave.draft.value, SESSION, `price.${place}`);
  return (
    <section class="editor-section">
      <h2>Price</h2>
      {error && <p class="ui-field-error">{error}</p>}
      <Conflict
        target={SESSION}
        field="price"
        label="Price"
        words={(price) => (price ? "another price" : "free")}
      />
      <Select
        label="A seat is"
        value={value && value.provider !== "free" ? value.provider : ""}
        onChange={(provider) =>
          set(
            provider
              ? {
                  provider,
                  amount: value?.amount || 1000,
                  currency: value?.currency ?? "EUR",
                  refundUntilHours: value?.refundUntilHours ?? 24,
                }
              : null,
          )
        }
        options={[
          { value: "", label: "Free" },
          { value: "on_site", label: "Paid on site" },
        ]}
        error={errorOf("provider")}
      />
      {value && value.provider !== "free" && (
        <div class="editor-row">
          <Amount
            value={value.amount}
            onChange={(amount) => set({ ...value, amount })}
            error={errorOf("amount")}
          />
          <TextField
            label="Currency"
            hint="Three letters."
            maxLength={3}
            autoComplete="off"
            value={value.currency}
            onInput={(currency) => set({ ...value, currency: currency.toUpperCase() })}
            error={errorOf("currency")}
          />
          <NumberField
            label="Given back until"
            hint="Hours before the start. Empty: not promised."
            min={0}
            max={8760}
            value={value.refundUntilHours}
            onNumber={(refundUntilHours) => set({ ...value, refundUntilHours })}
            error={errorOf("refundUntilHours")}
          />
        </div>
      )}
    </section>
  );
}

interface AmountProps {
  /** In hundredths. */
  value: number;
  onChange: (value: number) => void;
  error: string | undefined;
}

/** "12.50": typed with a point or a comma, kept in hundredths. */
function Amount({ value, onChange, error }: AmountProps) {
  const [text, setText] = useState(inHundreds(value));
  useEffect(() => setText((typed) => (hundredths(typed) === value ? typed : inHundreds(value))), [value]);
  const bad = hundredths(text) === null;
  return (
    <TextField
      label="Amount"
      inputMode="decimal"
      autoComplete="off"
      value={text}
      onInput={(typed) => {
        setText(typed);
        const amount = hundredths(typed);
        if (amount !== null) onChange(amount);
      }}
      error={bad ? "Write an amount like 12.50." : error}
    />
  );
}

const inHundreds = (amount: number): string => (amount / 100).toFixed(2);

function hundredths(text: string): number | null {
  const found = /^(\d{1,6})(?:[.,](\d{1,2}))?$/.exec(text.trim());
  if (!found) return null;
  return Number(found[1]) * 100 + Number((found[2] ?? "0").padEnd(2, "0"));
}
