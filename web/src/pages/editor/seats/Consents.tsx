import type { Consent } from "../../../protocol/planning";
import { CheckField, TextArea } from "../../../ui";
import { EditList, freshId } from "./EditList";

/** What people agree to when they register (S46). */
export function Consents() {
  return (
    <EditList<Consent>
      field="consents"
      title="Consents"
      note="What people agree to when they register."
      addLabel="Add a consent"
      nameOf={({ text }) => `the consent ${text.slice(0, 40)}`}
      create={() => ({ id: freshId(), text: "I agree that the session is recorded.", required: true })}
      draw={(consent, change, errorOf) => (
        <>
          <TextArea
            label="Text"
            maxLength={2000}
            value={consent.text}
            onInput={(text) => change({ ...consent, text })}
            error={consent.text.trim() === "" ? "Write what they agree to." : errorOf("text")}
          />
          <CheckField
            label="Nobody registers without it"
            checked={consent.required}
            onChange={(required) => change({ ...consent, required })}
          />
        </>
      )}
    />
  );
}
