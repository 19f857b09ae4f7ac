import { signal } from "@preact/signals-core";
import { describe, expect, it } from "vitest";
import type { Producer, Snapshot } from "../protocol/messages.gen";
import { participant, producer, snapshot } from "./samples.test-data";
import { byHand, byJoining, type Own, type Received, screensOf, tilesOf } from "./tiles";
import type { Tile } from "./types";

const track = (id: string) => ({ id }) as MediaStreamTrack;
const CAMERA = track("ann's camera");
const OWN: Own = { participantId: "you", camera: track("yours"), microphone: "on" };

const voices = new Map(["ann", "ben", "you"].map((id) => [id, signal(false)]));
const GOOD = signal<"good" | "poor">("good");
const HELD = new Set<string>();
const RECEIVED: Received = {
  track: (id) => (id === "camera-ann" ? CAMERA : undefined),
  held: (id) => HELD.has(id),
  speaking: (id) => voices.get(id) ?? signal(false),
  quality: () => GOOD,
};

function tiles(state: Snapshot, before: readonly Tile[] = [], own: Own = OWN): readonly Tile[] {
  return tilesOf(state, own, RECEIVED, before);
}

function tileOfAnn(...producers: Producer[]): Tile | undefined {
  return tiles(snapshot({ producers })).find((tile) => tile.participant.id === "ann");
}

describe("order", () => {
  it("is that of joining, with a fixed choice between two at the same moment", () => {
    const people = [
      participant("zoe", { joinedAt: 3 }),
      participant("b", { joinedAt: 1 }),
      participant("a", { joinedAt: 1 }),
    ];
    expect(byJoining(people).map((one) => one.id)).toEqual(["a", "b", "zoe"]);
    expect(byJoining([...people].reverse()).map((one) => one.id)).toEqual(["a", "b", "zoe"]);
  });

  it("of hands is that of raising", () => {
    const people = [
      participant("a", { handRaisedAt: 9 }),
      participant("b"),
      participant("c", { handRaisedAt: 7 }),
    ];
    expect(byHand(people).map((one) => one.id)).toEqual(["c", "a"]);
  });
});

describe("tiles", () => {
  it.each([
    ["nothing is sent", [], "none", null],
    ["the microphone is on", [producer("m", "ann", "microphone")], "on", null],
    [
      "they muted themselves",
      [producer("m", "ann", "microphone", { paused: true, pausedBy: "self" })],
      "muted",
      "self",
    ],
    [
      "staff muted them",
      [producer("m", "ann", "microphone", { paused: true, pausedBy: "staff" })],
      "muted",
      "staff",
    ],
  ] as const)("microphone when %s", (_when, producers, microphone, mutedBy) => {
    expect(tileOfAnn(...producers)).toMatchObject({ microphone, mutedBy });
  });

  it.each([
    ["sent and received", [producer("camera-ann", "ann", "camera")], CAMERA],
    ["paused", [producer("camera-ann", "ann", "camera", { paused: true })], null],
    ["not received yet", [producer("elsewhere", "ann", "camera")], null],
    ["somebody else's", [producer("camera-ann", "ben", "camera")], null],
  ] as const)("camera when %s", (_when, producers, camera) => {
    expect(tileOfAnn(...producers)?.camera ?? null).toBe(camera);
  });

  it("says when a picture is held back, unless its owner has stopped it", () => {
    HELD.add("camera-ann");
    expect(tileOfAnn(producer("camera-ann", "ann", "camera"))?.held).toBe(true);
    expect(tileOfAnn(producer("camera-ann", "ann", "camera", { paused: true }))?.held).toBe(false);
    HELD.clear();
    expect(tileOfAnn(producer("camera-ann", "ann", "camera"))?.held).toBe(false);
  });

  it("names the camera of others, paused or not, so that their place can be told of before the picture comes", () => {
    expect(tileOfAnn()?.cameraId).toBeNull();
    expect(tileOfAnn(producer("new", "ann", "camera"))?.cameraId).toBe("new");
    expect(tileOfAnn(producer("new", "ann", "camera", { paused: true }))?.cameraId).toBe("new");
    const you = snapshot({ participants: [participant("you")], producers: [producer("c", "you", "camera")] });
    expect(tiles(you)[0]?.cameraId).toBeNull();
  });

  it("shows you as you are here, before the server has heard of it", () => {
    const state = snapshot({
      participants: [participant("you")],
      producers: [producer("m", "you", "microphone")],
    });
    expect(tiles(state, [], { ...OWN, microphone: "muted" })[0]).toMatchObject({
      isYou: true,
      camera: OWN.camera,
      microphone: "muted",
      mutedBy: "self",
    });
  });

  it("keep their identity while nothing about them changes, and so does the list", () => {
    const first = tiles(snapshot());
    expect(tiles(snapshot({ seq: 11, participants: snapshot().participants }), first)).not.toBe(first); // new people
    const state = snapshot();
    const before = tiles(state);
    expect(tiles({ ...state, seq: 11, chat: [] }, before)).toBe(before);
    const after = tiles({ ...state, producers: [producer("m", "ben", "microphone")] }, before);
    expect(after[0]).toBe(before[0]);
    expect(after[1]).not.toBe(before[1]);
  });
});

describe("screens", () => {
  const people = [participant("you"), participant("ann")];

  it("are those of others, in the order of appearing", () => {
    const producers = [
      producer("s2", "ann", "screen"),
      producer("mine", "you", "screen"),
      producer("s1", "ann", "screen"),
      producer("gone", "nobody", "screen"),
      producer("stopped", "ann", "screen", { paused: true }),
    ];
    const screens = screensOf(snapshot({ participants: people, producers }), "you", RECEIVED, []);
    expect(screens.map((screen) => [screen.id, screen.participant.id])).toEqual([
      ["s2", "ann"],
      ["s1", "ann"],
    ]);
  });

  it("keep their identity", () => {
    const state = snapshot({ participants: people, producers: [producer("s1", "ann", "screen")] });
    const before = screensOf(state, "you", RECEIVED, []);
    expect(screensOf({ ...state, seq: 12 }, "you", RECEIVED, before)).toBe(before);
  });
});
