import { EmptyState } from "../../../ui";
import { useEditor } from "../context";
import { Compose } from "./Compose";
import { SentList } from "./SentList";
import "./messages.css";

/** Writing to participants, and what was sent to whom (S52, M26). */
export function MessagesTab() {
  const editor = useEditor();
  if (!editor.maySeePeople)
    return (
      <EmptyState title="Messages are for those who lead the session">
        {editor.session.value.may["registrations.view"]?.message ?? ""}
      </EmptyState>
    );
  return (
    <>
      {editor.mayManagePeople && <Compose />}
      <SentList />
    </>
  );
}
