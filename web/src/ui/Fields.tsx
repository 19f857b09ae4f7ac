import { Eye, EyeOff } from "lucide-preact";
import type {
  ComponentChildren,
  InputHTMLAttributes,
  Ref,
  SelectHTMLAttributes,
  TextareaHTMLAttributes,
} from "preact";
import { useId, useState } from "preact/hooks";
import { IconButton } from "./Button";
import { classes } from "./classes";
import { Icon, type LucideIcon } from "./Icon";
import "./Fields.css";

interface FieldProps {
  label: string;
  hint?: ComponentChildren;
  /** What is wrong with it, in a sentence. */
  error?: string | null | undefined;
  /** The label is for assistive technology only; the place explains itself to the eye. */
  labelHidden?: boolean;
  class?: string;
}

interface Described {
  id: string;
  "aria-describedby": string | undefined;
  "aria-invalid": true | undefined;
}

interface FrameProps extends FieldProps {
  /** Characters used and allowed. */
  count?: { used: number; most: number } | undefined;
  children: (described: Described) => ComponentChildren;
}

function Frame({ label, hint, error, labelHidden = false, count, class: extra, children }: FrameProps) {
  const id = useId();
  const described = [hint && `${id}-hint`, error && `${id}-error`, count && `${id}-count`]
    .filter(Boolean)
    .join(" ");
  return (
    <div class={classes("ui-field", extra)}>
      <label for={id} class={labelHidden ? "ui-visually-hidden" : "ui-field-label"}>
        {label}
      </label>
      {children({ id, "aria-describedby": described || undefined, "aria-invalid": error ? true : undefined })}
      {error && (
        <p id={`${id}-error`} class="ui-field-error">
          {error}
        </p>
      )}
      {(hint || count) && (
        <div class="ui-field-notes">
          {hint && <p id={`${id}-hint`}>{hint}</p>}
          {count && (
            <p
              id={`${id}-count`}
              class={classes("ui-field-count numbers", count.used > count.most && "ui-field-over")}
            >
              {count.used} of {count.most}
              <span class="ui-visually-hidden"> characters</span>
            </p>
          )}
        </div>
      )}
    </div>
  );
}

type Native<Props> = Omit<Props, "label" | "value" | "onInput" | "onChange" | "size" | "icon" | "class">;

export interface TextFieldProps extends FieldProps, Native<InputHTMLAttributes<HTMLInputElement>> {
  value: string;
  onInput: (value: string) => void;
  icon?: LucideIcon;
  /** Shows how much of `maxLength` is used. */
  counted?: boolean;
  elementRef?: Ref<HTMLInputElement>;
}

/** One line of text. A `type="password"` gets a button that shows what was typed. */
export function TextField(props: TextFieldProps) {
  const {
    label,
    hint,
    error,
    labelHidden,
    class: extra,
    value,
    onInput,
    icon,
    counted,
    elementRef,
    type = "text",
    ...rest
  } = props;
  const [shown, setShown] = useState(false);
  const secret = type === "password";
  const most = Number(rest.maxLength);
  const count = counted && most ? { used: value.length, most } : undefined;
  const frame = {
    label,
    hint,
    error,
    count,
    ...(labelHidden ? { labelHidden } : {}),
    ...(extra ? { class: extra } : {}),
  };
  return (
    <Frame {...frame}>
      {(described) => (
        <div class={classes("ui-input", icon && "ui-input-with-icon", secret && "ui-input-secret")}>
          {icon && <Icon of={icon} class="ui-input-icon" />}
          <input
            {...rest}
            {...described}
            ref={elementRef ?? null}
            type={secret && shown ? "text" : type}
            value={value}
            onInput={(event) => onInput(event.currentTarget.value)}
          />
          {secret && (
            <IconButton
              class="ui-input-reveal"
              size="small"
              label={shown ? "Hide what you typed" : "Show what you typed"}
              icon={shown ? EyeOff : Eye}
              onClick={() => setShown(!shown)}
            />
          )}
        </div>
      )}
    </Frame>
  );
}

export interface TextAreaProps extends FieldProps, Native<TextareaHTMLAttributes<HTMLTextAreaElement>> {
  value: string;
  onInput: (value: string) => void;
  counted?: boolean;
  elementRef?: Ref<HTMLTextAreaElement>;
}

/** Several lines of text; it grows with them. */
export function TextArea(props: TextAreaProps) {
  const {
    label,
    hint,
    error,
    labelHidden,
    class: extra,
    value,
    onInput,
    counted,
    elementRef,
    ...rest
  } = props;
  const most = Number(rest.maxLength);
  const count = counted && most ? { used: value.length, most } : undefined;
  const frame = {
    label,
    hint,
    error,
    count,
    ...(labelHidden ? { labelHidden } : {}),
    ...(extra ? { class: extra } : {}),
  };
  return (
    <Frame {...frame}>
      {(described) => (
        <div class="ui-input">
          <textarea
            rows={3}
            {...rest}
            {...described}
            ref={elementRef ?? null}
            value={value}
            onInput={(event) => onInput(event.currentTarget.value)}
          />
        </div>
      )}
    </Frame>
  );
}

export interface SelectProps extends FieldProps, Native<SelectHTMLAttributes<HTMLSelectElement>> {
  value: string;
  onChange: (value: string) => void;
  options: readonly { value: string; label: string }[];
}

/** One of a list, with the browser's own picker. */
export function Select(props: SelectProps) {
  const { label, hint, error, labelHidden, class: extra, value, onChange, options, ...rest } = props;
  const frame = {
    label,
    hint,
    error,
    ...(labelHidden ? { labelHidden } : {}),
    ...(extra ? { class: extra } : {}),
  };
  return (
    <Frame {...frame}>
      {(described) => (
        <div class="ui-input ui-select">
          <select
            {...rest}
            {...described}
            value={value}
            onChange={(event) => onChange(event.currentTarget.value)}
          >
            {options.map((option) => (
              <option key={option.value} value={option.value}>
                {option.label}
              </option>
            ))}
          </select>
        </div>
      )}
    </Frame>
  );
}

/** Moves the focus to the first field of a form that has an error; call it once the errors are drawn. */
export function focusFirstError(form: HTMLFormElement | null): void {
  form?.querySelector<HTMLElement>("[aria-invalid='true']")?.focus();
}
