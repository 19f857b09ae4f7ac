import { CalendarX2, SearchX } from "lucide-preact";
import { useEffect } from "preact/hooks";
import { type SessionCard, sentenceOf } from "../../protocol/api";
import { Banner, Button, classes, EmptyState, ErrorState, here, navigate, VisuallyHidden } from "../../ui";
import { Page } from "../shell/Page";
import { reader, viewer } from "../viewer";
import { Agenda } from "./Agenda";
import { Card, CardSkeleton } from "./Card";
import { FilterBar } from "./FilterBar";
import { addressOf, type Filters, filtersIn, grouped, howMany, NO_FILTERS, wantedBy } from "./filters";
import { Month } from "./Month";
import { type Pages, usePages } from "./usePages";
import "./home.css";
import "./views.css";

export function HomePage() {
  const filters = filtersIn(here.value.query);
  const who = viewer.value.state;
  return (
    <Page title="Sessions">
      {who === "out" && <Welcome />}
      <h1 class="home-title">Sessions</h1>
      <FilterBar filters={filters} />
      {filters.view === "month" ? (
        <Month filters={filters} who={who} />
      ) : (
        <Listed filters={filters} who={who} />
      )}
    </Page>
  );
}

function Listed({ filters, who }: { filters: Filters; who: string }) {
  const zone = reader().timeZone;
  const wanted = wantedBy(filters, zone);
  const pages = usePages(who === "loading" ? null : `${who} ${JSON.stringify(wanted)}`, wanted);
  useReloadOnReturn(pages.extended ? null : pages.reload);
  return <List pages={pages} filters={filters} />;
}

function Welcome() {
  return (
    <p class="home-welcome">
      Welcome to Convene. Find a session, <a href="/sign-in">sign in</a> to take a seat, and meet in the
      browser.
    </p>
  );
}

function List({ pages, filters }: { pages: Pages; filters: Filters }) {
  const { resource, reload: onRetry, more, busy } = pages;
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
  if (running.length + others.length === 0 && !more) return <Nothing filters={filters} />;
  const heading = running.length > 0;
  return (
    <>
      {stale}
      {filters.view === "agenda" ? (
        <Agenda cards={resource.data.items} />
      ) : (
        <>
          {running.length > 0 && <Group title="In progress" cards={running} wide />}
          {others.length > 0 && <Group title={heading ? "Coming up" : null} cards={others} />}
        </>
      )}
      {more && (
        <div class="home-more">
          <Button busy={busy} onClick={more}>
            Show more
          </Button>
        </div>
      )}
    </>
  );
}

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
  if (filters.q || howMany(filters) > 0) {
    return (
      <EmptyState
        icon={SearchX}
        title={filters.q ? `Nothing found for “${filters.q}”` : "Nothing found"}
        action={
          <Button
            onClick={() =>
              navigate(addressOf({ ...NO_FILTERS, scope: filters.scope, view: filters.view }), {
                within: true,
              })
            }
          >
            {filters.q ? "Clear the search" : "Clear filters"}
          </Button>
        }
      >
        Try another word or fewer filters, or look under another heading.
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

/** A list left open in a tab is asked for again when the reader comes back to it, unless it would become shorter. */
function useReloadOnReturn(reload: (() => void) | null): void {
  useEffect(() => {
    if (!reload) return;
    const seen = () => {
      if (document.visibilityState === "visible") reload();
    };
    document.addEventListener("visibilitychange", seen);
    return () => document.removeEventListener("visibilitychange", seen);
  }, [reload]);
}
