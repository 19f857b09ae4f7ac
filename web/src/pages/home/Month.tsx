import { ChevronLeft, ChevronRight } from "lucide-preact";
import { api, type SessionCard, sentenceOf, type Wanted } from "../../protocol/api";
import { Banner, Button, classes, clock, ErrorState, navigate, VisuallyHidden } from "../../ui";
import { useResource } from "../useResource";
import { reader } from "../viewer";
import { addressOfCard } from "./Card";
import { addDays, type Day, dayIn, dayName, instantOf, monthGrid, monthName, nextMonth } from "./days";
import { addressOf, byDay, type Filters, wantedBy } from "./filters";

const WEEKDAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

/** A month of days with their sessions: a grid on wide screens, the days that have some on narrow ones. */
export function Month({ filters, who }: { filters: Filters; who: string }) {
  const zone = reader().timeZone;
  const today = dayIn(new Date().toISOString(), zone);
  const month = filters.month || today;
  const grid = monthGrid(month);
  const { resource, reload } = useResource(
    `month ${who} ${addressOf({ ...filters, month })} ${zone}`,
    (signal) =>
      who === "loading" ? new Promise<never>(() => {}) : everything(asked(filters, grid, zone), signal),
  );
  const turn = (by: number) => {
    const to = nextMonth(month, by);
    const current = to.slice(0, 7) === today.slice(0, 7);
    navigate(addressOf({ ...filters, month: current ? "" : to }), { within: true });
  };
  const days = new Map(byDay(resource.data?.items ?? [], zone));
  return (
    <section aria-labelledby="month-name">
      <div class="month-head">
        <h2 id="month-name" aria-live="polite">
          {monthName(month)}
        </h2>
        <Button size="small" icon={ChevronLeft} onClick={() => turn(-1)}>
          Previous<VisuallyHidden> month</VisuallyHidden>
        </Button>
        <Button size="small" icon={ChevronRight} onClick={() => turn(1)}>
          Next<VisuallyHidden> month</VisuallyHidden>
        </Button>
      </div>
      {resource.state === "failed" && (
        <ErrorState title="The month did not load" message={sentenceOf(resource.error)} onRetry={reload} />
      )}
      {resource.data?.cut && (
        <Banner>There is more in this month than fits here. Narrow it with a search or a filter.</Banner>
      )}
      {resource.state === "ready" && days.size === 0 && (
        <p class="month-empty">Nothing is planned in this month.</p>
      )}
      <div class="month-week" aria-hidden="true">
        {WEEKDAYS.map((name) => (
          <span key={name}>{name}</span>
        ))}
      </div>
      <ol class="month" aria-busy={resource.state === "loading"}>
        {grid.map((day) => (
          <Cell key={day} day={day} month={month} today={today} cards={days.get(day) ?? []} />
        ))}
      </ol>
    </section>
  );
}

interface CellProps {
  day: Day;
  month: Day;
  today: Day;
  cards: SessionCard[];
}

function Cell({ day, month, today, cards }: CellProps) {
  const outside = day.slice(0, 7) !== month.slice(0, 7);
  return (
    <li
      class={classes(
        "month-day",
        outside && "month-outside",
        day === today && "month-today",
        cards.length === 0 && "month-none",
      )}
      aria-current={day === today ? "date" : undefined}
    >
      <span class="month-number" aria-hidden="true">
        {Number(day.slice(8))}
      </span>
      <span class="month-name">{dayName(day)}</span>
      {cards.length > 0 && (
        <ul>
          {cards.map((card) => (
            <li key={card.timeslot.id}>
              <a class="month-session" href={addressOfCard(card)}>
                <span class="numbers">{clock(card.timeslot.startsAt, reader())}</span> <bdi>{card.title}</bdi>
                {card.label === "Cancelled" && <span> (cancelled)</span>}
              </a>
            </li>
          ))}
        </ul>
      )}
    </li>
  );
}

/** Past and coming days are two lists for the server. */
function asked(filters: Filters, grid: Day[], zone: string): Wanted[] {
  const since = instantOf(grid[0] as Day, zone);
  const until = instantOf(addDays(grid.at(-1) as Day, 1), zone);
  const now = new Date().toISOString();
  const scopes = [since < now && ("past" as const), until > now && ("upcoming" as const)].filter(
    (one) => one !== false,
  );
  return scopes.map((scope) => ({
    ...wantedBy({ ...filters, scope, from: "", to: "" }, zone),
    since,
    until,
  }));
}

const AT_MOST = 5; // pages of a hundred

async function everything(
  lists: Wanted[],
  signal: AbortSignal,
): Promise<{ items: SessionCard[]; cut: boolean }> {
  const items: SessionCard[] = [];
  let cut = false;
  for (const wanted of lists) {
    let next: number | null = 0;
    for (let page = 0; next !== null && page < AT_MOST; page += 1) {
      const found = await api.sessions({ ...wanted, limit: "100", cursor: String(next) }, signal);
      items.push(...found.items);
      next = found.next;
    }
    cut ||= next !== null;
  }
  items.sort((a, b) => a.timeslot.startsAt.localeCompare(b.timeslot.startsAt));
  return { items, cut };
}
