import type { Question, QuestionKind } from "../../../protocol/planning";
import { CheckField, Select, TextArea, TextField } from "../../../ui";
import { useEditor } from "../context";
import { QUESTION_KINDS } from "../words";
import { EditList, freshId } from "./EditList";

const isChoice = (kind: QuestionKind): boolean => kind === "choice" || kind === "choices";

/** What is asked of those who register (S46). */
export function Questions() {
  const { session } = useEditor();
  const parts = new Map(
    session.value.timeslots.flatMap((slot) => slot.seats.map((seat) => [seat.part, seat.name] as const)),
  );
  return (
    <EditList<Question>
      field="questions"
      title="Questions"
      note="Asked when somebody registers. You read the answers beside their name."
      addLabel="Add a question"
      nameOf={({ label }) => `the question ${label}`}
      create={() => ({
        id: freshId(),
        kind: "text",
        label: "New question",
        required: false,
        options: [],
        parts: [],
      })}
      draw={(question, change, errorOf) => (
        <>
          <TextField
            label="Question"
            maxLength={200}
            autoComplete="off"
            value={question.label}
            onInput={(label) => change({ ...question, label })}
            error={question.label.trim() === "" ? "Write the question." : errorOf("label")}
          />
          <div class="editor-row">
            <Select
              label="Answered with"
              value={question.kind}
              onChange={(value) => change(withKind(question, value as QuestionKind))}
              options={QUESTION_KINDS}
            />
            <Select
              label="Asked of"
              value={question.parts[0] ?? ""}
              onChange={(part) => change({ ...question, parts: part ? [part] : [] })}
              options={[
                { value: "", label: "Everybody" },
                ...[...parts].map(([value, label]) => ({ value, label })),
              ]}
            />
          </div>
          {isChoice(question.kind) && (
            <TextArea
              label="To choose from"
              hint="One on each line."
              value={question.options.join("\n")}
              onInput={(text) => change({ ...question, options: text.split("\n") })}
              error={errorOf("options") ?? errorOf("options.0")}
            />
          )}
          <CheckField
            label="Needs an answer"
            checked={question.required}
            onChange={(required) => change({ ...question, required })}
          />
        </>
      )}
    />
  );
}

function withKind(question: Question, kind: QuestionKind): Question {
  if (!isChoice(kind)) return { ...question, kind, options: [] };
  return { ...question, kind, options: question.options.length > 0 ? question.options : ["Yes", "No"] };
}
