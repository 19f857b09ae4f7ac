import type { ComponentChildren } from "preact";
import { useId } from "preact/hooks";

interface CheckProps {
  checked: boolean;
  onChange: (checked: boolean) => void;
  error?: string | undefined;
  children: ComponentChildren;
}

/** A box to tick beside what it stands for. */
export function Check({ checked, onChange, error, children }: CheckProps) {
  const id = useId();
  return (
    <div class="check">
      <label class="check-row">
        <input
          type="checkbox"
          checked={checked}
          aria-invalid={error ? true : undefined}
          aria-describedby={error ? `${id}-error` : undefined}
          onChange={(event) => onChange(event.currentTarget.checked)}
        />
        <span dir="auto">{children}</span>
      </label>
      {error && (
        <p id={`${id}-error`} class="ui-field-error">
          {error}
        </p>
      )}
    </div>
  );
}
