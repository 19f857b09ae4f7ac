import { CalendarX2, ExternalLink, Lock } from "lucide-preact";
import { useEffect, useState } from "preact/hooks";
import { ApiError, sentenceOf } from "../../protocol/api";
import { type PlannedSession, planning } from "../../protocol/planning";
import {
  Banner,
  EmptyState,
  ErrorState,
  here,
  LinkButton,
  navigate,
  Skeleton,
  signInAddress,
  type Tab,
  Tabs,
  toast,
} from "../../ui";
import { Page } from "../shell/Page";
import { useResource } from "../useResource";
import { viewer } from "../viewer";
import { AgendaTab } from "./agenda/AgendaTab";
import { EditorContext } from "./context";
import { DetailsTab } from "./DetailsTab";
import { MessagesTab } from "./messages/MessagesTab";
import { heldIn, shown } from "./model/draft";
import { SessionEditor } from "./model/editor";
import { SESSION } from "./model/targets";
import { Preview } from "./Preview";
import { ParticipantsTab } from "./participants/ParticipantsTab";
import { SaveState } from "./SaveState";
import { Stage } from "./Stage";
import { SeatsTab } from "./seats/SeatsTab";
import { TimeslotsTab } from "./timeslots/TimeslotsTab";
import { useLeaving } from "./useLeaving";
import "./editor.css";

export function EditorPage({ id }: { id: string }) {
  const who = viewer.value;
  const { resource, reload } = useResource(`${id} ${who.state}`, (signal) =>
    who.state === "in" ? planning.session(id, signal) : new Promise<never>(() => {}),
  );
  if (who.state === "out") return <SignInFirst id={id} />;
  if (resource.data) return <Opened key={id} session={resource.data} />;
  return (
    <Page title="Edit a session">
      {resource.state === "failed" ? (
        <Failed error={resource.error} onRetry={reload} />
      ) : (
        <div aria-busy="true" class="editor-waiting">
          <span class="ui-visually-hidden">Loading the editor</span>
          <Skeleton width="min(480px, 80%)" height="40px" />
          <Skeleton height="44px" />
          <Skeleton height="320px" />
        </div>
      )}
    </Page>
  );
}

function SignInFirst({ id }: { id: string }) {
  return (
    <Page title="Edit a session">
      <EmptyState
        level={1}
        icon={Lock}
        title="Sign in to edit this session"
        action={
          <LinkButton kind="primary" href={signInAddress(`/sessions/${encodeURIComponent(id)}/edit`)}>
            Sign in
          </LinkButton>
        }
      />
    </Page>
  );
}

function Failed({ error, onRetry }: { error: unknown; onRetry: () => void }) {
  if (error instanceof ApiError && error.status === 404)
    return (
      <EmptyState
        level={1}
        icon={CalendarX2}
        title="This session is not here"
        action={<LinkButton href="/">See all sessions</LinkButton>}
      >
        It may have been deleted, or it is not yours to see.
      </EmptyState>
    );
  return (
    <ErrorState level={1} title="The editor did not load" message={sentenceOf(error)} onRetry={onRetry} />
  );
}

function Opened({ session }: { session: PlannedSession }) {
  const [editor] = useState(() => new SessionEditor(session, planning));
  const leads = session.you.roles.includes("facilitator");
  if (!editor.maySetUp && !leads && !editor.maySeePeople)
    return (
      <Page title="Edit a session">
        <EmptyState
          level={1}
          icon={Lock}
          title="You cannot edit this session"
          action={
            <LinkButton href={`/sessions/${encodeURIComponent(session.id)}`}>See the session</LinkButton>
          }
        >
          {session.may["session.edit"]?.message ?? "Its organisers can."}
        </EmptyState>
      </Page>
    );
  return (
    <EditorContext.Provider value={editor}>
      <Editor editor={editor} />
    </EditorContext.Provider>
  );
}

const TABS: readonly Tab[] = [
  { id: "details", label: "Details" },
  { id: "agenda", label: "Agenda" },
  { id: "timeslots", label: "Timeslots" },
  { id: "seats", label: "Seats & conditions" },
  { id: "participants", label: "Participants" },
  { id: "messages", label: "Messages" },
];

function Editor({ editor }: { editor: SessionEditor }) {
  const leaving = useLeaving(editor);
  const wanted = here.value.query.get("tab");
  const selected = TABS.find((tab) => tab.id === wanted)?.id ?? "details";
  const title = String(shown(editor.autosave.draft.value, SESSION, "title") ?? "");
  const path = `/sessions/${encodeURIComponent(editor.id)}`;
  useComeBack(editor);
  useTellOfLosses(editor);
  const select = (tab: string) => {
    const search = tab === "details" ? "" : `?tab=${tab}`;
    navigate(`${path}/edit${search}`, { replace: true, within: true });
  };
  const tabs = TABS.map((tab) => ({ ...tab, note: noteOf(tab.id, editor) }));
  const preview = selected === "details" || selected === "timeslots";
  return (
    <Page title={`Edit: ${title || "session"}`}>
      <header class="editor-head">
        <div class="editor-title">
          <h1 dir="auto">{title.trim() || "Untitled session"}</h1>
          <SaveState />
        </div>
        <div class="editor-buttons">
          <LinkButton href={path} icon={ExternalLink} size="small" kind="quiet">
            See the session page
          </LinkButton>
          <Stage />
        </div>
      </header>
      <Tabs label="Parts of the session" tabs={tabs} selected={selected} onSelect={select}>
        <div class={preview ? "editor-columns" : "editor-single"}>
          <div class="editor-form">
            {!editor.maySetUp && <Limited />}
            <TabPanel id={selected} />
          </div>
          {preview && <Preview />}
        </div>
      </Tabs>
      {leaving}
    </Page>
  );
}

function Limited() {
  return (
    <Banner>
      You may change the programme: title, description, objectives and agenda. Time, place, seats and
      conditions are set by an organiser.
    </Banner>
  );
}

function TabPanel({ id }: { id: string }) {
  if (id === "agenda") return <AgendaTab />;
  if (id === "timeslots") return <TimeslotsTab />;
  if (id === "seats") return <SeatsTab />;
  if (id === "participants") return <ParticipantsTab />;
  if (id === "messages") return <MessagesTab />;
  return <DetailsTab />;
}

/** How many people have a seat, beside Participants; beside the others that something waits for a decision there. */
function noteOf(id: string, editor: SessionEditor): string | undefined {
  if (heldIn(editor.autosave.draft.value).some((place) => tabOf(place) === id)) return "To mend";
  if (id !== "participants") return undefined;
  const seats = editor.session.value.timeslots.flatMap((slot) => slot.seats);
  const taken = seats.reduce((sum, seat) => sum + seat.taken, 0);
  return taken > 0 ? String(taken) : undefined;
}

const OF_SEATS = /^session (visibility|joinCondition|questions|consents|prerequisites|price)$|^seat\//;
const OF_AGENDA = /^session (talkMin|qaMin)$|^agenda\//;

/** The tab that shows a field ("session title", "seat/… max"). */
function tabOf(place: string): string {
  if (OF_SEATS.test(place)) return "seats";
  if (OF_AGENDA.test(place)) return "agenda";
  return place.startsWith("timeslot/") ? "timeslots" : "details";
}

function useTellOfLosses(editor: SessionEditor): void {
  const lost = editor.autosave.lost.value;
  useEffect(() => {
    if (lost > 0) toast("Somebody else removed what you were changing.", { stays: 12_000 });
  }, [lost]);
}

/** Seats fill up and colleagues edit while the page stands open: it reads again when somebody comes back to it, and
 *  saves when the network does. */
function useComeBack(editor: SessionEditor): void {
  useEffect(() => {
    const seen = () => {
      if (document.visibilityState === "visible") void editor.peopleChanged().catch(() => {});
    };
    const online = () => void editor.autosave.flush();
    document.addEventListener("visibilitychange", seen);
    window.addEventListener("online", online);
    return () => {
      document.removeEventListener("visibilitychange", seen);
      window.removeEventListener("online", online);
    };
  }, [editor]);
}
