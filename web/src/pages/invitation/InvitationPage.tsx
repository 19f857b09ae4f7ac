import { MailX } from "lucide-preact";
import { useEffect, useState } from "preact/hooks";
import { ApiError, api, type InvitationCard, sentenceOf } from "../../protocol/api";
import {
  Banner,
  Button,
  EmptyState,
  ErrorState,
  Icon,
  LinkButton,
  navigate,
  roleName,
  Skeleton,
  shortDateTime,
  signInAddress,
  toast,
} from "../../ui";
import { About } from "../session/About";
import { actionFor } from "../session/action";
import { Facts } from "../session/Facts";
import { RegisterForm } from "../session/RegisterForm";
import "../session/session.css";
import { Slots } from "../session/Slots";
import { shownSlots } from "../session/slotChoice";
import { Page } from "../shell/Page";
import { useResource } from "../useResource";
import { reader, viewer } from "../viewer";
import { typeIcon, typeName } from "../words";

/** `/invitation#TOKEN`: what the invitation is for, and taking it up. The part after # never reaches a server's log. */
export function InvitationPage() {
  const token = useToken();
  const who = viewer.value;
  const asWhom = who.state === "in" ? who.me.id : who.state;
  const { resource, reload } = useResource(`invitation ${token} ${asWhom}`, (signal) =>
    who.state === "loading" || !token ? new Promise<never>(() => {}) : api.openInvitation(token, signal),
  );
  const { data } = resource;
  return (
    <Page title={data ? data.title : "Invitation"}>
      {!token ? (
        <NoGood>The address is not complete. Open the link in your mail again, or copy all of it.</NoGood>
      ) : data ? (
        <Opened card={data} token={token} onChange={reload} />
      ) : resource.state !== "failed" ? (
        <div aria-busy="true" class="session-waiting">
          <span class="ui-visually-hidden">Opening the invitation</span>
          <Skeleton width="min(560px, 90%)" height="40px" />
          <Skeleton height="240px" />
        </div>
      ) : resource.error instanceof ApiError && [404, 410].includes(resource.error.status) ? (
        <NoGood>{`${sentenceOf(resource.error)} Ask the organiser for a new one.`}</NoGood>
      ) : (
        <ErrorState
          level={1}
          title="The invitation did not open"
          message={sentenceOf(resource.error)}
          onRetry={reload}
        />
      )}
    </Page>
  );
}

/** Kept for this tab while its owner signs in: in the address to come back to, a reload would tell it to the server. */
const KEPT = "convene.invitation";

function useToken(): string {
  const read = () => location.hash.slice(1) || sessionStorage.getItem(KEPT) || "";
  const [token, setToken] = useState(read);
  useEffect(() => {
    const changed = () => setToken(read());
    window.addEventListener("hashchange", changed);
    return () => window.removeEventListener("hashchange", changed);
  }, []);
  return token;
}

function NoGood({ children }: { children: string }) {
  return (
    <EmptyState
      level={1}
      icon={MailX}
      title="This invitation cannot be used"
      action={<LinkButton href="/">See all sessions</LinkButton>}
    >
      {children}
    </EmptyState>
  );
}

interface OpenedProps {
  card: InvitationCard;
  token: string;
  onChange: () => void;
}

function Opened({ card, token, onChange }: OpenedProps) {
  const { session } = card;
  const slots = shownSlots(session).filter(({ id }) => card.timeslotId === null || id === card.timeslotId);
  const [chosen, setChosen] = useState(slots[0]?.id ?? session.timeslot.id);
  const timeslot = slots.find(({ id }) => id === chosen) ?? session.timeslot;
  const toSession = () => navigate(`/sessions/${encodeURIComponent(session.id)}?slot=${timeslot.id}`);
  return (
    <div class="session-columns">
      <header class="session-head">
        <p class="session-kind">
          <span class="session-type">
            <Icon of={typeIcon(session.type)} />
            <bdi>{typeName(session)}</bdi>
          </span>
        </p>
        <h1>
          <bdi>{session.title}</bdi>
        </h1>
        <p class="session-message">
          {invites(card)}
          {card.expiresAt && ` The invitation is good until ${shortDateTime(card.expiresAt, reader())}.`}
        </p>
      </header>
      <aside class="session-aside" aria-label="When, where and registration">
        {slots.length > 1 && <Slots slots={slots} chosen={timeslot.id} onChoose={setChosen} />}
        <Facts session={session} timeslot={timeslot} />
        {viewer.value.state !== "in" ? (
          <SignInFirst token={token} />
        ) : card.role ? (
          <TakeRole token={token} onDone={toSession} />
        ) : (
          <TakeSeat card={card} slot={timeslot.id} token={token} onChange={onChange} onDone={toSession} />
        )}
      </aside>
      <About session={session} />
    </div>
  );
}

function invites({ part, role, session, timeslotId }: InvitationCard): string {
  if (role) return `You are invited to take part as ${roleName(role).toLocaleLowerCase("en")}.`;
  const slot = session.timeslots.find(({ id }) => id === timeslotId) ?? session.timeslot;
  const seat = slot.seats.find((one) => one.part === part);
  return seat ? `You are invited as ${seat.name.toLocaleLowerCase("en")}.` : "You are invited.";
}

function SignInFirst({ token }: { token: string }) {
  useEffect(() => sessionStorage.setItem(KEPT, token), [token]);
  const back = "/invitation";
  return (
    <div class="session-action">
      <p class="session-message">You sign in first and come back here.</p>
      <LinkButton kind="primary" size="large" wide href={signInAddress(back)}>
        Sign in
      </LinkButton>
      <LinkButton kind="quiet" wide href={signInAddress(back, "/sign-up")}>
        Create an account
      </LinkButton>
    </div>
  );
}

/** A role without a seat is taken up with one click. */
function TakeRole({ token, onDone }: { token: string; onDone: () => void }) {
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<string | null>(null);
  const go = async () => {
    setBusy(true);
    try {
      await api.acceptInvitation(token);
      toast("You accepted the invitation.");
      onDone();
    } catch (error) {
      setFailure(sentenceOf(error));
      setBusy(false);
    }
  };
  return (
    <div class="session-action">
      {failure && (
        <Banner tone="danger" live>
          {failure}
        </Banner>
      )}
      <Button kind="primary" size="large" wide busy={busy} onClick={() => void go()}>
        Accept the invitation
      </Button>
    </div>
  );
}

interface TakeSeatProps extends OpenedProps {
  slot: string;
  onDone: () => void;
}

/** A seat is taken up by registering, with what the session asks of everybody. */
function TakeSeat({ card, slot, token, onChange, onDone }: TakeSeatProps) {
  const { session } = card;
  const timeslot = session.timeslots.find(({ id }) => id === slot) ?? session.timeslot;
  const action = actionFor({
    label: timeslot.label,
    signedIn: true,
    roles: [],
    registration: timeslot.ownRegistration,
    seats: card.part ? timeslot.seats.filter(({ part }) => part === card.part) : timeslot.seats,
    joinCondition: session.joinCondition,
    invited: true,
    register: timeslot.register,
    join: null,
    opens: null,
    offerUntil: null,
    tooLateToCancel: true,
  });
  return (
    <div class="session-action">
      {action.message && <p class="session-message">{action.message}</p>}
      {action.button?.kind === "register" ? (
        <RegisterForm
          key={timeslot.id}
          timeslot={timeslot}
          conditions={session.conditions}
          seats={action.button.seats}
          invitation={token}
          onChange={onChange}
          onDone={onDone}
        />
      ) : (
        timeslot.ownRegistration && (
          <Button kind="primary" wide onClick={onDone}>
            Open the session
          </Button>
        )
      )}
    </div>
  );
}
