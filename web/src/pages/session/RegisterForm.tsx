import { useRef } from "preact/hooks";
import { ApiError, api, type Conditions, type Question, type Timeslot } from "../../protocol/api";
import { Banner, Button, CheckField, Select, TextArea, TextField, toast } from "../../ui";
import { type Form, useForm } from "../useForm";
import type { Choice, Way } from "./action";
import { answersFor, bodyOf, declarationsOf, missing, questionsFor, type Values } from "./form";

interface RegisterFormProps {
  timeslot: Timeslot;
  conditions: Conditions;
  seats: Choice[];
  /** The token of an invitation. */
  invitation?: string | undefined;
  /** Called when there is an answer, also a refusal: what is shown may be out of date. */
  onChange: () => void;
  onDone?: () => void;
}

/** Which seat, and what the session wants to know; one button sends it. */
export function RegisterForm({
  timeslot,
  conditions,
  seats,
  invitation,
  onChange,
  onDone,
}: RegisterFormProps) {
  const key = useRef(newKey());
  const seatOf = (values: Values) =>
    seats.find(({ kind }) => kind === values.seatKindId) ?? (seats[0] as Choice);
  const form = useForm<Values>(
    { seatKindId: seats[0]?.kind ?? "" },
    {
      check: (values) => missing(conditions, seatOf(values).part, values),
      send: async (values) => {
        const seat = seatOf(values);
        const body = {
          ...bodyOf(conditions, seat.part, values),
          seatKindId: seat.kind,
          waitlist: seat.way === "wait",
          ...(invitation ? { invitation } : {}),
        };
        try {
          const made = await api.register(timeslot.id, body, key.current);
          key.current = newKey();
          toast([TOLD[made.status] ?? "You're registered.", ...made.warnings].join(" "));
        } catch (error) {
          // With the same key the next try gets what this one may have got after all.
          if (error instanceof ApiError && error.status === 409) onChange();
          throw error;
        }
        onChange();
        onDone?.();
      },
    },
  );
  const seat = seatOf(form.values);
  return (
    <form class="register" ref={form.element} onSubmit={form.onSubmit} noValidate aria-label="Registration">
      {form.failure && (
        <Banner tone="danger" live>
          {form.failure}
        </Banner>
      )}
      {seats.length > 1 && (
        <Select
          label="Take part as"
          value={seat.kind}
          onChange={(kind) => form.set("seatKindId", kind)}
          options={seats.map((one) => ({ value: one.kind, label: seatOption(one) }))}
          error={form.error("seatKindId")}
        />
      )}
      <Told part={seat.part} form={form} />
      {questionsFor(conditions, seat.part).map((question) => (
        <Asked key={question.id} question={question} form={form} />
      ))}
      {declarationsOf(conditions).map(({ id, text }) => (
        <Ticked key={id} name={`declarations.${id}`} form={form}>
          {text}
        </Ticked>
      ))}
      {conditions.consents.map(({ id, text, required }) => (
        <Ticked key={id} name={`consents.${id}`} form={form}>
          {required ? text : `${text} (optional)`}
        </Ticked>
      ))}
      <Button type="submit" kind="primary" size="large" wide busy={form.busy}>
        {seats.length === 1 && seat.way === "take" && seat.part !== "guest"
          ? `Register as ${seat.name.toLocaleLowerCase("en")}`
          : VERB[seat.way]}
      </Button>
    </form>
  );
}

const VERB: Record<Way, string> = { take: "Register", ask: "Ask to join", wait: "Join the waitlist" };

const TOLD: Partial<Record<string, string>> = {
  pending: "Your request was sent. You get an answer by email.",
  waitlisted: "You are on the waitlist.",
};

function seatOption({ name, role, way, max, free }: Choice): string {
  const notes = [
    role === "observer" ? "you watch and listen" : "",
    way === "wait" ? "full, with a waitlist" : "",
    way === "ask" ? "on request" : "",
    way === "take" && max !== null && free !== null ? `${free} left` : "",
  ].filter(Boolean);
  return notes.length > 0 ? `${name} (${notes.join(", ")})` : name;
}

/** M20: the talk of a presenter in sight, what guests may add folded away. */
function Told({ part, form }: { part: string; form: Form<Values> }) {
  const fields = answersFor(part).map(({ name, label, most, long }) => {
    const Field = long ? TextArea : TextField;
    return (
      <Field
        key={name}
        label={`${label} (optional)`}
        maxLength={most}
        value={form.values[`answers.${name}`] ?? ""}
        onInput={(value: string) => form.set(`answers.${name}`, value)}
        error={form.error(`answers.${name}`)}
      />
    );
  });
  if (part === "presenter") return <>{fields}</>;
  return (
    <details class="register-more">
      <summary>Say what interests you (optional)</summary>
      <div class="register-fields">{fields}</div>
    </details>
  );
}

function Asked({ question, form }: { question: Question; form: Form<Values> }) {
  const name = `responses.${question.id}`;
  const field = {
    label: question.required ? question.label : `${question.label} (optional)`,
    value: form.values[name] ?? "",
    error: form.error(name),
  };
  const set = (value: string) => form.set(name, value);
  if (question.kind === "choices") return <Several question={question} form={form} />;
  if (question.kind === "choice" || question.kind === "yes_no") {
    const options = question.kind === "choice" ? question.options.map((one) => [one, one]) : YES_NO;
    return (
      <Select
        {...field}
        onChange={set}
        options={[["", "Choose"], ...options].map(([value = "", label = ""]) => ({ value, label }))}
      />
    );
  }
  if (question.kind === "long_text") return <TextArea {...field} maxLength={4000} onInput={set} />;
  return (
    <TextField
      {...field}
      maxLength={4000}
      inputMode={question.kind === "number" ? "decimal" : "text"}
      onInput={set}
    />
  );
}

const YES_NO = [
  ["yes", "Yes"],
  ["no", "No"],
];

/** Any of several; kept as lines in the order of the options. */
function Several({ question, form }: { question: Question; form: Form<Values> }) {
  const name = `responses.${question.id}`;
  const chosen = (form.values[name] ?? "").split("\n").filter(Boolean);
  const error = form.error(name);
  return (
    <fieldset class="register-several">
      <legend>{question.required ? question.label : `${question.label} (optional)`}</legend>
      {question.options.map((option, at) => (
        <CheckField
          key={option}
          label={option}
          checked={chosen.includes(option)}
          error={at === 0 ? error : undefined}
          onChange={(on) =>
            form.set(
              name,
              question.options.filter((one) => (one === option ? on : chosen.includes(one))).join("\n"),
            )
          }
        />
      ))}
    </fieldset>
  );
}

interface TickedProps {
  name: string;
  form: Form<Values>;
  children: string;
}

function Ticked({ name, form, children }: TickedProps) {
  return (
    <CheckField
      label={children}
      checked={form.values[name] === "yes"}
      error={form.error(name)}
      onChange={(on) => form.set(name, on ? "yes" : "")}
    />
  );
}

/** Names one submission, so that sending it twice registers once. (`randomUUID` needs a secure page.) */
function newKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) =>
    byte.toString(16).padStart(2, "0"),
  ).join("");
}
