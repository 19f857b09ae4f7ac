import type { RefObject } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { ApiError, sentenceOf } from "../protocol/api";
import { focusFirstError } from "../ui";

type Errors = Partial<Record<string, string>>;

export interface Form<Values> {
  values: Values;
  set: <Key extends keyof Values>(key: Key, value: Values[Key]) => void;
  /** The sentence beside a field, or undefined. */
  error: (key: keyof Values & string) => string | undefined;
  /** What went wrong with the whole. */
  failure: string | null;
  busy: boolean;
  onSubmit: (event: Event) => void;
  element: RefObject<HTMLFormElement>;
}

interface Options<Values> {
  check?: (values: Values) => Errors;
  send: (values: Values) => Promise<void>;
}

/** A form that is checked here first and sent then; errors go beside their fields, and the focus to the first of them. */
export function useForm<Values extends Record<string, string>>(
  start: Values,
  options: Options<Values>,
): Form<Values> {
  const [values, setValues] = useState(start);
  const [errors, setErrors] = useState<Errors>({});
  const [failure, setFailure] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const [refusals, setRefusals] = useState(0);
  const element = useRef<HTMLFormElement>(null);

  useLayoutEffect(() => {
    if (refusals > 0) focusFirstError(element.current);
  }, [refusals]);

  const refuse = (fields: Errors, whole: string | null) => {
    setErrors(fields);
    setFailure(whole);
    setRefusals((count) => count + 1);
  };
  const submit = async () => {
    const found = options.check?.(values) ?? {};
    if (Object.keys(found).length > 0) return refuse(found, null);
    setErrors({});
    setFailure(null);
    setBusy(true);
    try {
      await options.send(values);
    } catch (error) {
      const fields = error instanceof ApiError ? error.fields : {};
      const beside = Object.keys(fields).some((field) => field in values);
      refuse(fields, beside ? null : sentenceOf(error));
    } finally {
      setBusy(false);
    }
  };
  return {
    values,
    set: (key, value) => {
      setValues((last) => ({ ...last, [key]: value }));
      if (errors[key as string]) setErrors(({ [key as string]: _gone, ...rest }) => rest);
    },
    error: (key) => errors[key],
    failure,
    busy,
    onSubmit: (event) => {
      event.preventDefault();
      if (!busy) void submit();
    },
    element,
  };
}
