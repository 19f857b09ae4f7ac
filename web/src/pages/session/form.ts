/** The registration form as flat strings, and what is sent from it. Names are those the server complains about. */

import type { Answers, Conditions, NewRegistration, Question, Reply } from "../../protocol/api";

export type Values = Record<string, string>;

export const ANSWERS: readonly { name: keyof Answers; label: string; most: number; long: boolean }[] = [
  { name: "talkTitle", label: "Title of your talk", most: 200, long: false },
  { name: "talkDescription", label: "What it is about", most: 2000, long: true },
  { name: "topics", label: "Topics that interest you", most: 2000, long: true },
  { name: "questions", label: "Questions you bring", most: 2000, long: true },
];

/** A presenter tells about the talk, everybody else about what they come for (M20). */
export function answersFor(part: string): typeof ANSWERS {
  const talk = part === "presenter";
  return ANSWERS.filter(({ name }) => name.startsWith("talk") === talk);
}

export function questionsFor({ questions }: Conditions, part: string): Question[] {
  return questions.filter(({ parts }) => parts.length === 0 || parts.includes(part));
}

export function declarationsOf({ prerequisites }: Conditions): Conditions["prerequisites"] {
  return prerequisites.filter(({ kind }) => kind === "declaration");
}

const NEEDED = "This question needs an answer.";

/** What is missing, by field. */
export function missing(conditions: Conditions, part: string, values: Values): Record<string, string> {
  const errors: Record<string, string> = {};
  for (const { id, required, kind } of questionsFor(conditions, part)) {
    const text = (values[`responses.${id}`] ?? "").trim();
    if (required && !text) errors[`responses.${id}`] = NEEDED;
    if (text && kind === "number" && numberIn(text) === null) errors[`responses.${id}`] = "Enter a number.";
  }
  for (const { id, required } of conditions.consents) {
    if (required && !values[`consents.${id}`]) errors[`consents.${id}`] = "This needs your consent.";
  }
  for (const { id, mode } of declarationsOf(conditions)) {
    if (mode === "block" && !values[`declarations.${id}`])
      errors[`declarations.${id}`] = "This is needed before you can register.";
  }
  return errors;
}

/** Fields of one kind of seat are not sent with another. */
export function bodyOf(
  conditions: Conditions,
  part: string,
  values: Values,
): Omit<NewRegistration, "seatKindId" | "waitlist"> {
  const responses: Record<string, Reply> = {};
  for (const { id, kind } of questionsFor(conditions, part)) {
    const reply = replyOf(kind, (values[`responses.${id}`] ?? "").trim());
    if (reply !== null) responses[id] = reply;
  }
  return {
    answers: answersIn(part, values),
    responses,
    consents: conditions.consents.map(({ id }) => id).filter((id) => values[`consents.${id}`]),
    declarations: declarationsOf(conditions)
      .map(({ id }) => id)
      .filter((id) => values[`declarations.${id}`]),
  };
}

export function answersIn(part: string, values: Values): Answers {
  const answers: Answers = {};
  for (const { name } of answersFor(part)) {
    const text = (values[`answers.${name}`] ?? "").trim();
    if (text) answers[name] = text;
  }
  return answers;
}

/** Several choices are lines: an option never has a line break. */
function replyOf(kind: Question["kind"], text: string): Reply | null {
  if (!text) return null;
  if (kind === "number") return numberIn(text);
  if (kind === "yes_no") return text === "yes";
  return kind === "choices" ? text.split("\n") : text;
}

function numberIn(text: string): number | null {
  const number = Number(text.replace(",", "."));
  return Number.isFinite(number) ? number : null;
}
