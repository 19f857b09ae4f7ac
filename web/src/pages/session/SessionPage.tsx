import { CalendarX2 } from "lucide-preact";
import { useEffect, useState } from "preact/hooks";
import {
  ApiError,
  api,
  type RoomCard,
  type SessionDetail,
  sentenceOf,
  type Timeslot,
} from "../../protocol/api";
import {
  Badge,
  EmptyState,
  ErrorState,
  here,
  highestRole,
  Icon,
  LinkButton,
  navigate,
  RoleBadge,
  Skeleton,
} from "../../ui";
import { EditLink } from "../editor/EditLink";
import { Page } from "../shell/Page";
import { type Resource, useResource } from "../useResource";
import { viewer } from "../viewer";
import { labelWords, typeIcon, typeName } from "../words";
import { About } from "./About";
import { Facts } from "./Facts";
import { PrimaryAction } from "./PrimaryAction";
import { Slots } from "./Slots";
import { StaffLinks } from "./StaffLinks";
import { chosenSlot, shownSlots } from "./slotChoice";
import "./session.css";

interface Both {
  session: SessionDetail;
  /** The timeslot that the page is about. */
  timeslot: Timeslot;
  room: RoomCard | null;
}

export function SessionPage({ id }: { id: string }) {
  const who = viewer.value;
  const asWhom = who.state === "in" ? who.me.id : who.state;
  const wanted = here.value.query.get("slot");
  const { resource: found, reload } = useResource(`${id} ${asWhom}`, (signal) =>
    who.state === "loading" ? new Promise<never>(() => {}) : api.session(id, signal),
  );
  const room = useRoom(found.data && chosenSlot(found.data, wanted), asWhom);
  const resource = withRoom(found, wanted, room);
  useReloadAtTurns(resource.data, reload);
  // One frame for all states: the focus that arrived on it stays when the content comes.
  return (
    <Page title={titleOf(resource)}>
      {resource.data ? (
        <Shown {...resource.data} onChange={reload} />
      ) : resource.state === "failed" ? (
        <Failed error={resource.error} onRetry={reload} />
      ) : (
        <Waiting />
      )}
    </Page>
  );
}

function titleOf({ data, state, error }: Resource<Both>): string {
  if (data) return data.session.title;
  return state === "failed" && isMissing(error) ? "Session not found" : "Session";
}

const isMissing = (error: unknown): boolean => error instanceof ApiError && error.status === 404;

/** What the room of a timeslot says about entering, undefined until it is known; without it the page still tells
 *  everything else. A session that was read anew has new timeslots, so the room is asked again. */
function useRoom(timeslot: Timeslot | null, asWhom: string): RoomCard | null | undefined {
  const [held, setHeld] = useState<{ of: string; room: RoomCard | null }>();
  const of = `${timeslot?.slug} ${asWhom}`;
  useEffect(() => {
    if (!timeslot) return;
    const stop = new AbortController();
    api.room(timeslot.slug, stop.signal).then(
      (room) => !stop.signal.aborted && setHeld({ of, room }),
      () => !stop.signal.aborted && setHeld({ of, room: null }),
    );
    return () => stop.abort();
  }, [timeslot, of]);
  return held?.of === of ? held.room : undefined;
}

function withRoom(
  found: Resource<SessionDetail>,
  wanted: string | null,
  room: RoomCard | null | undefined,
): Resource<Both> {
  if (found.data === null) return found.state === "failed" ? { ...found, data: null } : found;
  if (room === undefined) return { state: "loading", data: null, error: null };
  return { ...found, data: { session: found.data, timeslot: chosenSlot(found.data, wanted), room } };
}

function Shown({ session, timeslot, room, onChange }: Both & { onChange: () => void }) {
  const slots = shownSlots(session);
  const choose = (slot: string) =>
    navigate(`/sessions/${encodeURIComponent(session.id)}?slot=${encodeURIComponent(slot)}`, {
      within: true,
      replace: true,
    });
  const { words, tone } = labelWords(session.label);
  const role = highestRole(session.you.roles);
  return (
    <div class="session-columns">
      <header class="session-head">
        <p class="session-kind">
          <span class="session-type">
            <Icon of={typeIcon(session.type)} />
            <bdi>{typeName(session)}</bdi>
          </span>
          <Badge tone={tone}>{words}</Badge>
          {role && <RoleBadge role={role} />}
          <EditLink session={session} />
        </p>
        <h1>
          <bdi>{session.title}</bdi>
        </h1>
      </header>
      <aside class="session-aside" aria-label="When, where and registration">
        {slots.length > 1 && <Slots slots={slots} chosen={timeslot.id} onChoose={choose} />}
        <Facts session={session} timeslot={timeslot} />
        <PrimaryAction session={session} timeslot={timeslot} room={room} onChange={onChange} />
        <StaffLinks session={session} />
      </aside>
      <About session={session} />
    </div>
  );
}

function Waiting() {
  return (
    <div aria-busy="true" class="session-waiting">
      <span class="ui-visually-hidden">Loading the session</span>
      <div class="session-columns">
        <div class="session-head">
          <Skeleton width="180px" height="24px" />
          <Skeleton width="min(560px, 90%)" height="40px" />
        </div>
        <Skeleton height="240px" class="session-aside" />
        <div class="session-about">
          <Skeleton height="24px" />
          <Skeleton height="24px" />
          <Skeleton width="60%" height="24px" />
        </div>
      </div>
    </div>
  );
}

function Failed({ error, onRetry }: { error: unknown; onRetry: () => void }) {
  if (isMissing(error)) {
    return (
      <EmptyState
        level={1}
        icon={CalendarX2}
        title="This session is not here"
        action={<LinkButton href="/">See all sessions</LinkButton>}
      >
        It may have been removed, or it is open only to people who were invited.
      </EmptyState>
    );
  }
  return (
    <ErrorState level={1} title="The session did not load" message={sentenceOf(error)} onRetry={onRetry} />
  );
}

const LONGEST_TIMER_MS = 24 * 3600 * 1000;

/** What one may do changes when the doors open, at the start and at the end: ask again then, and on return to the tab. */
function useReloadAtTurns(data: Both | null, reload: () => void): void {
  const turns = data
    ? [
        data.room?.opensAt,
        data.timeslot.startsAt,
        data.timeslot.endsAt,
        data.timeslot.registrationOpensAt,
        data.timeslot.registrationClosesAt,
        data.timeslot.ownRegistration?.offerExpiresAt,
      ]
    : [];
  const next = turns
    .map((iso) => Date.parse(iso ?? "") - Date.now())
    .filter((wait) => wait > 0 && wait < LONGEST_TIMER_MS);
  useEffect(() => {
    const timer = next.length > 0 ? setTimeout(reload, Math.min(...next) + 500) : undefined;
    const seen = () => {
      if (document.visibilityState === "visible") reload();
    };
    document.addEventListener("visibilitychange", seen);
    return () => {
      clearTimeout(timer);
      document.removeEventListener("visibilitychange", seen);
    };
  }, [data?.session, data?.room]);
}
