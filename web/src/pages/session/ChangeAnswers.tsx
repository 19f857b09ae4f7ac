import { api, type Registration } from "../../protocol/api";
import { Banner, Button, Dialog, TextArea, TextField, toast } from "../../ui";
import { useForm } from "../useForm";
import { answersFor, answersIn, type Values } from "./form";

interface ChangeAnswersProps {
  registration: Registration;
  onClose: () => void;
  onChange: () => void;
}

/** What was told on registering, to be told differently. */
export function ChangeAnswers({ registration, onClose, onChange }: ChangeAnswersProps) {
  const { part, answers } = registration;
  const start = Object.fromEntries(
    answersFor(part).map(({ name }) => [`answers.${name}`, answers[name] ?? ""]),
  );
  const form = useForm<Values>(start, {
    send: async (values) => {
      await api.changeAnswers(registration.id, answersIn(part, values));
      toast("Saved.");
      onClose();
      onChange();
    },
  });
  return (
    <Dialog title={part === "presenter" ? "Your talk" : "What you told the organiser"} onClose={onClose}>
      <form class="register" ref={form.element} onSubmit={form.onSubmit} noValidate>
        {form.failure && (
          <Banner tone="danger" live>
            {form.failure}
          </Banner>
        )}
        {answersFor(part).map(({ name, label, most, long }) => {
          const Field = long ? TextArea : TextField;
          return (
            <Field
              key={name}
              label={label}
              maxLength={most}
              value={form.values[`answers.${name}`] ?? ""}
              onInput={(value: string) => form.set(`answers.${name}`, value)}
              error={form.error(name) ?? form.error(`answers.${name}`)}
            />
          );
        })}
        <Button type="submit" kind="primary" wide busy={form.busy}>
          Save
        </Button>
      </form>
    </Dialog>
  );
}
