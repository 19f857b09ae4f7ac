import { CalendarPlus, CalendarX2, Search, SearchX } from "lucide-preact";
import { useEffect, useState } from "preact/hooks";
import { api, type SessionCard, sentenceOf } from "../../protocol/api";
import {
  Banner,
  Button,
  classes,
  EmptyState,
  ErrorState,
  here,
  LinkButton,
  navigate,
  signInAddress,
  TextField,
  VisuallyHidden,
} from "../../ui";
import { Page } from "../shell/Page";
import { type Resource, useResource } from "../useResource";
import { viewer } from "../viewer";
import { Card, CardSkeleton } from "./Card";
import { addressOf, type Filters, filtersIn, grouped, SCOPES } from "./filters";
import "./home.css";

export function HomePage() {
  const filters = filtersIn(here.value.query);
  const who = viewer.value.state;
  const needsSignIn = filters.scope === "mine" && who === "out";
  const { resource, reload } = useResource(`${who}:${addressOf(filters)}`, (signal) =>
    who === "loading" || needsSignIn
      ? new Promise<never>(() => {})
      : api.sessions(filters.scope, filters.q, signal),
  );
  useReloadOnReturn(reload);
  return (
    <Page title="Sessions">
      {who === "out" && <Welcome />}
      <div class="home-head">
        <h1>Sessions</h1>
        <search class="home-tools">
          <ScopeLinks filters={filters} />
          <SearchField filters={filters} />
        </search>
      </div>
      {needsSignIn ? (
        <EmptyState
          icon={CalendarX2}
          title="Sign in to see your sessions"
          action={
            <LinkButton kind="primary" href={signInAddress(addressOf(filters))}>
              Sign in
            </LinkButton>
          }
        >
          The ones you lead or have a seat in are listed here.
        </EmptyState>
      ) : (
        <List resource={resource} filters={filters} onRetry={reload} />
      )}
    </Page>
  );
}

function Welcome() {
  return (
    <p class="home-welcome">
      Welcome to Convene. Find a session, <a href="/sign-in">sign in</a> to take a seat, and meet in the
      browser.
    </p>
  );
}

function ScopeLinks({ filters }: { filters: Filters }) {
  return (
    <nav class="home-scopes" aria-label="Which sessions">
      {SCOPES.map(({ scope, label }) => (
        <a
          key={scope}
          href={addressOf({ ...filters, scope })}
          aria-current={scope === filters.scope ? "page" : undefined}
          class={classes("home-scope", scope === filters.scope && "home-scope-on")}
          onClick={(event) => {
            if (event.metaKey || event.ctrlKey || event.shiftKey) return;
            event.preventDefault();
            navigate(addressOf({ ...filters, scope }), { within: true });
          }}
        >
          {label}
        </a>
      ))}
    </nav>
  );
}

const TYPING_PAUSE_MS = 250;

function SearchField({ filters }: { filters: Filters }) {
  const [text, setText] = useState(filters.q);
  useEffect(() => setText((typed) => (typed.trim() === filters.q ? typed : filters.q)), [filters.q]);
  useEffect(() => {
    if (text.trim() === filters.q) return;
    const timer = setTimeout(
      () => navigate(addressOf({ ...filters, q: text }), { within: true, replace: true }),
      TYPING_PAUSE_MS,
    );
    return () => clearTimeout(timer);
  }, [text]);
  return (
    <TextField
      class="home-search"
      label="Search sessions"
      labelHidden
      type="search"
      placeholder="Search sessions"
      icon={Search}
      maxLength={200}
      value={text}
      onInput={setText}
    />
  );
}

interface ListProps {
  resource: Resource<{ items: SessionCard[] }>;
  filters: Filters;
  onRetry: () => void;
}

function List({ resource, filters, onRetry }: ListProps) {
  if (resource.data === null && resource.state === "failed") {
    return (
      <ErrorState title="The sessions did not load" message={sentenceOf(resource.error)} onRetry={onRetry} />
    );
  }
  if (resource.data === null) {
    return (
      <div class="home-list" aria-busy="true">
        <VisuallyHidden>Loading sessions</VisuallyHidden>
        {[0, 1, 2, 3].map((at) => (
          <CardSkeleton key={at} />
        ))}
      </div>
    );
  }
  const { running, others } = grouped(resource.data.items);
  const stale = resource.state === "failed" && (
    <Banner
      tone="warning"
      class="home-stale"
      live
      action={
        <Button kind="quiet" size="small" onClick={onRetry}>
          Try again
        </Button>
      }
    >
      This list may be out of date. {sentenceOf(resource.error)}
    </Banner>
  );
  if (running.length + others.length === 0) return <Nothing filters={filters} />;
  const heading = running.length > 0;
  return (
    <>
      {stale}
      {running.length > 0 && <Group title="In progress" cards={running} wide />}
      {others.length > 0 && <Group title={heading ? titleOf(filters) : null} cards={others} />}
    </>
  );
}

const titleOf = ({ scope }: Filters): string => (scope === "mine" ? "Your other sessions" : "Coming up");

interface GroupProps {
  title: string | null;
  cards: SessionCard[];
  /** One under the other over the whole width. */
  wide?: boolean;
}

function Group({ title, cards, wide = false }: GroupProps) {
  return (
    <section class={classes("home-group", wide && "home-running")} aria-label={title ?? "Sessions"}>
      {title && <h2 class="home-group-title">{title}</h2>}
      <ul class="home-list">
        {cards.map((card) => (
          <Card key={`${card.id}-${card.timeslot.id}`} card={card} level={title ? 3 : 2} />
        ))}
      </ul>
    </section>
  );
}

function Nothing({ filters }: { filters: Filters }) {
  if (filters.q) {
    return (
      <EmptyState
        icon={SearchX}
        title={`Nothing found for “${filters.q}”`}
        action={
          <Button onClick={() => navigate(addressOf({ ...filters, q: "" }), { within: true })}>
            Clear the search
          </Button>
        }
      >
        Try another word, or look under another heading.
      </EmptyState>
    );
  }
  if (filters.scope === "mine") {
    return (
      <EmptyState
        icon={CalendarPlus}
        title="You have no sessions yet"
        action={<LinkButton href="/">See what is coming up</LinkButton>}
      >
        Register for one, and it appears here.
      </EmptyState>
    );
  }
  if (filters.scope === "past") {
    return (
      <EmptyState icon={CalendarX2} title="No past sessions">
        Sessions that have taken place are kept here.
      </EmptyState>
    );
  }
  return (
    <EmptyState icon={CalendarX2} title="No sessions are planned">
      New ones appear here as soon as they are published.
    </EmptyState>
  );
}

/** A list left open in a tab is asked for again when the reader comes back to it. */
function useReloadOnReturn(reload: () => void): void {
  useEffect(() => {
    const seen = () => {
      if (document.visibilityState === "visible") reload();
    };
    document.addEventListener("visibilitychange", seen);
    return () => document.removeEventListener("visibilitychange", seen);
  }, [reload]);
}
