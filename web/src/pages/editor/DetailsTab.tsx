import { useEditor } from "./context";
import { AreaEdit, LinesEdit, TextEdit } from "./fields";
import { SESSION } from "./model/targets";

/** What the session is: its words. */
export function DetailsTab() {
  const { session, maySetUp } = useEditor();
  return (
    <div class="editor-fields">
      <TextEdit target={SESSION} field="title" label="Title" maxLength={200} needed="Give it a title." />
      {session.value.type === "custom" && (
        <TextEdit
          target={SESSION}
          field="customType"
          label="What kind of session it is"
          hint="Your own word for it, shown on the card."
          maxLength={80}
          needed="Name the kind of session."
          disabled={!maySetUp}
        />
      )}
      <AreaEdit
        target={SESSION}
        field="description"
        label="Description"
        hint="Empty lines begin a new paragraph."
        maxLength={10_000}
        counted
      />
      <LinesEdit
        target={SESSION}
        field="objectives"
        label="Objectives"
        hint="What people take away. One on each line."
      />
    </div>
  );
}
