import { Video } from "lucide-preact";
import { useState } from "preact/hooks";
import { api, type RoomCard, type Seats, type SessionDetail, sentenceOf } from "../../protocol/api";
import {
  Banner,
  Button,
  clock,
  Dialog,
  duration,
  navigate,
  Select,
  signInAddress,
  toast,
  untilStart,
} from "../../ui";
import { reader, viewer } from "../viewer";
import { type Button as ActionButton, actionFor } from "./action";

interface PrimaryActionProps {
  session: SessionDetail;
  room: RoomCard | null;
  onChange: () => void;
}

export function PrimaryAction({ session, room, onChange }: PrimaryActionProps) {
  const [asking, setAsking] = useState(false);
  const { registration } = session.you;
  const action = actionFor({
    label: session.label,
    signedIn: viewer.value.state === "in",
    roles: session.you.roles,
    registration,
    seats: session.seats,
    register: session.timeslot.register,
    join: room?.you.join ?? null,
    opens: opening(room),
  });
  return (
    <div class="session-action">
      {action.message && <p class="session-message">{action.message}</p>}
      {action.button && <TheButton button={action.button} session={session} onChange={onChange} />}
      {action.mayCancel && registration && (
        <Button kind="quiet" wide onClick={() => setAsking(true)}>
          Cancel registration
        </Button>
      )}
      {asking && registration && (
        <GiveUpSeat
          session={session}
          registrationId={registration.id}
          onClose={() => setAsking(false)}
          onChange={onChange}
        />
      )}
    </div>
  );
}

interface TheButtonProps {
  button: ActionButton;
  session: SessionDetail;
  onChange: () => void;
}

function TheButton({ button, session, onChange }: TheButtonProps) {
  if (button.kind === "join") {
    const room = `/live/${encodeURIComponent(session.timeslot.slug)}`;
    return (
      <Button kind="primary" size="large" wide icon={Video} onClick={() => navigate(room)}>
        Join
      </Button>
    );
  }
  if (button.kind === "sign-in") {
    const back = signInAddress(`/sessions/${encodeURIComponent(session.id)}`);
    return (
      <Button kind="primary" size="large" wide onClick={() => navigate(back)}>
        {button.label}
      </Button>
    );
  }
  return <Register seats={button.seats} session={session} onChange={onChange} />;
}

interface RegisterProps {
  seats: Seats[];
  session: SessionDetail;
  onChange: () => void;
}

function Register({ seats, session, onChange }: RegisterProps) {
  const [wanted, setWanted] = useState(seats[0]?.kind ?? "");
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<string | null>(null);
  const seat = seats.find((kind) => kind.kind === wanted) ?? seats[0];
  if (!seat) return null;
  const go = async () => {
    setBusy(true);
    setFailure(await register(session, seat.kind));
    setBusy(false);
    onChange();
  };
  const unusual = seats.length === 1 && seat.part !== "guest";
  return (
    <>
      {failure && (
        <Banner tone="danger" live>
          {failure}
        </Banner>
      )}
      {seats.length > 1 && (
        <Select
          label="Take part as"
          value={seat.kind}
          onChange={setWanted}
          options={seats.map((kind) => ({ value: kind.kind, label: seatOption(kind) }))}
        />
      )}
      <Button kind="primary" size="large" wide busy={busy} onClick={() => void go()}>
        {unusual ? `Register as ${seat.name.toLocaleLowerCase("en")}` : "Register"}
      </Button>
    </>
  );
}

const seatOption = ({ name, role }: Seats): string =>
  role === "observer" ? `${name} (you watch and listen)` : name;

/** Null when it worked, else the sentence why not. */
async function register(session: SessionDetail, seatKind: string): Promise<string | null> {
  try {
    const made = await api.register(session.timeslot.id, seatKind);
    toast(
      made.status === "pending" ? "Your request was sent. You get an answer by email." : "You're registered.",
    );
    return null;
  } catch (error) {
    return sentenceOf(error);
  }
}

interface GiveUpSeatProps {
  session: SessionDetail;
  registrationId: string;
  onClose: () => void;
  onChange: () => void;
}

function GiveUpSeat({ session, registrationId, onClose, onChange }: GiveUpSeatProps) {
  const [busy, setBusy] = useState(false);
  const seat = session.seats.find((kind) => kind.part === session.you.registration?.part);
  const again = async () => {
    const failure = seat ? await register(session, seat.kind) : null;
    if (failure) toast(failure);
    onChange();
  };
  const go = async () => {
    setBusy(true);
    try {
      await api.cancelRegistration(registrationId);
      toast("Your registration is cancelled.", {
        action: { label: "Register again", onSelect: () => void again() },
      });
    } catch (error) {
      toast(sentenceOf(error));
    }
    onClose();
    onChange();
  };
  return (
    <Dialog
      alert
      title="Cancel your registration?"
      onClose={onClose}
      actions={
        <>
          <Button onClick={onClose}>Keep my seat</Button>
          <Button kind="danger" busy={busy} onClick={() => void go()}>
            Cancel registration
          </Button>
        </>
      }
    >
      <p>Your seat becomes free for someone else. You can register again as long as there are seats left.</p>
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
