import { MailOpen } from "lucide-preact";
import { useState } from "preact/hooks";
import { sentenceOf } from "../../../protocol/api";
import { type MailState, planning, type SentMail } from "../../../protocol/planning";
import {
  Badge,
  Button,
  EmptyState,
  ErrorState,
  Select,
  Skeleton,
  shortDateTime,
  type Tone,
} from "../../../ui";
import { useResource } from "../../useResource";
import { reader } from "../../viewer";
import { useEditor } from "../context";
import { useAct } from "../useAct";
import { useLast } from "../useLast";

const STATES: Record<MailState, [words: string, tone: Tone]> = {
  waiting: ["On its way", "neutral"],
  sent: ["Sent", "success"],
  failed: ["Failed", "danger"],
  late: ["Too late to send", "warning"],
};

const KINDS: Record<string, string> = {
  "registration.confirmed": "Confirmation",
  "registration.requested": "Request received",
  "registration.approved": "Approved",
  "registration.declined": "Declined",
  "registration.waitlisted": "On the waitlist",
  "registration.offered": "Seat offered",
  "registration.offer_expired": "Offer expired",
  "role.changed": "Role changed",
  "registration.cancelled": "Registration cancelled",
  "session.changed": "Session changed",
  "session.cancelled": "Session cancelled",
  "session.reinstated": "Session takes place again",
  "reminder.day": "Reminder, a day before",
  "reminder.hour": "Reminder, an hour before",
  invitation: "Invitation",
  "recording.ready": "Recording ready",
  "feedback.request": "Feedback asked for",
  message: "Message",
};

/** Every mail of the session with what became of it, newest first. */
export function SentList() {
  const editor = useEditor();
  const [state, setState] = useState("");
  const [pages, setPages] = useState(1);
  const { resource, reload } = useResource(`${state} ${pages} ${editor.roster.value}`, (signal) =>
    read(editor.id, state, pages, signal),
  );
  const shown = useLast(resource.data);
  return (
    <section class="editor-section">
      <div class="mail-head">
        <h2>Mails</h2>
        <Button size="small" kind="quiet" onClick={reload}>
          Refresh
        </Button>
      </div>
      <Select
        label="Show"
        class="editor-picker"
        value={state}
        onChange={setState}
        options={[
          { value: "", label: "All" },
          ...Object.entries(STATES).map(([value, [label]]) => ({ value, label })),
        ]}
      />
      {resource.state === "loading" && !shown && <Skeleton height="160px" />}
      {resource.state === "failed" && (
        <ErrorState title="The mails did not load" message={sentenceOf(resource.error)} onRetry={reload} />
      )}
      {shown && shown.items.length === 0 && (
        <EmptyState icon={MailOpen} title="No mails">
          What goes out to people of this session is listed here.
        </EmptyState>
      )}
      {shown && shown.items.length > 0 && (
        <ul class="mails">
          {shown.items.map((mail) => (
            <Line key={mail.id} mail={mail} />
          ))}
        </ul>
      )}
      {shown?.before && <Button onClick={() => setPages(pages + 1)}>Show more</Button>}
    </section>
  );
}

interface Read {
  items: SentMail[];
  before: number | null;
}

async function read(session: string, state: string, pages: number, signal: AbortSignal): Promise<Read> {
  const items: SentMail[] = [];
  let before: number | null | undefined;
  for (let page = 0; page < pages && before !== null; page += 1) {
    const filter = before === undefined ? { state } : { state, before };
    const found: Read = await planning.mail(session, filter, signal);
    items.push(...found.items);
    before = found.before;
  }
  return { items, before: before ?? null };
}

function Line({ mail }: { mail: SentMail }) {
  const editor = useEditor();
  const { busy, actOnPeople } = useAct();
  const [words, tone] = STATES[mail.state];
  return (
    <li class="mail">
      <div class="mail-words">
        <span class="mail-subject" dir="auto">
          {mail.subject ?? KINDS[mail.kind] ?? mail.kind}
        </span>
        <span class="editor-note">
          {KINDS[mail.kind] ?? mail.kind}, to <bdi>{mail.name || mail.email}</bdi>
          {mail.name && mail.email && (
            <>
              {" "}
              <bdi>({mail.email})</bdi>
            </>
          )}
        </span>
        {mail.error && (
          <span class="mail-error">
            {mail.error}
            {mail.state === "waiting" && mail.dueAt && ` Tried again ${shortDateTime(mail.dueAt, reader())}.`}
          </span>
        )}
      </div>
      <div class="mail-state">
        {mail.state === "failed" && editor.mayManagePeople && (
          <Button
            size="small"
            busy={busy}
            aria-label={`Send the mail to ${mail.name || mail.email} again`}
            onClick={() => void actOnPeople(() => planning.resend(editor.id, mail.id))}
          >
            Send again
          </Button>
        )}
        <Badge tone={tone}>{words}</Badge>
        <time class="editor-note numbers" dateTime={mail.sentAt ?? mail.createdAt}>
          {shortDateTime(mail.sentAt ?? mail.createdAt, reader())}
        </time>
      </div>
    </li>
  );
}
