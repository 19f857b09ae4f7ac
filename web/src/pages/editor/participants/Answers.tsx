import type { Question, RosterEntry } from "../../../protocol/planning";
import { useEditor } from "../context";

const LABELS: Record<string, string> = {
  talkTitle: "Talk",
  talkDescription: "About the talk",
  topics: "Interested in",
  questions: "Questions",
};

/** What somebody wrote when they registered. */
export function Answers({ person }: { person: RosterEntry }) {
  const { session } = useEditor();
  const { conditions } = session.value;
  const own = Object.entries(person.answers).map(
    ([key, value]) => [LABELS[key] ?? key, inWords(value)] as const,
  );
  const asked = Object.entries(person.responses).map(
    ([id, value]) => [labelOf(conditions.questions, id), inWords(value)] as const,
  );
  const agreed = person.consents.map((id) => conditions.consents.find((one) => one.id === id)?.text ?? id);
  const lines = [...own, ...asked].filter(([, value]) => value !== "");
  if (lines.length + agreed.length === 0) return null;
  return (
    <dl class="roster-answers">
      {lines.map(([label, value]) => (
        <div key={label}>
          <dt>{label}</dt>
          <dd dir="auto">{value}</dd>
        </div>
      ))}
      {agreed.length > 0 && (
        <div>
          <dt>Agreed to</dt>
          <dd dir="auto">{agreed.join("; ")}</dd>
        </div>
      )}
    </dl>
  );
}

const labelOf = (questions: readonly Question[], id: string): string =>
  questions.find((question) => question.id === id)?.label ?? "An earlier question";

function inWords(value: unknown): string {
  if (value === true) return "Yes";
  if (value === false) return "No";
  if (Array.isArray(value)) return value.map(inWords).join(", ");
  return value === null || value === undefined ? "" : String(value);
}
