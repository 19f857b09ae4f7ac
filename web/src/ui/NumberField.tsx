import { useEffect, useState } from "preact/hooks";
import { TextField, type TextFieldProps } from "./Fields";

interface NumberFieldProps extends Omit<TextFieldProps, "value" | "onInput" | "type"> {
  /** Null is empty. */
  value: number | null;
  /** Called with what can be read as a number, and with null for an empty field. */
  onNumber: (value: number | null) => void;
}

/** A whole number. What cannot be read as one stays in the field and is not passed on. */
export function NumberField({ value, onNumber, ...rest }: NumberFieldProps) {
  const [text, setText] = useState(value === null ? "" : String(value));
  useEffect(() => {
    setText((typed) => (parsed(typed) === value ? typed : value === null ? "" : String(value)));
  }, [value]);
  const input = (typed: string) => {
    setText(typed);
    const number = parsed(typed);
    if (number !== undefined) onNumber(number);
  };
  return <TextField {...rest} type="number" inputMode="numeric" step={1} value={text} onInput={input} />;
}

function parsed(text: string): number | null | undefined {
  if (text.trim() === "") return null;
  const number = Number(text);
  return Number.isInteger(number) ? number : undefined;
}
