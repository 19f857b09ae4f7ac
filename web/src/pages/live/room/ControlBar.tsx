import { LogOut, MessageSquare, Power, Users } from "lucide-preact";
import { useState } from "preact/hooks";
import type { RoomSession } from "../../../session";
import { Badge, Button, Dialog, toast } from "../../../ui";
import { capOf } from "../shortcuts";
import { Control, type ControlProps } from "./Control";
import { AllDevices, CameraControl, MicrophoneControl } from "./DeviceControls";
import { HandControl, ShareControl } from "./OwnControls";
import type { PanelName, Panels } from "./panels";
import { ReactControl } from "./ReactControl";

interface ControlBarProps {
  session: RoomSession;
  panels: Panels;
  /** No mouse, or little width: one button for all devices instead of a caret beside each. */
  compact: boolean;
  reacting: boolean;
  onReacting(open: boolean): void;
  onStatistics(): void;
}

/** Everything one does in the room, always in the same place and order. */
export function ControlBar(props: ControlBarProps) {
  const { session, panels, compact, reacting, onReacting, onStatistics } = props;
  const observer = session.you.value?.role === "observer";
  return (
    <section class="bar" aria-label="Controls">
      <div class="bar-group bar-own">
        {observer ? (
          <Badge class="bar-observing">Observing</Badge>
        ) : (
          <>
            <MicrophoneControl session={session} menu={!compact} />
            <CameraControl session={session} menu={!compact} />
            <ShareControl session={session} />
          </>
        )}
        <HandControl session={session} />
        <ReactControl session={session} open={reacting} onOpen={onReacting} />
      </div>
      <div class="bar-group bar-panels">
        <ChatControl session={session} panels={panels} />
        <PanelControl name="people" label="People" icon={Users} panels={panels} />
        {compact && <AllDevices session={session} onStatistics={onStatistics} />}
      </div>
      <div class="bar-group bar-leave">
        <Control look="leave" word="Leave" label="Leave" icon={LogOut} onClick={() => void session.leave()} />
        {session.permit("session.end").allowed && <EndControl session={session} />}
      </div>
    </section>
  );
}

function ChatControl({ session, panels }: { session: RoomSession; panels: Panels }) {
  const unread = session.chat.unread.value;
  return (
    <>
      <PanelControl
        name="chat"
        label="Chat"
        icon={MessageSquare}
        panels={panels}
        aria-describedby="chat-unread"
        count={unread > 99 ? "99+" : unread > 0 ? `${unread}` : undefined}
      />
      <span id="chat-unread" hidden>
        {unread > 0 ? `${unread} unread` : ""}
      </span>
    </>
  );
}

interface PanelControlProps extends Omit<ControlProps, "word"> {
  name: PanelName;
  panels: Panels;
}

function PanelControl({ name, panels, ...control }: PanelControlProps) {
  return (
    <Control
      {...control}
      word={control.label}
      shortcut={capOf(name)}
      aria-expanded={panels.open === name}
      aria-controls={panels.open === name ? `panel-${name}` : undefined}
      data-panel={name}
      onClick={() => panels.toggle(name)}
    />
  );
}

function EndControl({ session }: { session: RoomSession }) {
  const [asking, setAsking] = useState(false);
  const [ending, setEnding] = useState(false);
  const end = async () => {
    setEnding(true);
    const problem = await session.endForAll();
    // The end may come faster than the answer to the request for it.
    if (problem === null || session.connection.peek().state === "ended") return;
    setEnding(false);
    setAsking(false);
    toast(problem.message);
  };
  return (
    <>
      <Control
        look="end"
        word="End"
        label="End for all"
        icon={Power}
        aria-haspopup="dialog"
        onClick={() => setAsking(true)}
      />
      {asking && (
        <Dialog
          alert
          title="End the session for everyone?"
          onClose={() => setAsking(false)}
          actions={
            <>
              <Button autofocus onClick={() => setAsking(false)}>
                Keep going
              </Button>
              <Button kind="danger" busy={ending} onClick={() => void end()}>
                End session
              </Button>
            </>
          }
        >
          <p>Everyone is disconnected, and nobody can come back in. If only you have to go, leave instead.</p>
        </Dialog>
      )}
    </>
  );
}
