import { CalendarX, CircleCheck, Clock, Compass, LogIn, TicketCheck, UserX } from "lucide-preact";
import type { ComponentChildren } from "preact";
import { useEffect } from "preact/hooks";
import type { LocalMedia } from "../../../media/local";
import { ApiError, api, type RoomCard, sentenceOf } from "../../../protocol/api";
import { EmptyState, ErrorState, LinkButton, longDate, Spinner, signInAddress, timeRange } from "../../../ui";
import { Page } from "../../shell/Page";
import { useResource } from "../../useResource";
import { reader } from "../../viewer";
import { DeviceCheck } from "../check/DeviceCheck";
import { askAgainAfter, timeOfDay, untilInWords } from "../clock";
import { useNow } from "../useNow";
import { arrivalOf, type Arrival as Stage } from "./stage";
import "./arrival.css";

interface ArrivalProps {
  slug: string;
  onJoin(card: RoomCard, local: LocalMedia | null): void;
}

/** Everything between the link and the room: signing in, registering, waiting, and the device check. */
export function Arrival({ slug, onJoin }: ArrivalProps) {
  const { resource, reload } = useResource(slug, (signal) => api.room(slug, signal));
  const card = resource.data;
  if (card !== null) return <Arrived card={card} onReload={reload} onJoin={(local) => onJoin(card, local)} />;
  if (resource.state === "loading") {
    return (
      <Page title="Joining">
        <div class="arrival-loading">
          <Spinner label="Looking for the room" size={28} />
        </div>
      </Page>
    );
  }
  const unknown = resource.error instanceof ApiError && resource.error.status === 404;
  return (
    <Page title={unknown ? "Room not found" : "Room"} width="reading">
      {unknown ? (
        <EmptyState
          level={1}
          icon={Compass}
          title="There is no room at this address"
          action={<LinkButton href="/">See all sessions</LinkButton>}
        >
          Check the link with whoever sent it to you.
        </EmptyState>
      ) : (
        <ErrorState
          level={1}
          title="The room could not be looked up"
          message={sentenceOf(resource.error)}
          onRetry={reload}
        />
      )}
    </Page>
  );
}

interface ArrivedProps {
  card: RoomCard;
  onReload(): void;
  onJoin(local: LocalMedia | null): void;
}

function Arrived({ card, onReload, onJoin }: ArrivedProps) {
  const now = useNow();
  const stage = arrivalOf(card);
  // Whoever reads "not open yet" should see it open without touching the page.
  const waits = stage.kind === "early" || stage.kind === "refused";
  const pause = stage.kind === "early" ? askAgainAfter(stage.opens - now) : 30;
  useEffect(() => {
    if (!waits) return;
    const timer = setInterval(onReload, pause * 1000);
    return () => clearInterval(timer);
  }, [waits, pause]);
  if (stage.kind === "ready") return <DeviceCheck card={card} onJoin={onJoin} />;
  return (
    <Page title={card.title} width="reading">
      <Doorstep card={card} stage={stage} now={now} />
    </Page>
  );
}

interface DoorstepProps {
  card: RoomCard;
  stage: Stage;
  now: number;
}

function Doorstep({ card, stage, now }: DoorstepProps) {
  const sessionPage = `/sessions/${card.sessionId}`;
  const toSession = (words: string) => <LinkButton href={sessionPage}>{words}</LinkButton>;
  switch (stage.kind) {
    case "sign-in":
      return (
        <Notice
          card={card}
          icon={LogIn}
          title="Sign in to join"
          action={
            <LinkButton kind="primary" href={signInAddress(`/live/${card.slug}`)}>
              Sign in
            </LinkButton>
          }
        >
          So that the others know who you are.
        </Notice>
      );
    case "register":
      return (
        <Notice
          card={card}
          icon={TicketCheck}
          title="You have no place in this session yet"
          action={
            <LinkButton kind="primary" href={sessionPage}>
              See the session
            </LinkButton>
          }
        >
          Register on the session's page, then come back here.
        </Notice>
      );
    case "early":
      return (
        <Notice
          card={card}
          icon={Clock}
          title="The room is not open yet"
          action={toSession("See the session")}
        >
          It opens at {timeOfDay(stage.opens, reader())}.
          <span class="arrival-countdown numbers" role="timer">
            {untilInWords(stage.opens - now)}
            <small>to go. Stay here: this page goes on by itself.</small>
          </span>
        </Notice>
      );
    case "ended":
      return (
        <Notice
          card={card}
          icon={CircleCheck}
          title="This session has ended"
          action={toSession("See the session")}
        >
          Nobody can enter it any more.
        </Notice>
      );
    case "cancelled":
      return (
        <Notice
          card={card}
          icon={CalendarX}
          title="This session was cancelled"
          action={toSession("See the session")}
        >
          It does not take place.
        </Notice>
      );
    default:
      return (
        <Notice card={card} icon={UserX} title="You cannot enter now" action={toSession("See the session")}>
          {card.you.join.message}
        </Notice>
      );
  }
}

interface NoticeProps {
  card: RoomCard;
  icon: typeof Clock;
  title: string;
  action: ComponentChildren;
  children: ComponentChildren;
}

function Notice({ card, icon, title, action, children }: NoticeProps) {
  const who = reader();
  const day = longDate(card.startsAt, who, new Date());
  return (
    <>
      <header class="arrival-head">
        <p class="arrival-title" dir="auto">
          {card.title}
        </p>
        <p class="arrival-when">
          {day}, {timeRange(card.startsAt, card.endsAt, who)}
        </p>
      </header>
      <EmptyState level={1} icon={icon} title={title} action={action}>
        {children}
      </EmptyState>
    </>
  );
}
