import type { ComponentChildren } from "preact";
import { useId } from "preact/hooks";
import { classes } from "./classes";
import "./CheckField.css";

interface CheckFieldProps {
  label: ComponentChildren;
  checked: boolean;
  onChange: (checked: boolean) => void;
  hint?: ComponentChildren;
  error?: string | null | undefined;
  disabled?: boolean;
  /** The label is for assistive technology only. */
  labelHidden?: boolean;
  class?: string;
}

/** Yes or no, with what it means beside it. */
export function CheckField(props: CheckFieldProps) {
  const { label, checked, onChange, hint, error, disabled, labelHidden = false, class: extra } = props;
  const id = useId();
  const described = [hint && `${id}-hint`, error && `${id}-error`].filter(Boolean).join(" ");
  return (
    <div class={classes("ui-check", extra)}>
      <label class="ui-check-row" for={id}>
        <input
          id={id}
          type="checkbox"
          checked={checked}
          disabled={disabled}
          aria-describedby={described || undefined}
          aria-invalid={error ? true : undefined}
          onChange={(event) => onChange(event.currentTarget.checked)}
        />
        <span class={labelHidden ? "ui-visually-hidden" : "ui-check-label"}>{label}</span>
      </label>
      {error && (
        <p id={`${id}-error`} class="ui-field-error ui-check-under">
          {error}
        </p>
      )}
      {hint && (
        <p id={`${id}-hint`} class="ui-check-under ui-check-hint">
          {hint}
        </p>
      )}
    </div>
  );
}
