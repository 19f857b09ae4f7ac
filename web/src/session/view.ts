/** What the page shows of the room, each as a signal that changes only when its content does. */

import { computed, type ReadonlySignal } from "@preact/signals-core";
import type { Conditions } from "../media/conditions";
import type { LocalMedia } from "../media/local";
import type { RoomMedia } from "../media/room";
import type { Share } from "../media/shares";
import type { Voices } from "../media/voices";
import type { Participant, RoomInfo, Snapshot } from "../protocol/messages.gen";
import { mediaConnectionOf } from "./advice";
import { byHand, byJoining, type Received, screensOf, tilesOf } from "./tiles";
import type { MediaConnection, OwnScreen, Screen, Tile } from "./types";

export interface ViewSources {
  snapshot: ReadonlySignal<Snapshot | null>;
  youId: ReadonlySignal<string | null>;
  local: LocalMedia;
  media: RoomMedia;
  voices: Voices;
  conditions: Conditions;
}

export class RoomView {
  readonly room: ReadonlySignal<RoomInfo | null>;
  readonly you: ReadonlySignal<Participant | null>;
  readonly participants: ReadonlySignal<readonly Participant[]>;
  readonly hands: ReadonlySignal<readonly Participant[]>;
  readonly tiles: ReadonlySignal<readonly Tile[]>;
  readonly screens: ReadonlySignal<readonly Screen[]>;
  readonly sharing: ReadonlySignal<readonly OwnScreen[]>;
  readonly mediaConnection: ReadonlySignal<MediaConnection>;
  private readonly sources: ViewSources;

  constructor(sources: ViewSources) {
    this.sources = sources;
    const { snapshot, youId, media } = sources;
    // The lists keep their identity through events about other things, and so do the signals derived from them.
    const people = computed(() => snapshot.value?.participants ?? []);
    this.room = computed(() => snapshot.value?.room ?? null);
    this.you = computed(() => people.value.find((one) => one.id === youId.value) ?? null);
    this.participants = computed(() => byJoining(people.value));
    this.hands = computed(() => byHand(people.value));
    this.tiles = this.tilesSignal();
    this.screens = this.screensSignal();
    this.sharing = computed(() =>
      media.shares.list.value.map(({ id, label, audio }) => ({ id, label, hasAudio: audio !== null })),
    );
    this.mediaConnection = computed(() => mediaConnectionOf(media.view.value));
  }

  /** Empty for somebody who is not here (any more), or whom you may not see. */
  nameOf(participantId: string): string {
    return this.participants.peek().find((one) => one.id === participantId)?.name ?? "";
  }

  private tilesSignal(): ReadonlySignal<readonly Tile[]> {
    const { snapshot, youId, local } = this.sources;
    let before: readonly Tile[] = [];
    return computed(() => {
      const now = snapshot.value;
      const participantId = youId.value;
      if (now === null || participantId === null) return before;
      const own = { participantId, camera: local.cameraTrack.value, microphone: microphoneOf(local) };
      before = tilesOf(now, own, this.received, before);
      return before;
    });
  }

  private screensSignal(): ReadonlySignal<readonly Screen[]> {
    const { snapshot, media } = this.sources;
    let others: readonly Screen[] = [];
    return computed(() => {
      const now = snapshot.value;
      const you = this.you.value;
      if (now === null || you === null) return others;
      others = screensOf(now, you.id, this.received, others);
      const yours = media.shares.list.value.map((share) => ownScreen(share, you));
      return yours.length === 0 ? others : [...others, ...yours];
    });
  }

  private readonly received: Received = {
    track: (producerId) => this.sources.media.subscriptions.tracks.value.get(producerId)?.track,
    held: (producerId) => this.sources.media.subscriptions.held.value.has(producerId),
    speaking: (participantId) => this.sources.voices.speaking(participantId),
    quality: (participantId) => {
      const { conditions, youId } = this.sources;
      return participantId === youId.value ? conditions.own : conditions.quality(participantId);
    },
  };
}

function ownScreen({ id, track }: Share, participant: Participant): Screen {
  return { id, participant, isYou: true, track, held: false };
}

/** While a device is being switched, what was said before it still holds. */
function microphoneOf(local: LocalMedia): Tile["microphone"] {
  const { state } = local.microphone.value;
  const track = local.microphoneTrack.value;
  if (track === null || state === "off" || state === "failed") return "none";
  return track.enabled ? "on" : "muted";
}
