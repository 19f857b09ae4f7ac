import { Activity, ArrowLeft, CalendarX2, Lock, Pause, Play } from "lucide-preact";
import { useState } from "preact/hooks";
import { ApiError, api, type RoomCard, sentenceOf } from "../../protocol/api";
import { Banner, Button, EmptyState, ErrorState, LinkButton, Skeleton } from "../../ui";
import { Page } from "../shell/Page";
import { useResource } from "../useResource";
import { Person } from "./Person";
import { useReports } from "./useReports";
import "./connections.css";

/** For the staff of a session: how everybody's sound and picture fare, while it runs. */
export function ConnectionsPage({ slug }: { slug: string }) {
  const { resource, reload } = useResource(slug, (signal) => api.room(slug, signal));
  const room = resource.data;
  return (
    <Page title={room ? `Connections of ${room.title}` : "Connections"}>
      {room ? (
        <Shown room={room} />
      ) : resource.state === "failed" ? (
        <Failed error={resource.error} onRetry={reload} />
      ) : (
        <Waiting />
      )}
    </Page>
  );
}

function Failed({ error, onRetry }: { error: unknown; onRetry: () => void }) {
  if (error instanceof ApiError && error.status === 404)
    return (
      <EmptyState
        level={1}
        icon={CalendarX2}
        title="This room is not here"
        action={<LinkButton href="/">See all sessions</LinkButton>}
      >
        It may have been removed, or it is open only to people who were invited.
      </EmptyState>
    );
  return <ErrorState level={1} title="The room did not load" message={sentenceOf(error)} onRetry={onRetry} />;
}

function Shown({ room }: { room: RoomCard }) {
  const [paused, setPaused] = useState(false);
  const { report, rates, trouble, refused, again } = useReports(room.timeslotId, paused);
  if (refused !== null && report === null)
    return (
      <EmptyState
        level={1}
        icon={Lock}
        title="This page is for staff"
        action={<LinkButton href={`/sessions/${room.sessionId}`}>Back to the session</LinkButton>}
      >
        {refused}
      </EmptyState>
    );
  if (report === null && trouble !== null)
    return <ErrorState level={1} title="The connections did not load" message={trouble} onRetry={again} />;
  const names = new Map(report?.people.map((person) => [person.participantId, person.name]));
  return (
    <>
      <header class="connections-head">
        <LinkButton kind="quiet" size="small" icon={ArrowLeft} href={`/sessions/${room.sessionId}`}>
          <bdi>{room.title}</bdi>
        </LinkButton>
        <div class="connections-title">
          <h1>Connections</h1>
          <Button
            size="small"
            icon={paused ? Play : Pause}
            aria-pressed={paused}
            onClick={() => setPaused(!paused)}
          >
            {paused ? "Go on refreshing" : "Pause"}
          </Button>
        </div>
      </header>
      {trouble !== null && (
        <Banner tone="warning" live>
          This is not up to date: {trouble}
        </Banner>
      )}
      {report?.media === "silent" && (
        <Banner tone="warning" live>
          The media server does not answer just now. People are shown without their figures.
        </Banner>
      )}
      {report === null ? (
        <Waiting />
      ) : report.people.length === 0 ? (
        <EmptyState icon={Activity} title="Nobody is in the room">
          Once people join, their connections appear here by themselves.
        </EmptyState>
      ) : (
        <div class="connections">
          {report.people.map((person) => (
            <Person key={person.participantId} person={person} rates={rates} names={names} />
          ))}
        </div>
      )}
    </>
  );
}

function Waiting() {
  return (
    <div aria-busy="true" class="connections">
      <span class="ui-visually-hidden">Loading the connections</span>
      <Skeleton height="180px" />
      <Skeleton height="180px" />
    </div>
  );
}
