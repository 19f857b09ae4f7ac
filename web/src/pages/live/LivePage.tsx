import { useEffect, useRef, useState } from "preact/hooks";
import { createLocalMedia, type LocalMedia } from "../../media/local";
import { api, type RoomCard } from "../../protocol/api";
import { createRoomSession, type RoomSession } from "../../session";
import { highestRole } from "../../ui";
import { AfterPage } from "./after/AfterPage";
import { Arrival } from "./arrival/Arrival";
import { Room } from "./room/Room";

/** `/live/:slug`: what stands before the room, the room, and what comes after it. */
export function LivePage({ slug }: { slug: string }) {
  const [visit, setVisit] = useState<{ card: RoomCard; session: RoomSession } | null>(null);
  useLeaveOnUnmount(visit?.session ?? null);
  if (visit === null) {
    return <Arrival slug={slug} onJoin={(card, local) => setVisit({ card, session: enter(card, local) })} />;
  }
  const again = () => setVisit({ card: visit.card, session: enter(visit.card, devicesFor(visit.card)) });
  return <Visit card={visit.card} session={visit.session} onAgain={again} />;
}

interface VisitProps {
  card: RoomCard;
  session: RoomSession;
  onAgain(): void;
}

function Visit({ card, session, onAgain }: VisitProps) {
  switch (session.connection.value.state) {
    case "connecting":
    case "connected":
    case "reconnecting":
      return <Room card={card} session={session} />;
    default:
      return <AfterPage card={card} session={session} onAgain={onAgain} />;
  }
}

/** Every attempt to connect fetches a fresh ticket: each is good for one use. */
function enter(card: RoomCard, local: LocalMedia | null): RoomSession {
  const fetchTicket = async () => (await api.ticket(card.timeslotId)).ticket;
  return createRoomSession(local === null ? { fetchTicket } : { fetchTicket, local });
}

/**
 * For coming back without another device check: what was on is on again, as soon as it has started; the room does not
 * wait for it. Observers have no devices.
 */
function devicesFor(card: RoomCard): LocalMedia | null {
  if (highestRole(card.you.roles) === "observer") return null;
  const local = createLocalMedia();
  void local.start();
  return local;
}

/** Whoever goes to another page has left the room. */
function useLeaveOnUnmount(session: RoomSession | null): void {
  const current = useRef(session);
  current.current = session;
  useEffect(() => () => void current.current?.leave(), []);
}
