import { Video } from "lucide-preact";
import { useState } from "preact/hooks";
import {
  api,
  type Registration,
  type RoomCard,
  type SessionDetail,
  sentenceOf,
  type Timeslot,
} from "../../protocol/api";
import {
  Banner,
  Button,
  clock,
  Dialog,
  duration,
  navigate,
  shortDateTime,
  signInAddress,
  toast,
  untilStart,
} from "../../ui";
import { reader, viewer } from "../viewer";
import { type Button as ActionButton, actionFor, type Held } from "./action";
import { ChangeAnswers } from "./ChangeAnswers";
import { RegisterForm } from "./RegisterForm";

interface PrimaryActionProps {
  session: SessionDetail;
  /** The one that was chosen. */
  timeslot: Timeslot;
  room: RoomCard | null;
  onChange: () => void;
}

/** What the reader can do about a timeslot: one thing that stands out, and ways back. */
export function PrimaryAction({ session, timeslot, room, onChange }: PrimaryActionProps) {
  const [asking, setAsking] = useState<Held | null>(null);
  const [changing, setChanging] = useState(false);
  const { ownRegistration: registration, cancelBy } = timeslot;
  const late = cancelBy !== null && Date.parse(cancelBy) <= Date.now();
  const action = actionFor({
    label: timeslot.label,
    signedIn: viewer.value.state === "in",
    roles: room?.you.roles ?? session.you.roles,
    registration,
    seats: timeslot.seats,
    joinCondition: session.joinCondition,
    invited: false,
    register: timeslot.register,
    join: room?.you.join ?? null,
    opens: opening(room),
    offerUntil: registration?.offerExpiresAt ? until(registration.offerExpiresAt) : null,
    tooLateToCancel: late,
  });
  const hasSeat = registration !== null && SEATED.includes(registration.status);
  const deadline = hasSeat && cancelBy !== null && action.message !== "";
  return (
    <div class="session-action">
      {action.message && <p class="session-message">{action.message}</p>}
      {registration?.message && (
        <Banner>
          The organiser writes: <bdi>{registration.message}</bdi>
        </Banner>
      )}
      {action.button && (
        <TheButton
          button={action.button}
          session={session}
          timeslot={timeslot}
          registration={registration}
          onChange={onChange}
        />
      )}
      {registration && (hasSeat || action.mayCancel) && (
        <Button kind="quiet" wide onClick={() => setChanging(true)}>
          {registration.part === "presenter" ? "Change your talk" : "Change what you told"}
        </Button>
      )}
      {action.mayCancel && registration && (
        <Button kind="quiet" wide onClick={() => setAsking(action.mayCancel)}>
          {GIVE_UP[action.mayCancel].button}
        </Button>
      )}
      {deadline && (
        <p class="session-note">
          {late
            ? "It is too late to cancel here. If you cannot come, write to the organiser."
            : `You can cancel until ${shortDateTime(cancelBy, reader())}.`}
        </p>
      )}
      {asking && registration && (
        <GiveUp
          held={asking}
          registration={registration}
          onClose={() => setAsking(null)}
          onChange={onChange}
        />
      )}
      {changing && registration && (
        <ChangeAnswers registration={registration} onClose={() => setChanging(false)} onChange={onChange} />
      )}
    </div>
  );
}

const SEATED = ["registered", "confirmed", "attended"];

interface TheButtonProps {
  button: ActionButton;
  session: SessionDetail;
  timeslot: Timeslot;
  registration: Registration | null;
  onChange: () => void;
}

function TheButton({ button, session, timeslot, registration, onChange }: TheButtonProps) {
  if (button.kind === "join") {
    const room = `/live/${encodeURIComponent(timeslot.slug)}`;
    return (
      <Button kind="primary" size="large" wide icon={Video} onClick={() => navigate(room)}>
        Join
      </Button>
    );
  }
  if (button.kind === "sign-in") {
    const back = signInAddress(`/sessions/${encodeURIComponent(session.id)}?slot=${timeslot.id}`);
    return (
      <Button kind="primary" size="large" wide onClick={() => navigate(back)}>
        {button.label}
      </Button>
    );
  }
  if (button.kind === "offer") {
    return registration && <Offer registration={registration} onChange={onChange} />;
  }
  return (
    <RegisterForm
      key={timeslot.id}
      timeslot={timeslot}
      conditions={session.conditions}
      seats={button.seats}
      onChange={onChange}
    />
  );
}

/** A seat that is kept for a while: to be accepted, or left to the next. */
function Offer({ registration, onChange }: { registration: Registration; onChange: () => void }) {
  const [busy, setBusy] = useState<"yes" | "no" | null>(null);
  const [failure, setFailure] = useState<string | null>(null);
  const answer = async (accept: boolean) => {
    setBusy(accept ? "yes" : "no");
    try {
      await api.answerOffer(registration.id, accept);
      toast(accept ? "You're registered." : "You declined. The seat goes to the next.");
    } catch (error) {
      setFailure(sentenceOf(error));
    }
    setBusy(null);
    onChange();
  };
  return (
    <>
      {failure && (
        <Banner tone="danger" live>
          {failure}
        </Banner>
      )}
      <Button kind="primary" size="large" wide busy={busy === "yes"} onClick={() => void answer(true)}>
        Accept the seat
      </Button>
      <Button kind="quiet" wide busy={busy === "no"} onClick={() => void answer(false)}>
        Decline
      </Button>
    </>
  );
}

const GIVE_UP: Record<Held, { button: string; title: string; keep: string; text: string; done: string }> = {
  seat: {
    button: "Cancel registration",
    title: "Cancel your registration?",
    keep: "Keep my seat",
    text: "Your seat becomes free for someone else. You can register again as long as there are seats left.",
    done: "Your registration is cancelled.",
  },
  request: {
    button: "Withdraw your request",
    title: "Withdraw your request?",
    keep: "Keep my request",
    text: "The organiser need not answer it any more. You can ask again later.",
    done: "Your request is withdrawn.",
  },
  place: {
    button: "Leave the waitlist",
    title: "Leave the waitlist?",
    keep: "Keep my place",
    text: "The others move up. If you come back you stand at the end.",
    done: "You left the waitlist.",
  },
};

interface GiveUpProps {
  held: Held;
  registration: Registration;
  onClose: () => void;
  onChange: () => void;
}

function GiveUp({ held, registration, onClose, onChange }: GiveUpProps) {
  const [busy, setBusy] = useState(false);
  const words = GIVE_UP[held];
  const go = async () => {
    setBusy(true);
    try {
      await api.cancelRegistration(registration.id);
      toast(words.done);
    } catch (error) {
      toast(sentenceOf(error));
    }
    onClose();
    onChange();
  };
  return (
    <Dialog
      alert
      title={words.title}
      onClose={onClose}
      actions={
        <>
          <Button onClick={onClose}>{words.keep}</Button>
          <Button kind="danger" busy={busy} onClick={() => void go()}>
            {words.button}
          </Button>
        </>
      }
    >
      <p>{words.text}</p>
    </Dialog>
  );
}

/** When the doors open: "at 18:45, in 25 minutes", "15 minutes before it starts"; null when they have opened. */
function opening(room: RoomCard | null): string | null {
  const now = new Date();
  const wait = room && untilStart(room.opensAt, now);
  if (!wait) return null;
  if (Date.parse(room.opensAt) - now.getTime() < HALF_A_DAY_MS)
    return `at ${clock(room.opensAt, reader())}, ${wait}`;
  const before = Math.round((Date.parse(room.startsAt) - Date.parse(room.opensAt)) / 60_000);
  return before > 0 ? `${duration(before)} before it starts` : "when it starts";
}

const HALF_A_DAY_MS = 12 * 3600 * 1000;

/** "until 21 Nov 2026, 19:05 (in 3 hours)". */
function until(iso: string): string {
  const left = untilStart(iso, new Date());
  return `until ${shortDateTime(iso, reader())}${left ? ` (${left})` : ""}`;
}
