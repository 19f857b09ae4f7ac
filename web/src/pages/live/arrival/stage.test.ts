import { describe, expect, it } from "vitest";
import type { RoomCard } from "../../../protocol/api";
import { arrivalOf } from "./stage";

function card(code: string | null): RoomCard {
  return {
    timeslotId: "t1",
    sessionId: "s1",
    slug: "welcome",
    title: "Welcome",
    type: "training",
    phase: "idle",
    startsAt: "2026-11-21T19:00:00Z",
    endsAt: "2026-11-21T20:00:00Z",
    opensAt: "2026-11-21T18:45:00Z",
    label: "Open",
    facilitator: null,
    relay: false,
    you: {
      signedIn: true,
      name: "Ann",
      roles: ["participant"],
      registered: true,
      join: { allowed: code === null, code, message: code === null ? "" : "Not now." },
    },
  };
}

describe("arrivalOf", () => {
  it.each([
    [null, "ready"],
    ["auth.required", "sign-in"],
    ["registration.required", "register"],
    ["room.ended", "ended"],
    ["session.cancelled", "cancelled"],
    ["registration.pending", "refused"],
    ["something.newer", "refused"],
  ])("%s is the page %s", (code, kind) => {
    expect(arrivalOf(card(code)).kind).toBe(kind);
  });

  it("knows when the room opens", () => {
    const opens = Date.UTC(2026, 10, 21, 18, 45) / 1000;
    expect(arrivalOf(card("room.not_open"))).toEqual({ kind: "early", opens });
  });
});
