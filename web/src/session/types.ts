/**
 * What the room page sees of a live room: read-only signals to show, methods to call. Nothing here knows a UI framework.
 *
 * Every action returns a promise of `null`, or of the `Problem` that stopped it, with a sentence to show. Actions never
 * reject, and what they change is seen in the signals, so a page may ignore what they return.
 */

import type { ReadonlySignal } from "@preact/signals-core";
import type { ScreenContent } from "../media/encodings";
import type { LocalMedia } from "../media/local";
import type { Quality } from "../media/quality";
import type { MediaStatistics } from "../media/statistics";
import type { View } from "../media/viewing";
import type {
  ChatMessage,
  Participant,
  Permission,
  Permit,
  Problem,
  RoomEvent,
  RoomInfo,
  Source,
} from "../protocol/messages.gen";

export type Outcome = Promise<Problem | null>;

/**
 * "reconnecting" keeps everything on screen, media goes on as long as its own path holds. With the last six the socket is
 * closed and all devices are released, for good; only "failed" (nobody answered) can be tried again, with `retry()`.
 */
export type ConnectionState =
  | "connecting"
  | "connected"
  | "reconnecting"
  | "ended"
  | "left"
  | "replaced"
  | "removed"
  | "refused"
  | "failed";

export interface Connection {
  state: ConnectionState;
  /** Why, for the states that have a reason; `message` is a sentence to show. */
  problem: Problem | null;
}

/**
 * The path that carries audio and video, apart from the socket. "new": nothing to carry yet. "interrupted": it broke a
 * moment ago and is being mended. "failed": it could not be built; trying goes on, `advice` says what the person can do.
 */
export interface MediaConnection {
  state: "new" | "connecting" | "connected" | "interrupted" | "failed";
  advice: string;
}

/** One per participant. Tiles that did not change keep their identity; their order is that of joining and never changes. */
export interface Tile {
  participant: Participant;
  isYou: boolean;
  /** To show in a `<video muted playsinline autoplay>`; null shows the avatar. Your own is not mirrored here. */
  camera: MediaStreamTrack | null;
  /** The producer of somebody else's camera, to say with `see` how it is shown; null for your own and where there is none. */
  cameraId: string | null;
  /** "none": not sent at all. */
  microphone: "none" | "muted" | "on";
  /** Who muted, when `microphone` is "muted". */
  mutedBy: "self" | "staff" | null;
  /** The server holds the picture back because your connection is too slow for it. */
  held: boolean;
  /** "poor" after some seconds of trouble; for you, your own connection either way. */
  connection: ReadonlySignal<Quality>;
  /** Changes after 150 ms of speech and 600 ms of silence. A signal of its own, so that speech redraws one ring only. */
  speaking: ReadonlySignal<boolean>;
}

/** A shared screen: those of others in the order in which sharing began, then yours. */
export interface Screen {
  /** The producer's, except for your own. */
  id: string;
  participant: Participant;
  isYou: boolean;
  /** null until the first packets are on their way. Its sound plays by itself, as all remote audio does. */
  track: MediaStreamTrack | null;
  /** As in a tile. */
  held: boolean;
}

/** A reaction that floats for a few seconds and then is gone from the list. */
export interface Reaction {
  id: number;
  participantId: string;
  name: string;
  emoji: string;
}

/** A message of yours that the server has not confirmed. "sending" includes waiting for the connection to come back. */
export interface Outgoing {
  clientId: string;
  text: string;
  state: "sending" | "failed";
  problem: Problem | null;
}

export interface Chat {
  /** Oldest first, without gaps from the first one shown to the latest. */
  readonly messages: ReadonlySignal<readonly ChatMessage[]>;
  /** Shown after `messages`, in the order of sending. */
  readonly outgoing: ReadonlySignal<readonly Outgoing[]>;
  /** Messages by others since `markRead()`. */
  readonly unread: ReadonlySignal<number>;
  readonly hasOlder: ReadonlySignal<boolean>;
  readonly loadingOlder: ReadonlySignal<boolean>;
  send(text: string): Outcome;
  /** Sends a failed one again; the server keeps one even if the first had arrived after all. */
  retry(clientId: string): Outcome;
  discard(clientId: string): void;
  loadOlder(): Outcome;
  markRead(): void;
}

/** One of your own shares. `label` is the browser's name for it; `hasAudio`: system or tab sound goes with it. */
export interface OwnScreen {
  id: string;
  label: string;
  hasAudio: boolean;
}

/** Something that happened to you without your doing, in a sentence for a toast. */
export interface Notice {
  kind:
    | "muted-by-staff"
    | "camera-stopped-by-staff"
    | "share-stopped-by-staff"
    | "not-allowed"
    | "device-lost";
  message: string;
}

export interface RoomSession {
  readonly connection: ReadonlySignal<Connection>;
  /** The server is about to restart: when it will at the latest, in seconds since the epoch. Mostly null. */
  readonly restart: ReadonlySignal<number | null>;
  /** null until the room has welcomed you. */
  readonly room: ReadonlySignal<RoomInfo | null>;
  readonly you: ReadonlySignal<Participant | null>;
  /** Whether you may, or else `message` (a sentence) and `liftedBy`. Reads a signal: redraws follow changes. */
  permit(permission: Permission): Permit;

  readonly participants: ReadonlySignal<readonly Participant[]>;
  readonly tiles: ReadonlySignal<readonly Tile[]>;
  readonly screens: ReadonlySignal<readonly Screen[]>;
  /** Who has a hand up, first raised first. */
  readonly hands: ReadonlySignal<readonly Participant[]>;
  readonly reactions: ReadonlySignal<readonly Reaction[]>;
  readonly chat: Chat;

  /**
   * Your microphone, camera, speaker and the lists of devices: the same object as in the device check, if that was
   * handed over. Inside the room turn them on and off with the actions below, which ask for permission first.
   */
  readonly local: LocalMedia;
  readonly sharing: ReadonlySignal<readonly OwnScreen[]>;
  readonly mediaConnection: ReadonlySignal<MediaConnection>;
  /** The browser refuses to play sound before a click: offer a button that calls `playAudio()`. */
  readonly audioBlocked: ReadonlySignal<boolean>;
  playAudio(): Promise<void>;

  toggleMicrophone(): Outcome;
  toggleCamera(): Outcome;
  /** Opens the browser's chooser; cancelling it is no problem. "motion" favours smooth video over sharp text. */
  startScreenShare(content?: ScreenContent): Outcome;
  /** Without an id: all of yours. */
  stopScreenShare(id?: string): Outcome;
  raiseHand(): Outcome;
  /** Your own, or with `hand.manage` somebody else's. */
  lowerHand(participantId?: string): Outcome;
  react(emoji: string): Outcome;
  /** Pauses somebody's microphone, camera or screens; only they can resume. */
  mute(participantId: string, source: Source): Outcome;
  /** Leaves at once and releases everything; "left" follows whether or not the server can be told. */
  leave(): Promise<void>;
  endForAll(): Outcome;
  /** Tries again after "failed". */
  retry(): void;

  /** Room events as they happen, for sounds and announcements; what a snapshot brings is not told. Returns the end. */
  onEvent(listener: (event: RoomEvent) => void): () => void;
  onNotice(listener: (notice: Notice) => void): () => void;
  /**
   * Says how a place on the page (told apart by identity) shows somebody's camera or screen; null: no longer. What no
   * place shows is not asked for.
   */
  see(producerId: string, place: object, view: View | null): void;
  /** Something lies over all pictures, or no longer: meanwhile none is asked for. */
  cover(covered: boolean): void;
  /** Numbers about every path and stream, rates being since the last call; null while there is no media. */
  statistics(): Promise<MediaStatistics | null>;
}
