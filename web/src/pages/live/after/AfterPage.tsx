import { CircleCheck, CloudOff, DoorOpen, MonitorSmartphone, UserX } from "lucide-preact";
import { useEffect } from "preact/hooks";
import type { RoomCard } from "../../../protocol/api";
import type { RoomSession } from "../../../session";
import { Button, EmptyState, LinkButton } from "../../../ui";
import { Page } from "../../shell/Page";
import { endingOf } from "./endings";

interface AfterPageProps {
  card: RoomCard;
  session: RoomSession;
  onAgain(): void;
}

const ICONS = {
  left: DoorOpen,
  ended: CircleCheck,
  replaced: MonitorSmartphone,
  removed: UserX,
  refused: UserX,
  failed: CloudOff,
} as const;

/** Out of the room: why, and what one can do next. */
export function AfterPage({ card, session, onAgain }: AfterPageProps) {
  const { state, problem } = session.connection.value;
  const ending = endingOf(state, problem);
  useEffect(() => document.getElementById("main")?.focus({ preventScroll: true }), [ending.kind]);
  return (
    <Page title={ending.title} width="reading">
      <div role={ending.kind === "left" ? undefined : "alert"}>
        <EmptyState
          level={1}
          icon={ICONS[ending.kind]}
          title={ending.title}
          action={
            <>
              {ending.again !== null && (
                <Button kind="primary" onClick={ending.kind === "failed" ? () => session.retry() : onAgain}>
                  {ending.again}
                </Button>
              )}
              <LinkButton href={`/sessions/${card.sessionId}`}>See the session</LinkButton>
            </>
          }
        >
          {ending.text}
        </EmptyState>
      </div>
    </Page>
  );
}
