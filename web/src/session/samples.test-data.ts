/** A small room for tests. */

import type { ChatMessage, Participant, Producer, Snapshot, Source } from "../protocol/messages.gen";

export function participant(id: string, changes: Partial<Participant> = {}): Participant {
  return {
    id,
    name: `Name of ${id}`,
    role: "participant",
    roles: ["participant"],
    state: "present",
    joinedAt: 100,
    ...changes,
  };
}

export function producer(
  id: string,
  participantId: string,
  source: Source,
  changes: Partial<Producer> = {},
): Producer {
  const kind = source === "microphone" || source === "screen-audio" ? "audio" : "video";
  return { id, participantId, source, kind, paused: false, ...changes };
}

export function message(seq: number, participantId = "ann", text = `message ${seq}`): ChatMessage {
  return { id: `m${seq}`, seq, participantId, authorName: `Name of ${participantId}`, text, at: 1000 + seq };
}

export function snapshot(changes: Partial<Snapshot> = {}): Snapshot {
  return {
    seq: 10,
    room: {
      timeslotId: "t1",
      sessionId: "s1",
      slug: "welcome",
      title: "Welcome",
      sessionType: "training",
      phase: "live",
      startsAt: 0,
      endsAt: 3600,
      startedAt: 5,
    },
    participants: [participant("ann"), participant("ben", { joinedAt: 200 })],
    producers: [],
    chat: [],
    ...changes,
  };
}
