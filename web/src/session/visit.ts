/**
 * One visit to a room: socket, state, chat and media, and what each tells the others.
 *
 * `finish` is the one way out. It closes the media, the devices, the socket and all timers, once.
 */

import { batch, computed, type ReadonlySignal, signal } from "@preact/signals-core";
import { Conditions } from "../media/conditions";
import type { LocalMedia } from "../media/local";
import { RoomMedia } from "../media/room";
import { Voices } from "../media/voices";
import type {
  DirectMessage,
  Permission,
  Permit,
  Problem,
  RoomEvent,
  Snapshot,
  You,
} from "../protocol/messages.gen";
import { problemOf } from "../protocol/problem";
import { LiveSocket, type RequestName, type RequestOf } from "../protocol/socket";
import { endOf, finalState } from "./advice";
import { RoomChat } from "./chat";
import { OwnMedia } from "./own";
import { Reactions } from "./reactions";
import { RoomState } from "./state";
import type { Connection, ConnectionState, Notice, Outcome } from "./types";
import { RoomView } from "./view";

const NOT_IN_YET: Permit = {
  allowed: false,
  rule: "no_role",
  message: "You are not in the room yet.",
  liftedBy: [],
};

/** Milliseconds that leaving waits for the server to hear of it; without an answer it finds out by itself. */
const GOODBYE = 1_000;

export class Visit {
  readonly connection: ReadonlySignal<Connection>;
  readonly local: LocalMedia;
  readonly media: RoomMedia;
  readonly own: OwnMedia;
  readonly chat: RoomChat;
  readonly view: RoomView;
  readonly floats = new Reactions();
  private readonly connectionNow = signal<Connection>({ state: "connecting", problem: null });
  /** Until when a server that is about to restart lets this session go on, in seconds since the epoch. */
  readonly restart: ReadonlySignal<number | null>;
  private readonly restartNow = signal<number | null>(null);
  private readonly youNow = signal<You | null>(null);
  private readonly socket: LiveSocket;
  private readonly state: RoomState;
  private readonly stopWatching: () => void;
  readonly conditions: Conditions;
  private readonly voices: Voices;
  private readonly eventListeners = new Set<(event: RoomEvent) => void>();
  private readonly noticeListeners = new Set<(notice: Notice) => void>();
  /** While missed events are being repeated: the number of the last one. */
  private catchingUpTo: number | null = null;
  private finished = false;

  constructor(fetchTicket: () => Promise<string>, local: LocalMedia) {
    this.local = local;
    this.socket = this.makeSocket(fetchTicket);
    const ask = this.socket.request;
    const youId = computed(() => this.youNow.value?.participantId ?? null);
    this.state = new RoomState({
      ask,
      onEvent: (event) => this.happened(event),
      onSnapshot: (snapshot) => this.refreshed(snapshot),
    });
    this.own = new OwnMedia({
      local,
      media: () => this.media,
      permit: (permission) => this.youNow.peek()?.permissions[permission] ?? NOT_IN_YET,
      onNotice: (notice) => this.notice(notice),
    });
    this.media = new RoomMedia({
      ask,
      local,
      isSent: (producerId) => this.isSent(producerId),
      onRefused: (source, problem) => this.own.refused(source, problem),
    });
    this.voices = new Voices(
      () => this.media.subscriptions.tracks.peek().values(),
      () => ownVoice(youId.peek(), local),
    );
    this.conditions = new Conditions({
      ask,
      reports: () => this.media.reports(),
      owners: () => this.media.owners(),
      nameOf: (participantId) => this.view.nameOf(participantId),
    });
    this.chat = new RoomChat(ask, () => youId.peek());
    this.view = new RoomView({
      snapshot: this.state.snapshot,
      youId,
      local,
      media: this.media,
      voices: this.voices,
      conditions: this.conditions,
    });
    this.connection = this.connectionNow;
    this.restart = this.restartNow;
    this.stopWatching = this.own.watch();
    globalThis.addEventListener?.("pagehide", this.pageHidden);
    this.socket.start();
  }

  permit(permission: Permission): Permit {
    return this.youNow.value?.permissions[permission] ?? NOT_IN_YET;
  }

  async leave(): Promise<void> {
    if (this.finished) return;
    this.finish("left", null, this.act("room.leave", {}));
  }

  retry(): void {
    if (this.connectionNow.peek().state !== "failed") return;
    this.show("connecting");
    void this.local.start();
    this.socket.start();
  }

  onEvent(listener: (event: RoomEvent) => void): () => void {
    this.eventListeners.add(listener);
    return () => this.eventListeners.delete(listener);
  }

  onNotice(listener: (notice: Notice) => void): () => void {
    this.noticeListeners.add(listener);
    return () => this.noticeListeners.delete(listener);
  }

  /** A request whose success is seen in the events that follow it. */
  async act<Name extends RequestName>(name: Name, payload: RequestOf<Name>): Outcome {
    try {
      await this.socket.request(name, payload);
      return null;
    } catch (error) {
      return this.finished ? null : problemOf(error); // ending the room may outrun the acknowledgement
    }
  }

  // --- what the socket brings ---

  private makeSocket(fetchTicket: () => Promise<string>): LiveSocket {
    return new LiveSocket({
      fetchTicket,
      resume: () => {
        const participantId = this.youNow.peek()?.participantId;
        const { seq } = this.state;
        return participantId === undefined || seq === null ? null : { participantId, seq };
      },
      onEvent: (event) => this.state.take(event),
      onDirect: (message) => this.told(message),
      onDropped: () => {
        this.media.disconnected();
        this.show("reconnecting");
      },
      onStopped: (problem) => this.stopped(problem),
    });
  }

  private told(message: DirectMessage): void {
    switch (message.type) {
      case "welcome":
        batch(() => {
          this.youNow.value = message.you;
          this.state.begin(message.snapshot);
          this.chat.begin(message.snapshot);
        });
        this.catchingUpTo = null;
        this.media.heard(message);
        this.connected(true);
        break;
      case "resumed":
        this.youNow.value = message.you;
        this.catchingUpTo = message.seq;
        this.connected(false);
        this.caughtUp();
        break;
      case "permissions.changed":
        this.youNow.value = message.you;
        this.own.enforce();
        break;
      case "server.restarting":
        this.restartNow.value = message.latest;
        break;
      case "replaced":
      case "removed":
        this.ended(message);
        break;
      default:
        this.media.heard(message);
    }
  }

  private connected(fresh: boolean): void {
    this.restartNow.value = null; // a server that still drains says so again
    this.show("connected");
    this.own.enforce();
    this.mediaUp(fresh);
    this.chat.connected();
  }

  /** Before the session is live there is no media to connect to. */
  private mediaUp(fresh: boolean): void {
    if (this.state.snapshot.peek()?.room.phase === "live") this.media.connected(this.own.mayPublish, fresh);
  }

  private happened(event: RoomEvent): void {
    switch (event.type) {
      case "chat.posted":
        this.chat.posted(event.message);
        break;
      case "reaction.sent":
        this.float(event.participantId, event.emoji);
        break;
      case "participant.left":
        this.voices.forget(event.participantId);
        this.conditions.forget(event.participantId);
        break;
      case "producer.changed":
        if (!this.isYou(event.producer.participantId)) break;
        // Your side goes off first: told of a pause that it does not want, it would resume at once.
        if (event.producer.paused && event.producer.pausedBy === "staff")
          this.own.pausedByStaff(event.producer);
        this.media.ownProducer(event.producer.id, event.producer.paused);
        break;
      case "producer.removed":
        if (this.isYou(event.participantId)) this.media.ownProducer(event.producerId, null);
        else this.media.subscriptions.producerRemoved(event.producerId);
        break;
      case "room.phaseChanged":
        this.mediaUp(false);
        break;
      case "room.ended":
        this.ended(event);
        break;
      default: // all else is in the snapshot
    }
    if (this.catchingUpTo === null) for (const listener of this.eventListeners) listener(event);
    this.caughtUp();
  }

  /** A snapshot in the place of events that were missed. */
  private refreshed(snapshot: Snapshot): void {
    this.chat.begin(snapshot);
    this.mediaUp(false);
    this.reconcile(snapshot);
    this.caughtUp();
  }

  private caughtUp(): void {
    const snapshot = this.state.snapshot.peek();
    if (this.catchingUpTo === null || snapshot === null || snapshot.seq < this.catchingUpTo) return;
    this.catchingUpTo = null;
    this.reconcile(snapshot);
  }

  private reconcile({ producers }: Snapshot): void {
    const own = producers.filter((one) => this.isYou(one.participantId));
    const others = producers.filter((one) => !this.isYou(one.participantId));
    void this.media.reconcile(own, others);
  }

  private float(participantId: string, emoji: string): void {
    if (this.catchingUpTo !== null) return; // from a moment that is over
    this.floats.add(participantId, this.view.nameOf(participantId), emoji);
  }

  // --- the end ---

  private ended(message: RoomEvent | DirectMessage): void {
    const end = endOf(message);
    if (end !== null) this.finish(end.state, end.problem, null);
  }

  private stopped(problem: Problem): void {
    const state = finalState(problem.code);
    if (state !== "failed") {
      this.finish(state, problem, null);
      return;
    }
    this.media.disconnected();
    this.media.shares.stopAll();
    this.local.release("microphone");
    this.local.release("camera");
    this.show("failed", problem);
  }

  private finish(state: ConnectionState, problem: Problem | null, goodbye: Outcome | null): void {
    if (this.finished) return;
    this.finished = true;
    globalThis.removeEventListener?.("pagehide", this.pageHidden);
    this.show(state, problem);
    this.stopWatching();
    this.voices.close();
    this.conditions.close();
    this.media.close();
    this.local.close();
    this.floats.close();
    this.eventListeners.clear();
    this.noticeListeners.clear();
    if (goodbye === null) {
      this.socket.close();
      return;
    }
    const close = () => this.socket.close();
    const timer = setTimeout(close, GOODBYE);
    void goodbye.then(() => {
      clearTimeout(timer);
      close();
    });
  }

  /** The tab is closed: tell the others now, rather than have them wait for somebody who does not come back. */
  private readonly pageHidden = (event: Event): void => {
    if (!(event as PageTransitionEvent).persisted) void this.leave();
  };

  // --- small things ---

  private show(state: ConnectionState, problem: Problem | null = null): void {
    this.connectionNow.value = { state, problem };
  }

  private isSent(producerId: string): boolean {
    const producers = this.state.snapshot.peek()?.producers ?? [];
    return producers.some((one) => one.id === producerId && !one.paused);
  }

  private isYou(participantId: string): boolean {
    return participantId === this.youNow.peek()?.participantId;
  }

  private notice(notice: Notice): void {
    for (const listener of this.noticeListeners) listener(notice);
  }
}

function ownVoice(
  participantId: string | null,
  local: LocalMedia,
): { participantId: string; level: number } | null {
  return participantId === null ? null : { participantId, level: local.microphoneLevel.peek() };
}
