import { Lock, Mic } from "lucide-preact";
import { useState } from "preact/hooks";
import { type SessionType, sentenceOf } from "../../protocol/api";
import { type NewSession, planning } from "../../protocol/planning";
import { Banner, EmptyState, Icon, LinkButton, type LucideIcon, navigate, signInAddress } from "../../ui";
import { Page } from "../shell/Page";
import { viewer } from "../viewer";
import { typeIcon, typeName } from "../words";
import { wallClock } from "./model/zoned";
import "./editor.css";
import "./newSession.css";

interface Kind {
  name: string;
  icon: LucideIcon;
  words: string;
  body: Omit<NewSession, "timeslot" | "title"> & { minutes: number };
}

const kind = (type: SessionType, minutes: number, words: string): Kind => ({
  name: typeName({ type, customType: null }),
  icon: typeIcon(type),
  words,
  body: { type, minutes, ...(type === "custom" ? { customType: "Session" } : {}) },
});

/** What a session may be, each with its seats and rules (M1, S2-S8). */
const KINDS: readonly Kind[] = [
  {
    name: "Talks",
    icon: Mic,
    words: "Three short talks with questions: a host, presenters in order, guests.",
    body: { type: "custom", customType: "Talks", talks: {}, minutes: 45 },
  },
  kind("training", 45, "Led by somebody who knows: demonstration, explanation, questions."),
  kind("workshop", 90, "Hands on, in groups, with breakouts."),
  kind("coaching", 45, "One to one or in a small group: goals, plans, feedback."),
  kind("buddy_meeting", 45, "Two equals help each other. No host, and both may share their screen."),
  kind("focus_work", 50, "Quiet work together: microphones off, one timer."),
  { ...kind("custom", 45, "A kind of your own, with a word of your own for it."), name: "Something else" },
];

/** The first step of planning: what it is. The rest is set in the editor, which saves by itself. */
export function NewSessionPage() {
  const who = viewer.value;
  const [making, setMaking] = useState<string | null>(null);
  const [failure, setFailure] = useState<string | null>(null);
  const create = async ({ name, body: { minutes, ...body } }: Kind) => {
    if (making) return;
    setMaking(name);
    setFailure(null);
    try {
      const title = `New ${name === "Something else" ? "session" : name.toLowerCase()}`;
      const made = await planning.create({
        ...body,
        title,
        timeslot: { startsLocal: inAWeek(), durationMin: minutes },
      });
      navigate(`/sessions/${encodeURIComponent(made.id)}/edit`, { replace: true });
    } catch (error) {
      setFailure(sentenceOf(error));
      setMaking(null);
    }
  };
  if (who.state === "out") return <Refused title="Sign in to plan a session" signIn />;
  if (who.state === "in" && !who.me.mayCreateSessions)
    return <Refused title="Your account may not create sessions" />;
  return (
    <Page title="New session" width="reading">
      <h1>What will it be?</h1>
      <p class="editor-note">It starts as a draft that only you see. Everything can be changed afterwards.</p>
      {failure && (
        <Banner tone="danger" live class="kinds-failure">
          {failure}
        </Banner>
      )}
      <ul class="kinds">
        {KINDS.map((one) => (
          <li key={one.name}>
            <button
              type="button"
              class="kind"
              aria-disabled={making !== null || undefined}
              onClick={() => void create(one)}
            >
              <span class="kind-icon">
                <Icon of={one.icon} />
              </span>
              <span class="kind-words">
                <span class="kind-name">{one.name}</span>
                <span class="editor-note">{making === one.name ? "Creating…" : one.words}</span>
              </span>
            </button>
          </li>
        ))}
      </ul>
    </Page>
  );
}

function Refused({ title, signIn = false }: { title: string; signIn?: boolean }) {
  return (
    <Page title="New session">
      <EmptyState
        level={1}
        icon={Lock}
        title={title}
        action={
          signIn ? (
            <LinkButton kind="primary" href={signInAddress("/sessions/new")}>
              Sign in
            </LinkButton>
          ) : (
            <LinkButton href="/">See all sessions</LinkButton>
          )
        }
      >
        {signIn ? null : "An administrator can allow it."}
      </EmptyState>
    </Page>
  );
}

/** In a week, in the evening, on whatever clock the session gets. */
function inAWeek(): string {
  const { timeZone } = Intl.DateTimeFormat().resolvedOptions();
  return `${wallClock(Date.now() + 7 * 24 * 3600_000, timeZone).slice(0, 10)}T18:00`;
}
