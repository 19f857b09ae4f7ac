/** What the stage shows, derived from the snapshot, the tracks received and your own devices. Pure. */

import type { ReadonlySignal } from "@preact/signals-core";
import type { Quality } from "../media/quality";
import type { Participant, Producer, Snapshot, Source } from "../protocol/messages.gen";
import type { Screen, Tile } from "./types";

/** Your own side, which is shown as it is here and now, before the server has heard of it. */
export interface Own {
  participantId: string;
  camera: MediaStreamTrack | null;
  microphone: Tile["microphone"];
}

/** What arrives from the others, and how well. */
export interface Received {
  /** The track received from a producer; undefined while none is. */
  track(producerId: string): MediaStreamTrack | undefined;
  /** Whether the server holds it back for want of bandwidth. */
  held(producerId: string): boolean;
  speaking(participantId: string): ReadonlySignal<boolean>;
  quality(participantId: string): ReadonlySignal<Quality>;
}

/** In the order of joining, which nothing that happens later can change. */
export function byJoining(participants: readonly Participant[]): Participant[] {
  return [...participants].sort((a, b) => a.joinedAt - b.joinedAt || (a.id < b.id ? -1 : 1));
}

/** Hands that are up, first raised first. */
export function byHand(participants: readonly Participant[]): Participant[] {
  const raisedAt = (one: Participant) => one.handRaisedAt ?? 0;
  return byJoining(participants)
    .filter((one) => one.handRaisedAt !== undefined)
    .sort((a, b) => raisedAt(a) - raisedAt(b));
}

/** `before` are the tiles shown now: one that is no different is passed on as it is. */
export function tilesOf(
  snapshot: Snapshot,
  own: Own,
  received: Received,
  before: readonly Tile[],
): readonly Tile[] {
  const known = new Map(before.map((tile) => [tile.participant.id, tile]));
  const tiles = byJoining(snapshot.participants).map((participant) => {
    const tile = tileOf(participant, snapshot.producers, own, received);
    const shown = known.get(participant.id);
    return shown !== undefined && same(shown, tile) ? shown : tile;
  });
  return sameList(before, tiles) ? before : tiles;
}

function tileOf(
  participant: Participant,
  producers: readonly Producer[],
  own: Own,
  received: Received,
): Tile {
  const sent = (source: Source) =>
    producers.find((one) => one.participantId === participant.id && one.source === source);
  const voice = sent("microphone");
  const isYou = participant.id === own.participantId;
  const microphone = isYou ? own.microphone : voice === undefined ? "none" : voice.paused ? "muted" : "on";
  const picture = sent("camera");
  const moving = !isYou && picture !== undefined && !picture.paused ? picture.id : null;
  const track = moving === null ? undefined : received.track(moving);
  return {
    participant,
    isYou,
    camera: isYou ? own.camera : (track ?? null),
    cameraId: isYou ? null : (picture?.id ?? null),
    microphone,
    mutedBy: microphone === "muted" ? (voice?.pausedBy ?? "self") : null,
    held: moving !== null && received.held(moving),
    connection: received.quality(participant.id),
    speaking: received.speaking(participant.id),
  };
}

/** The screens of others, in the order in which they appeared. */
export function screensOf(
  snapshot: Snapshot,
  you: string,
  received: Pick<Received, "track" | "held">,
  before: readonly Screen[],
): readonly Screen[] {
  const screens: Screen[] = [];
  for (const { id, source, participantId, paused } of snapshot.producers) {
    if (source !== "screen" || participantId === you || paused) continue;
    const participant = snapshot.participants.find((one) => one.id === participantId);
    if (participant === undefined) continue; // their name is withheld from you, or they are just leaving
    const screen = {
      id,
      participant,
      isYou: false,
      track: received.track(id) ?? null,
      held: received.held(id),
    };
    const shown = before.find((one) => one.id === id);
    screens.push(shown !== undefined && same(shown, screen) ? shown : screen);
  }
  return sameList(before, screens) ? before : screens;
}

function same<Item extends object>(one: Item, other: Item): boolean {
  const keys = Object.keys(one) as (keyof Item)[];
  return keys.every((key) => one[key] === other[key]);
}

function sameList<Item>(one: readonly Item[], other: readonly Item[]): boolean {
  return one.length === other.length && one.every((item, index) => item === other[index]);
}
