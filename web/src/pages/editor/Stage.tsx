import { Archive, DoorClosed, DoorOpen, MoreHorizontal, Send, Trash2, Undo2, XCircle } from "lucide-preact";
import { useState } from "preact/hooks";
import { planning } from "../../protocol/planning";
import { Badge, Button, IconButton, Menu, type MenuEntry, toast } from "../../ui";
import { labelWords } from "../words";
import { useEditor } from "./context";
import { CancelSession, DeleteSession } from "./StageDialogs";
import { useAct } from "./useAct";

/** Where the session stands, and what moves it on: it applies at once (M4, M5-M13). */
export function Stage() {
  const editor = useEditor();
  const session = editor.session.value;
  const { busy, act } = useAct();
  const [asking, setAsking] = useState<"cancel" | "delete" | null>(null);
  const { words, tone } = labelWords(session.label);
  if (!editor.maySetUp) return <Badge tone={tone}>{words}</Badge>;
  const { id, publication } = session;
  const open = session.timeslots.some((slot) => slot.registrationState === "open");
  const go = async (work: (id: string) => Promise<typeof session>, said: string) => {
    if (await act(() => work(id))) toast(said);
  };
  const more: MenuEntry[] = [];
  if (publication === "published")
    more.push({
      label: "Cancel the session",
      icon: XCircle,
      danger: true,
      onSelect: () => setAsking("cancel"),
    });
  if (publication === "published" || publication === "cancelled")
    more.push({
      label: "Archive",
      detail: "Out of every list but your own",
      icon: Archive,
      onSelect: () => void go(planning.archive, "Archived."),
    });
  more.push({ label: "Delete", icon: Trash2, danger: true, onSelect: () => setAsking("delete") });
  return (
    <div class="editor-stage">
      <Badge tone={publication === "archived" ? "neutral" : tone}>
        {publication === "archived" ? "Archived" : words}
      </Badge>
      {publication === "draft" && (
        <Button
          icon={Send}
          busy={busy}
          onClick={() => void go(planning.publish, "Published. People can find it and register.")}
        >
          Publish
        </Button>
      )}
      {publication === "published" && open && (
        <Button
          icon={DoorClosed}
          busy={busy}
          onClick={() => void go(planning.close, "Registration is closed.")}
        >
          Close registration
        </Button>
      )}
      {publication === "published" && !open && (
        <Button icon={DoorOpen} busy={busy} onClick={() => void go(planning.reopen, "Registration is open.")}>
          Open registration
        </Button>
      )}
      {(publication === "cancelled" || publication === "archived") && (
        <Button
          icon={Undo2}
          busy={busy}
          onClick={() => void go(planning.reopen, "Reopened. Everybody who had a seat is told.")}
        >
          Reopen
        </Button>
      )}
      <Menu
        label="More about this session"
        entries={more}
        trigger={(props) => <IconButton label="More" icon={MoreHorizontal} {...props} />}
      />
      {asking === "cancel" && <CancelSession onClose={() => setAsking(null)} />}
      {asking === "delete" && <DeleteSession onClose={() => setAsking(null)} />}
    </div>
  );
}
