/**
 * All media of one visit to a room: builds the link, keeps it alive, sends what is yours and receives what is offered.
 *
 * Who closes whom: the link goes with its producers and consumers; publications and shares outlive it and publish anew
 * on the next one; tracks belong to `LocalMedia` and `Shares`. `close()` ends everything but `LocalMedia`.
 */

import { effect, type ReadonlySignal, signal } from "@preact/signals-core";
import type { DirectMessage, Problem, Producer, Source } from "../protocol/messages.gen";
import { isConnectionLost, problemOf } from "../protocol/problem";
import type { Ask } from "../protocol/socket";
import { Arrivals } from "./arrivals";
import { Codecs, MediaLink } from "./link";
import type { LocalMedia } from "./local";
import { onNetworkChange } from "./network";
import { Playback } from "./playback";
import { Publication } from "./publication";
import { PathRecovery, type PathView } from "./recovery";
import { relayOnly } from "./route";
import { Shares } from "./shares";
import type { Owner, Report } from "./statistics";
import { Subscriptions } from "./subscriptions";

const WATCH_EVERY = 250;

export interface RoomMediaOptions {
  ask: Ask;
  local: LocalMedia;
  /** Whether somebody else's producer is not paused. */
  isSent(producerId: string): boolean;
  /** The server does not let you send this; your side has to stop. */
  onRefused(source: Source, problem: Problem): void;
}

export class RoomMedia {
  readonly view: ReadonlySignal<PathView>;
  readonly subscriptions: Subscriptions;
  readonly shares: Shares;
  readonly playback: Playback;
  private readonly viewNow = signal<PathView>("new");
  private readonly options: RoomMediaOptions;
  private readonly codecs = new Codecs();
  private readonly recovery = new PathRecovery();
  private readonly arrivals = new Arrivals();
  private readonly microphone: Publication;
  private readonly camera: Publication;
  private readonly stopWatching: (() => void)[];
  private readonly timer: ReturnType<typeof setInterval>;
  private link: MediaLink | null = null;
  /** The one that is being made. */
  private opening: MediaLink | null = null;
  /** Counts builds: one that has been overtaken throws its transports away. */
  private build = 0;
  private online = false;
  private publishing = false;
  private covered = false;
  /** The server's transports are gone, or never were. */
  private stale = true;

  constructor(options: RoomMediaOptions) {
    const { ask, local, onRefused } = options;
    this.options = options;
    this.view = this.viewNow;
    this.subscriptions = new Subscriptions(ask);
    const onBroken = () => this.broken();
    const publication = (source: "microphone" | "camera") =>
      new Publication({ source, ask, onBroken, onRefused: (problem) => onRefused(source, problem) });
    this.shares = new Shares({ ask, onBroken, onRefused: (problem) => onRefused("screen", problem) });
    this.playback = new Playback(this.subscriptions.tracks, local.speakerId);
    this.microphone = publication("microphone");
    this.camera = publication("camera");
    this.stopWatching = [
      effect(() => {
        void local.microphone.value; // muting shows in the track, which is no signal
        const track = local.microphoneTrack.value;
        this.microphone.want(track, track?.enabled === false);
      }),
      effect(() => this.camera.want(local.cameraTrack.value, false)),
    ];
    this.stopWatching.push(onNetworkChange(this.networkChanged));
    globalThis.document?.addEventListener("visibilitychange", this.pageShown);
    this.pageShown();
    this.timer = setInterval(() => {
      const now = performance.now();
      this.recovery.received(this.arrivals.ago(this.expected(), now), now);
      this.mend();
    }, WATCH_EVERY);
  }

  /** The socket is up and the room is live. `fresh`: the server has no transports of ours, so they are built. */
  connected(publishing: boolean, fresh: boolean): void {
    this.online = true;
    this.publishing = publishing;
    if (fresh || this.stale) void this.rebuild();
    else this.mend();
  }

  /** The socket is down, or the session has not begun: media goes on as long as its path holds, mending waits. */
  disconnected(): void {
    this.online = false;
  }

  heard(message: DirectMessage): void {
    switch (message.type) {
      case "welcome":
        this.codecs.prepare(message.rtpCapabilities).catch(() => {}); // told to whoever needs it
        break;
      case "media.consumerOffered":
        this.subscriptions.offered(message.consumer);
        break;
      case "media.consumerClosed":
        this.subscriptions.consumerClosed(message.consumerId);
        break;
      case "media.consumerStarved":
        this.subscriptions.starved(message.consumerId, message.starved);
        break;
      case "media.transportState":
        this.serverSees(message.transportId, message.ice);
        break;
      case "media.layersWanted":
        for (const publication of this.publications()) {
          if (publication.producerId === message.producerId) publication.limit(message.spatial);
        }
        break;
      case "media.reset":
        void this.rebuild();
        break;
      default: // the rest is the session's
    }
  }

  /** What the room knows of your producers and those of others, complete, after the socket was away. */
  async reconcile(own: readonly Producer[], others: readonly Producer[]): Promise<void> {
    this.subscriptions.reconcile(others);
    const publications = [...this.publications()];
    for (const producer of own) {
      const publication = publications.find((one) => one.producerId === producer.id);
      if (publication !== undefined) publication.heard(producer.paused);
      // Produced just before the socket was lost, so that we never learnt its id.
      else await this.options.ask("media.close", { producerId: producer.id }).catch(() => {});
    }
    for (const publication of publications) {
      const { producerId } = publication;
      if (producerId !== null && !own.some((one) => one.id === producerId)) publication.heard(null);
      void publication.settle();
    }
  }

  /** Something about one of your own producers; `paused` null: the server closed it. */
  ownProducer(producerId: string, paused: boolean | null): void {
    for (const publication of this.publications()) {
      if (publication.producerId === producerId) publication.heard(paused);
    }
  }

  /** The share that one of your producers belongs to. */
  shareOf(producerId: string): string | null {
    for (const { shareId, publication } of this.shares.publications()) {
      if (publication.producerId === producerId) return shareId;
    }
    return null;
  }

  /** Something of the page's lies over all pictures. */
  cover(covered: boolean): void {
    this.covered = covered;
    this.pageShown();
  }

  /** Whose each track is that is sent or received, by its id. */
  owners(): Map<string, Owner> {
    const owners = new Map<string, Owner>();
    for (const { producerId, participantId, source, track } of this.subscriptions.tracks.peek().values()) {
      owners.set(track.id, { producerId, participantId, source });
    }
    const own = (track: MediaStreamTrack | null, source: Source) => {
      if (track !== null) owners.set(track.id, { producerId: "", participantId: "", source });
    };
    own(this.options.local.microphoneTrack.peek(), "microphone");
    own(this.options.local.cameraTrack.peek(), "camera");
    for (const { track, audio } of this.shares.list.peek()) {
      own(track, "screen");
      own(audio, "screen-audio");
    }
    return owners;
  }

  /** What the browser counts, of each transport that carries something. */
  async reports(): Promise<readonly Report[]> {
    return (await this.link?.stats().catch(() => null)) ?? [];
  }

  close(): void {
    this.build += 1;
    clearInterval(this.timer);
    globalThis.document?.removeEventListener("visibilitychange", this.pageShown);
    for (const stop of this.stopWatching) stop();
    this.unlink();
    this.playback.close();
    this.shares.close();
    this.viewNow.value = "new";
  }

  private readonly pageShown = (): void => {
    this.subscriptions.cover(this.covered || globalThis.document?.hidden === true);
  };

  /** What receives something that is sent, and is played here. */
  private *expected(): Iterable<RTCRtpReceiver> {
    for (const { producerId, track, receiver } of this.subscriptions.tracks.peek().values()) {
      const shown = track.kind === "audio" || this.subscriptions.isShown(producerId);
      if (receiver !== undefined && shown && this.options.isSent(producerId)) yield receiver;
    }
  }

  private readonly networkChanged = (): void => {
    this.recovery.networkChanged(performance.now());
    this.mend();
  };

  private attach(link: MediaLink | null): void {
    this.microphone.attach(link);
    this.camera.attach(link);
    this.shares.attach(link);
  }

  private *publications(): Iterable<Publication> {
    yield this.microphone;
    yield this.camera;
    for (const { publication } of this.shares.publications()) yield publication;
  }

  private serverSees(transportId: string, ice: string): void {
    if (this.link === null || !this.link.owns(transportId)) return;
    if (ice === "connected") this.recovery.serverFound();
    else if (ice === "disconnected") this.recovery.serverLost(performance.now());
    else if (ice === "closed") void this.rebuild();
    this.mend();
  }

  private mend(): void {
    this.show();
    if (!this.online) return;
    const repair = this.recovery.decide(performance.now());
    if (repair === "restart" && this.link !== null) void this.restart(this.link);
    else if (repair !== "none") void this.rebuild();
  }

  private async restart(link: MediaLink): Promise<void> {
    this.show();
    try {
      await link.restart();
    } catch (error) {
      if (link !== this.link) return;
      // A lost request is made up for; anything else means that the transports are of no use.
      if (isConnectionLost(problemOf(error))) this.recovery.unasked();
      else await this.rebuild();
    }
  }

  /** Gives up the present transports and makes new ones; all that is yours is then published again by itself. */
  private async rebuild(): Promise<void> {
    this.build += 1;
    const turn = this.build;
    this.stale = true;
    if (this.link !== null) this.recovery.rebuilding();
    this.unlink();
    this.show();
    if (!this.online) return;
    const link = new MediaLink({
      ask: this.options.ask,
      codecs: this.codecs,
      relayOnly: relayOnly.peek(),
      onState: (state) => this.linkChanged(link, state),
    });
    this.opening = link;
    try {
      await link.open(this.publishing);
    } catch {
      link.close();
      if (turn === this.build) this.broken();
      return;
    }
    if (turn !== this.build) return; // closed by the one that came after
    this.stale = false;
    this.opening = null;
    this.link = link;
    this.recovery.built();
    this.show();
    this.subscriptions.attach(link);
    this.attach(link);
  }

  private unlink(): void {
    const { link, opening } = this;
    this.link = null;
    this.opening = null;
    this.subscriptions.detach();
    this.attach(null);
    link?.close();
    opening?.close();
  }

  /** Tried again after a while; at once if the server says that it has reset. */
  private broken(): void {
    this.recovery.buildFailed(performance.now());
    this.show();
  }

  private linkChanged(link: MediaLink, state: Parameters<PathRecovery["changed"]>[0]): void {
    if (link !== this.link) return;
    this.recovery.changed(state, performance.now());
    this.mend();
  }

  private show(): void {
    this.viewNow.value = this.recovery.view;
  }
}
