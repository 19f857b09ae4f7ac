import { signal } from "@preact/signals-core";
import { describe, expect, it } from "vitest";
import type { Role } from "../../../protocol/messages.gen";
import type { Tile } from "../../../session";
import { splitTiles } from "./watching";

function tile(id: string, role: Role, microphone: Tile["microphone"] = "none"): Tile {
  const participant = { id, name: id, role, joinedAt: 0, state: "present" } as Tile["participant"];
  return {
    participant,
    isYou: false,
    camera: null,
    cameraId: null,
    held: false,
    connection: signal<"good" | "poor">("good"),
    microphone,
    mutedBy: null,
    speaking: signal(false),
  };
}

const ids = (tiles: Tile[]) => tiles.map((one) => one.participant.id);

describe("splitTiles", () => {
  it("keeps observers who send nothing apart, each list in the order of joining", () => {
    const { faces, watchers } = splitTiles([
      tile("a", "observer"),
      tile("b", "participant"),
      tile("c", "facilitator", "on"),
      tile("d", "observer"),
    ]);
    expect(ids(faces)).toEqual(["b", "c"]);
    expect(ids(watchers)).toEqual(["a", "d"]);
  });

  it("gives an observer who was let speak a place", () => {
    const { faces } = splitTiles([tile("a", "observer", "muted"), tile("b", "observer", "on")]);
    expect(ids(faces)).toEqual(["a", "b"]);
  });
});
