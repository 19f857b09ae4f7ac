import { describe, expect, it } from "vitest";
import type { Participant, RoomEvent } from "../../../protocol/messages.gen";
import { sentenceFor } from "./announcements";

const ann: Participant = {
  id: "ann",
  name: "Ann",
  role: "participant",
  roles: ["participant"],
  state: "present",
  joinedAt: 0,
};
const people = new Map([["ann", ann]]);
const base = { seq: 1, at: 0 };

function say(event: RoomEvent, you = "me", present = 3): string | null {
  return sentenceFor(event, people, you, present);
}

describe("sentenceFor", () => {
  it("tells who comes, goes, is lost, raises a hand, shares", () => {
    expect(say({ ...base, type: "participant.joined", participant: ann })).toBe("Ann joined.");
    expect(say({ ...base, type: "participant.left", participantId: "ann", reason: "left" })).toBe(
      "Ann left.",
    );
    expect(say({ ...base, type: "participant.left", participantId: "ann", reason: "lost" })).toBe(
      "Ann lost the connection.",
    );
    expect(say({ ...base, type: "hand.raised", participantId: "ann" })).toBe("Ann raised a hand.");
    const producer = {
      id: "p",
      participantId: "ann",
      source: "screen",
      kind: "video",
      paused: false,
    } as const;
    expect(say({ ...base, type: "producer.added", producer })).toBe("Ann is sharing a screen.");
    expect(say({ ...base, type: "producer.added", producer: { ...producer, source: "camera" } })).toBeNull();
  });

  it("does not tell you what you do yourself", () => {
    expect(say({ ...base, type: "participant.joined", participant: ann }, "ann")).toBeNull();
    expect(say({ ...base, type: "hand.raised", participantId: "ann" }, "ann")).toBeNull();
  });

  it("in a larger room keeps quiet about comings and goings, but not about hands", () => {
    expect(say({ ...base, type: "participant.joined", participant: ann }, "me", 13)).toBeNull();
    expect(
      say({ ...base, type: "participant.left", participantId: "ann", reason: "left" }, "me", 13),
    ).toBeNull();
    expect(say({ ...base, type: "hand.raised", participantId: "ann" }, "me", 13)).toBe("Ann raised a hand.");
  });

  it("says when the session starts, and nothing of people it never saw", () => {
    expect(say({ ...base, type: "room.phaseChanged", phase: "live" })).toBe("The session has started.");
    expect(say({ ...base, type: "participant.left", participantId: "bo", reason: "left" })).toBeNull();
  });
});
