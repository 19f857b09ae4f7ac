import { expect, test } from "vitest";
import type { Conditions, Question } from "../../protocol/api";
import { answersFor, bodyOf, missing } from "./form";

const question = (id: string, kind: Question["kind"], more: Partial<Question> = {}): Question => ({
  id,
  kind,
  label: id,
  required: true,
  options: [],
  parts: [],
  ...more,
});

const conditions: Conditions = {
  questions: [
    question("why", "long_text"),
    question("years", "number"),
    question("first", "yes_no", { required: false }),
    question("diet", "choices", { options: ["Vegan", "No nuts"] }),
    question("slides", "text", { parts: ["presenter"] }),
  ],
  consents: [
    { id: "terms", text: "The terms", required: true },
    { id: "news", text: "The news", required: false },
  ],
  prerequisites: [
    { id: "basics", kind: "declaration", text: "I know the basics", sessionId: null, mode: "block" },
    { id: "part-one", kind: "completed_session", text: "Part one", sessionId: "s", mode: "block" },
  ],
  price: null,
};

const filled = {
  "answers.topics": " Bees ",
  "answers.talkTitle": "typed before another seat was chosen",
  "responses.why": " To learn ",
  "responses.years": "2,5",
  "responses.first": "no",
  "responses.diet": "Vegan\nNo nuts",
  "consents.terms": "yes",
  "declarations.basics": "yes",
};

test("what is missing is named beside its field, as the server would", () => {
  expect(Object.keys(missing(conditions, "guest", {}))).toEqual([
    "responses.why",
    "responses.years",
    "responses.diet",
    "consents.terms",
    "declarations.basics",
  ]);
  expect(missing(conditions, "guest", filled)).toEqual({});
  expect(missing(conditions, "guest", { ...filled, "responses.years": "many" })).toEqual({
    "responses.years": "Enter a number.",
  });
  expect(Object.keys(missing(conditions, "presenter", filled))).toEqual(["responses.slides"]);
});

test("what is sent has the types that the questions want, and nothing of another seat", () => {
  expect(bodyOf(conditions, "guest", filled)).toEqual({
    answers: { topics: "Bees" },
    responses: { why: "To learn", years: 2.5, first: false, diet: ["Vegan", "No nuts"] },
    consents: ["terms"],
    declarations: ["basics"],
  });
});

test("a presenter tells about the talk, the others what they come for", () => {
  expect(answersFor("presenter").map(({ name }) => name)).toEqual(["talkTitle", "talkDescription"]);
  expect(answersFor("observer").map(({ name }) => name)).toEqual(["topics", "questions"]);
});
