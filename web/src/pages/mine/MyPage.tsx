import { CalendarPlus, CalendarX2 } from "lucide-preact";
import { api, type SessionCard, sentenceOf } from "../../protocol/api";
import { Banner, Button, EmptyState, ErrorState, LinkButton, signInAddress, VisuallyHidden } from "../../ui";
import { Card, CardSkeleton } from "../home/Card";
import "../home/home.css";
import { Page } from "../shell/Page";
import { useResource } from "../useResource";
import { viewer } from "../viewer";
import { groupsOf } from "./groups";

/** Everything that one registered for, waits for or organises. */
export function MyPage() {
  const who = viewer.value;
  return (
    <Page title="My sessions">
      {who.state === "out" ? (
        <EmptyState
          level={1}
          icon={CalendarX2}
          title="Sign in to see your sessions"
          action={
            <LinkButton kind="primary" href={signInAddress("/my-sessions")}>
              Sign in
            </LinkButton>
          }
        >
          The ones you lead or have a seat in are listed here.
        </EmptyState>
      ) : (
        <>
          <h1 class="home-title">My sessions</h1>
          <Mine whose={who.state === "in" ? who.me.id : null} />
        </>
      )}
    </Page>
  );
}

function Mine({ whose }: { whose: string | null }) {
  const { resource, reload } = useResource(`mine ${whose}`, (signal) =>
    whose === null ? new Promise<never>(() => {}) : everything(signal),
  );
  if (resource.data === null && resource.state === "failed") {
    return (
      <ErrorState title="Your sessions did not load" message={sentenceOf(resource.error)} onRetry={reload} />
    );
  }
  if (resource.data === null) {
    return (
      <div class="home-list" aria-busy="true">
        <VisuallyHidden>Loading your sessions</VisuallyHidden>
        {[0, 1, 2].map((at) => (
          <CardSkeleton key={at} />
        ))}
      </div>
    );
  }
  const groups = groupsOf(resource.data, new Date());
  if (groups.length === 0) {
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
  return (
    <>
      {resource.state === "failed" && (
        <Banner
          tone="warning"
          live
          action={
            <Button kind="quiet" size="small" onClick={reload}>
              Try again
            </Button>
          }
        >
          This list may be out of date. {sentenceOf(resource.error)}
        </Banner>
      )}
      {groups.map(({ name, cards }) => (
        <section key={name} class="home-group" aria-label={name}>
          <h2 class="home-group-title">{name}</h2>
          <ul class="home-list">
            {cards.map((card) => (
              <Card key={`${card.id}-${card.timeslot.id}`} card={card} level={3} />
            ))}
          </ul>
        </section>
      ))}
    </>
  );
}

const AT_MOST = 10; // pages of a hundred sessions

async function everything(signal: AbortSignal): Promise<SessionCard[]> {
  const items: SessionCard[] = [];
  let next: number | null = 0;
  for (let page = 0; next !== null && page < AT_MOST; page += 1) {
    const found = await api.sessions({ scope: "mine", limit: "100", cursor: String(next) }, signal);
    items.push(...found.items);
    next = found.next;
  }
  return items;
}
