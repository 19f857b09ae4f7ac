/** What you receive: offers turned into tracks, and kept in step with what the room sends. */

import { type ReadonlySignal, signal } from "@preact/signals-core";
import type { types as mediasoup } from "mediasoup-client";
import type { ConsumerOffer, Producer, Source } from "../protocol/messages.gen";
import { isConnectionLost, problemOf } from "../protocol/problem";
import type { Ask } from "../protocol/socket";
import type { MediaLink } from "./link";
import { type Shown, type View, Viewing } from "./viewing";

/** Milliseconds from the first offer of a burst until it is taken up. */
const GATHER = 8;

export interface RemoteTrack {
  producerId: string;
  participantId: string;
  source: Source;
  track: MediaStreamTrack;
  receiver: RTCRtpReceiver | undefined;
}

interface Subscription {
  offer: ConsumerOffer;
  begun: boolean;
  /** null while the browser prepares it. */
  consumer: mediasoup.Consumer | null;
  /** Whether the server knows that we are ready. */
  resumed: boolean;
}

export class Subscriptions {
  /** By producer id. */
  readonly tracks: ReadonlySignal<ReadonlyMap<string, RemoteTrack>>;
  /** Producers of pictures that the server holds back because the path is too narrow for them. */
  readonly held: ReadonlySignal<ReadonlySet<string>>;
  private readonly tracksNow = signal<ReadonlyMap<string, RemoteTrack>>(new Map());
  private readonly heldNow = signal<ReadonlySet<string>>(new Set());
  private readonly ask: Ask;
  private readonly all = new Map<string, Subscription>();
  private link: MediaLink | null = null;
  private gathering: ReturnType<typeof setTimeout> | undefined;
  private readonly viewing = new Viewing();
  private telling: ReturnType<typeof setTimeout> | undefined;

  constructor(ask: Ask) {
    this.ask = ask;
    this.tracks = this.tracksNow;
    this.held = this.heldNow;
  }

  /** Transports came. Offers that came before them are taken up now. */
  attach(link: MediaLink): void {
    this.link = link;
    this.gather();
  }

  /** Transports went, and all consumers with them. */
  detach(): void {
    this.link = null;
    clearTimeout(this.gathering);
    clearTimeout(this.telling);
    this.gathering = undefined;
    for (const producerId of this.all.keys()) this.viewing.end(producerId);
    this.heldNow.value = new Set();
    this.all.clear();
    this.tell();
  }

  /** The latest offer for a producer is the one that counts: an earlier one was for a transport now gone. */
  offered(offer: ConsumerOffer): void {
    // Repeated by the server after the socket was away; what is still unsaid is said in `reconcile`.
    if (this.all.get(offer.producerId)?.offer.consumerId === offer.consumerId) return;
    this.drop(offer.producerId);
    this.all.set(offer.producerId, { offer, begun: false, consumer: null, resumed: false });
    this.gather();
  }

  consumerClosed(consumerId: string): void {
    for (const [producerId, { offer }] of this.all) {
      if (offer.consumerId === consumerId) this.drop(producerId);
    }
    this.tell();
  }

  producerRemoved(producerId: string): void {
    this.drop(producerId);
    this.tell();
  }

  /**
   * After the socket was away: closings may have been lost, and that we are ready for something. Offers that were lost
   * are repeated by the server. `producers` are those of others.
   */
  reconcile(producers: readonly Producer[]): void {
    const there = new Set(producers.map((one) => one.id));
    for (const producerId of [...this.all.keys()]) {
      if (!there.has(producerId)) this.producerRemoved(producerId);
    }
    for (const subscription of this.all.values()) {
      if (subscription.consumer !== null && !subscription.resumed) void this.resume(subscription);
    }
  }

  /**
   * Offers come in bursts, and mediasoup-client negotiates the first one alone and all others after it. So a burst is
   * awaited, and led by a picture, for which a key frame has to be asked: that is what people wait for when they join.
   */
  private gather(): void {
    this.gathering ??= setTimeout(() => {
      this.gathering = undefined;
      if (this.link === null) return;
      const burst = [...this.all.values()].filter((one) => !one.begun);
      const lead = burst.find((one) => one.offer.kind === "video" && !one.offer.producerPaused);
      if (lead !== undefined) void this.prepare(lead);
      for (const subscription of burst) if (subscription !== lead) void this.prepare(subscription);
    }, GATHER);
  }

  private async prepare(subscription: Subscription): Promise<void> {
    const { link } = this;
    const { offer } = subscription;
    if (link === null || link.receiver === null) return;
    subscription.begun = true;
    try {
      const consumer = await link.receiver.consume({
        id: offer.consumerId,
        producerId: offer.producerId,
        kind: offer.kind,
        rtpParameters: offer.rtpParameters,
        streamId: syncGroup(offer),
      });
      if (this.all.get(offer.producerId) !== subscription || this.link !== link) {
        consumer.close();
        return;
      }
      subscription.consumer = consumer;
      this.beginViewing(offer);
    } catch {
      // This browser cannot play it: say so, rather than have the server send for nothing.
      if (this.all.get(offer.producerId) === subscription && this.link === link) {
        this.all.delete(offer.producerId);
        this.ask("media.close", { consumerId: offer.consumerId }).catch(() => {});
      }
      return;
    }
    this.tell();
    await this.resume(subscription);
  }

  private async resume(subscription: Subscription): Promise<void> {
    const { offer } = subscription;
    try {
      await this.ask("media.resume", { consumerId: offer.consumerId });
      subscription.resumed = true;
    } catch (error) {
      const refused = !isConnectionLost(problemOf(error));
      if (refused && this.all.get(offer.producerId) === subscription) this.producerRemoved(offer.producerId);
    }
  }

  /** A place on the page shows this video so, or no longer (null). Known before the video comes, it is sent so at once. */
  see(producerId: string, place: object, view: View | null): void {
    this.viewing.see(producerId, place, view, performance.now());
    this.tellViews();
  }

  /** Nothing of the pictures can be seen just now; sound goes on. */
  cover(covered: boolean): void {
    this.viewing.cover(covered, performance.now());
    this.tellViews();
  }

  /** The server holds a picture back, or sends it again. */
  starved(consumerId: string, starved: boolean): void {
    for (const [producerId, { offer }] of this.all) {
      if (offer.consumerId === consumerId) this.hold(producerId, starved);
    }
  }

  private hold(producerId: string, held: boolean): void {
    if (this.heldNow.peek().has(producerId) === held) return;
    const all = new Set(this.heldNow.peek());
    if (held) all.add(producerId);
    else all.delete(producerId);
    this.heldNow.value = all;
  }

  /** Whether this video is received for somebody to see. */
  isShown(producerId: string): boolean {
    return this.viewing.shows(producerId);
  }

  private beginViewing({ kind, producerId }: ConsumerOffer): void {
    if (kind !== "video") return;
    const shown = this.viewing.begin(producerId, performance.now());
    if (shown !== null) void this.tellView(producerId, shown);
    this.tellViews();
  }

  private tellViews(): void {
    clearTimeout(this.telling);
    const { nextDue } = this.viewing;
    if (nextDue === Number.POSITIVE_INFINITY) return;
    this.telling = setTimeout(() => {
      for (const [producerId, shown] of this.viewing.due(performance.now())) {
        void this.tellView(producerId, shown);
      }
      this.tellViews();
    }, nextDue - performance.now());
  }

  private async tellView(producerId: string, shown: Shown): Promise<void> {
    const subscription = this.all.get(producerId);
    if (subscription === undefined) return;
    try {
      await this.ask("media.setLayers", { consumerId: subscription.offer.consumerId, ...shown });
    } catch {
      if (this.all.get(producerId) !== subscription) return;
      this.viewing.failed(producerId, performance.now());
      this.tellViews();
    }
  }

  private drop(producerId: string): void {
    this.hold(producerId, false);
    this.viewing.end(producerId);
    this.all.get(producerId)?.consumer?.close();
    this.all.delete(producerId);
  }

  private tell(): void {
    const tracks = new Map<string, RemoteTrack>();
    for (const { offer, consumer } of this.all.values()) {
      if (consumer === null) continue;
      const { producerId, participantId, source } = offer;
      tracks.set(producerId, {
        producerId,
        participantId,
        source,
        track: consumer.track,
        receiver: consumer.rtpReceiver,
      });
    }
    this.tracksNow.value = tracks;
  }
}

/** Browsers keep the tracks of one stream in step: lips with voice, a film with its sound. */
function syncGroup({ participantId, source }: ConsumerOffer): string {
  return source === "screen" || source === "screen-audio" ? `${participantId}-screen` : participantId;
}
