import { describe, expect, it } from "vitest";
import type { RoomEvent, Snapshot } from "../protocol/messages.gen";
import { CHAT_IN_SNAPSHOT, fitOf, reduce } from "./reducer";
import { message, participant, producer, snapshot } from "./samples.test-data";

const next = { seq: 11, at: 500 };
const muted = producer("p1", "ann", "microphone", { paused: true, pausedBy: "self" });

/** What an event changes; all else must stay as it was. */
const CHANGES: [string, Partial<Snapshot>, RoomEvent, Partial<Snapshot>][] = [
  [
    "somebody joins",
    {},
    { ...next, type: "participant.joined", participant: participant("cyd") },
    { participants: [...snapshot().participants, participant("cyd")] },
  ],
  [
    "a participant changes where they stand",
    {},
    { ...next, type: "participant.changed", participant: participant("ann", { state: "reconnecting" }) },
    { participants: [participant("ann", { state: "reconnecting" }), participant("ben", { joinedAt: 200 })] },
  ],
  [
    "somebody leaves",
    {},
    { ...next, type: "participant.left", participantId: "ann", reason: "left" },
    { participants: [participant("ben", { joinedAt: 200 })] },
  ],
  [
    "a hand goes up, at the server's time",
    {},
    { ...next, type: "hand.raised", participantId: "ann" },
    { participants: [participant("ann", { handRaisedAt: 500 }), participant("ben", { joinedAt: 200 })] },
  ],
  [
    "a hand goes down",
    { participants: [participant("ann", { handRaisedAt: 400 })] },
    { ...next, type: "hand.lowered", participantId: "ann" },
    { participants: [participant("ann")] },
  ],
  [
    "a producer is added",
    {},
    { ...next, type: "producer.added", producer: producer("p1", "ann", "microphone") },
    { producers: [producer("p1", "ann", "microphone")] },
  ],
  [
    "a producer is paused where it stands",
    { producers: [producer("p1", "ann", "microphone"), producer("p2", "ann", "camera")] },
    { ...next, type: "producer.changed", producer: muted },
    { producers: [muted, producer("p2", "ann", "camera")] },
  ],
  [
    "a producer is removed",
    { producers: [producer("p1", "ann", "microphone"), producer("p2", "ann", "camera")] },
    { ...next, type: "producer.removed", producerId: "p1", participantId: "ann" },
    { producers: [producer("p2", "ann", "camera")] },
  ],
  ["a message is posted", {}, { ...next, type: "chat.posted", message: message(1) }, { chat: [message(1)] }],
  [
    "the session starts",
    { room: { ...snapshot().room, phase: "lobby" } },
    { ...next, type: "room.phaseChanged", phase: "live", startedAt: 499 },
    { room: { ...snapshot().room, phase: "live", startedAt: 499 } },
  ],
  [
    "the plan is edited",
    {},
    { ...next, type: "room.changed", title: "Renamed", startsAt: 100, endsAt: 200 },
    { room: { ...snapshot().room, title: "Renamed", startsAt: 100, endsAt: 200 } },
  ],
  [
    "the session ends, and nobody is in it any more",
    { producers: [muted], chat: [message(1)] },
    { ...next, type: "room.ended", reason: "host" },
    { room: { ...snapshot().room, phase: "ended" }, participants: [], producers: [] },
  ],
  [
    "a reaction leaves no trace",
    {},
    { ...next, type: "reaction.sent", participantId: "ann", emoji: "👏" },
    {},
  ],
  ["something withheld counts", {}, { ...next, type: "room.withheld" }, {}],
  ["a type of a later version counts", {}, { ...next, type: "poll.opened" } as unknown as RoomEvent, {}],
];

describe("reduce", () => {
  it.each(CHANGES)("%s", (_what, before, event, after) => {
    expect(reduce(snapshot(before), event)).toEqual({ ...snapshot(before), seq: 11, ...after });
  });

  it("leaves the snapshot before it alone", () => {
    const before = snapshot({ producers: [producer("p1", "ann", "microphone")] });
    for (const [, , event] of CHANGES) reduce(before, event);
    expect(before).toEqual(snapshot({ producers: [producer("p1", "ann", "microphone")] }));
  });

  it("keeps the latest messages only", () => {
    const chat = Array.from({ length: CHAT_IN_SNAPSHOT }, (_, index) => message(index + 1));
    const after = reduce(snapshot({ chat }), { ...next, type: "chat.posted", message: message(101) });
    expect(after.chat.length).toBe(CHAT_IN_SNAPSHOT);
    expect([after.chat[0]?.seq, after.chat.at(-1)?.seq]).toEqual([2, 101]);
  });

  it("keeps the list of participants through events about other things", () => {
    const before = snapshot();
    const after = reduce(before, { ...next, type: "producer.added", producer: muted });
    expect(after.participants).toBe(before.participants);
  });
});

describe("fitOf", () => {
  it.each([
    [9, "old"],
    [10, "old"],
    [11, "next"],
    [12, "gap"],
  ])("event %d after snapshot 10 is %s", (seq, fit) => {
    expect(fitOf(snapshot(), { type: "room.withheld", seq, at: 0 })).toBe(fit);
  });
});
