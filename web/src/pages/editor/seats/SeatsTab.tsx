import { useEditor } from "../context";
import { SelectEdit } from "../fields";
import { SESSION } from "../model/targets";
import { JOIN_CONDITIONS } from "../words";
import { Consents } from "./Consents";
import { Invitations } from "./Invitations";
import { Prerequisites } from "./Prerequisites";
import { PriceForm } from "./PriceForm";
import { Questions } from "./Questions";
import { SeatKinds } from "./SeatKinds";
import "./seats.css";

/** Who may come, to which seats, and on what terms (S32-S36, S42-S46, M16, M28). */
export function SeatsTab() {
  const editor = useEditor();
  return (
    <>
      <fieldset class="editor-fields editor-bare" disabled={!editor.maySetUp}>
        <legend class="ui-visually-hidden">Seats and conditions</legend>
        <section class="editor-section">
          <h2>Who may come</h2>
          <div class="editor-row">
            <SelectEdit
              target={SESSION}
              field="visibility"
              label="Who finds it"
              options={[
                { value: "public", label: "Everybody: it stands in the list" },
                { value: "private", label: "Only people who belong to it" },
              ]}
            />
            <SelectEdit
              target={SESSION}
              field="joinCondition"
              label="How people get a seat"
              options={JOIN_CONDITIONS}
            />
          </div>
        </section>
        <SeatKinds />
        <Questions />
        <Consents />
        <Prerequisites />
        <PriceForm />
      </fieldset>
      {editor.mayManagePeople && <Invitations />}
    </>
  );
}
