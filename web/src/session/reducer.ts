/** What an event does to a snapshot: the browser's half of "snapshot + events = fresh snapshot". Pure. */

import type { Participant, Producer, RoomEvent, RoomInfo, Snapshot } from "../protocol/messages.gen";

/** A snapshot holds the latest messages only, here as on the server. */
export const CHAT_IN_SNAPSHOT = 100;

/** "old": already in the snapshot. "gap": events are missing before this one, so a fresh snapshot is due. */
export type Fit = "next" | "old" | "gap";

export function fitOf(snapshot: Snapshot, event: RoomEvent): Fit {
  if (event.seq <= snapshot.seq) return "old";
  return event.seq === snapshot.seq + 1 ? "next" : "gap";
}

/** Applies the next event. A type this client does not know changes nothing but the number. */
export function reduce(before: Snapshot, event: RoomEvent): Snapshot {
  const snapshot = { ...before, seq: event.seq };
  switch (event.type) {
    case "participant.joined":
    case "participant.changed":
      return { ...snapshot, participants: withItem(before.participants, event.participant) };
    case "participant.left":
      return {
        ...snapshot,
        participants: before.participants.filter((one) => one.id !== event.participantId),
      };
    case "chat.posted":
      return { ...snapshot, chat: [...before.chat, event.message].slice(-CHAT_IN_SNAPSHOT) };
    case "hand.raised":
      return { ...snapshot, participants: withHand(before.participants, event.participantId, event.at) };
    case "hand.lowered":
      return { ...snapshot, participants: withHand(before.participants, event.participantId, null) };
    case "producer.added":
    case "producer.changed":
      return { ...snapshot, producers: withItem(before.producers, event.producer) };
    case "producer.removed":
      return { ...snapshot, producers: before.producers.filter((one) => one.id !== event.producerId) };
    case "room.phaseChanged":
      return { ...snapshot, room: begun({ ...before.room, phase: event.phase }, event.startedAt) };
    case "room.changed": {
      const { title, startsAt, endsAt } = event;
      return { ...snapshot, room: { ...before.room, title, startsAt, endsAt } };
    }
    case "room.ended":
      return { ...snapshot, room: { ...before.room, phase: "ended" }, participants: [], producers: [] };
    default: // reactions leave no trace, what is withheld may not, and nor may a type of a later version
      return snapshot;
  }
}

function begun({ startedAt: _, ...room }: RoomInfo, startedAt: number | undefined): RoomInfo {
  return startedAt === undefined ? room : { ...room, startedAt };
}

/** Replaces the item of the same id where it stands, or appends it. */
function withItem<Item extends Participant | Producer>(items: Item[], item: Item): Item[] {
  return items.some((one) => one.id === item.id)
    ? items.map((one) => (one.id === item.id ? item : one))
    : [...items, item];
}

function withHand(participants: Participant[], id: string, raisedAt: number | null): Participant[] {
  return participants.map((one) => {
    if (one.id !== id) return one;
    const { handRaisedAt: _, ...rest } = one;
    return raisedAt === null ? rest : { ...rest, handRaisedAt: raisedAt };
  });
}
