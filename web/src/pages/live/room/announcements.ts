/** Which of the room's events are worth a sentence in passing, and which. */

import type { Participant, RoomEvent } from "../../../protocol/messages.gen";

/** In a larger room comings and goings are noise; the count on the people panel tells enough. */
const COMINGS_AND_GOINGS_UP_TO = 12;

/** Null for what needs no words. `people` also knows those who have just left. */
export function sentenceFor(
  event: RoomEvent,
  people: ReadonlyMap<string, Pick<Participant, "name">>,
  you: string | null,
  present: number,
): string | null {
  const named = (id: string) => (id === you ? null : (people.get(id)?.name ?? null));
  const say = (name: string | null, what: string) => (name === null ? null : `${name} ${what}`);
  const quiet = present > COMINGS_AND_GOINGS_UP_TO;
  switch (event.type) {
    case "participant.joined":
      return quiet || event.participant.id === you ? null : `${event.participant.name} joined.`;
    case "participant.left":
      if (quiet || event.reason === "ended") return null;
      return say(named(event.participantId), event.reason === "lost" ? "lost the connection." : "left.");
    case "hand.raised":
      return say(named(event.participantId), "raised a hand.");
    case "producer.added":
      return event.producer.source === "screen"
        ? say(named(event.producer.participantId), "is sharing a screen.")
        : null;
    case "room.phaseChanged":
      return event.phase === "live" ? "The session has started." : null;
    default:
      return null;
  }
}
