import { MessageSquare } from "lucide-preact";
import type { RoomSession } from "../../../session";
import { EmptyState } from "../../../ui";
import type { Panels } from "../room/panels";
import { ChatLog } from "./ChatLog";
import { Composer } from "./Composer";
import { Panel } from "./Panel";

export function ChatPanel({ session, panels }: { session: RoomSession; panels: Panels }) {
  const read = session.permit("chat.read");
  return (
    <Panel name="chat" title="Chat" panels={panels}>
      {read.allowed ? (
        <ChatLog session={session} />
      ) : (
        <EmptyState icon={MessageSquare} title="You cannot read the chat">
          {read.message}
        </EmptyState>
      )}
      <Composer session={session} />
    </Panel>
  );
}
