import { CalendarX2 } from "lucide-preact";
import { useEffect } from "preact/hooks";
import { ApiError, api, type RoomCard, type SessionDetail, sentenceOf } from "../../protocol/api";
import { Badge, EmptyState, ErrorState, highestRole, Icon, LinkButton, RoleBadge, Skeleton } from "../../ui";
import { EditLink } from "../editor/EditLink";
import { Page } from "../shell/Page";
import { type Resource, useResource } from "../useResource";
import { viewer } from "../viewer";
import { labelWords, typeIcon, typeName } from "../words";
import { About } from "./About";
import { Facts } from "./Facts";
import { PrimaryAction } from "./PrimaryAction";
import { StaffLinks } from "./StaffLinks";
import "./session.css";

interface Both {
  session: SessionDetail;
  room: RoomCard | null;
}

export function SessionPage({ id }: { id: string }) {
  const who = viewer.value;
  const asWhom = who.state === "in" ? who.me.id : who.state;
  const { resource, reload } = useResource(`${id} ${asWhom}`, (signal) =>
    who.state === "loading" ? new Promise<never>(() => {}) : load(id, signal),
  );
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

/** The session, and what its room says about entering; without the latter the page still tells everything else. */
async function load(id: string, signal: AbortSignal): Promise<Both> {
  const session = await api.session(id, signal);
  const room = await api.room(session.timeslot.slug, signal).catch((error: unknown) => {
    if (signal.aborted) throw error;
    return null;
  });
  return { session, room };
}

function Shown({ session, room, onChange }: Both & { onChange: () => void }) {
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
        <Facts session={session} />
        <PrimaryAction session={session} room={room} onChange={onChange} />
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
    ? [data.room?.opensAt, data.session.timeslot.startsAt, data.session.timeslot.endsAt]
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
  }, [data]);
}
