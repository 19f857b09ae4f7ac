/**
 * One thing that you send, brought step by step to what is wanted: which track, paused or not, sent at all.
 *
 * A camera that is stopped keeps its producer, paused and without a track: starting it again then needs no negotiation
 * with anyone, where closing it would make every receiver negotiate twice.
 */

import type { types as mediasoup } from "mediasoup-client";
import type { Problem, Source } from "../protocol/messages.gen";
import { isConnectionLost, problemOf } from "../protocol/problem";
import type { Ask } from "../protocol/socket";
import { type Encoded, encodingOf, layersAsked, withoutLayers } from "./encodings";
import type { MediaLink, ProducerNotes } from "./link";

/** Codes that trying again on new transports would not change. */
const REFUSALS: ReadonlySet<string> = new Set(["permission.denied", "media.too_many", "media.unsupported"]);

export interface PublicationOptions {
  source: Source;
  ask: Ask;
  /** You may not send this: whoever owns the track should stop. */
  onRefused(problem: Problem): void;
  /** It failed for another reason: these transports are not to be trusted. */
  onBroken(): void;
}

export class Publication {
  readonly source: Source;
  private readonly ask: Ask;
  private readonly options: PublicationOptions;
  private link: MediaLink | null = null;
  private producer: mediasoup.Producer | null = null;
  private track: MediaStreamTrack | null = null;
  private paused = true;
  /** What the server believes about `paused`. */
  private told = true;
  /** The largest size that anybody watches, and the largest that is encoded; sizes count from 0, the smallest. */
  private watched = Number.POSITIVE_INFINITY;
  private encoded = 0;
  private sizes = 1;
  private ended = false;
  private busy = false;
  /** Something changed while a step was under way. */
  private again = false;

  constructor(options: PublicationOptions) {
    this.options = options;
    this.source = options.source;
    this.ask = options.ask;
  }

  get producerId(): string | null {
    return this.producer?.id ?? null;
  }

  want(track: MediaStreamTrack | null, paused: boolean): void {
    this.track = track;
    this.paused = paused || track === null;
    void this.settle();
  }

  /** Transports came (null: went, and the producer with them). */
  attach(link: MediaLink | null): void {
    this.link = link;
    this.producer = null;
    void this.settle();
  }

  /** The server says how the producer stands; null: it closed it. */
  heard(paused: boolean | null): void {
    if (paused === null) {
      this.producer?.close();
      this.producer = null;
    } else {
      this.told = paused;
      void this.settle();
    }
  }

  /** Larger sizes than this (0 is the smallest) are watched by nobody: they need not be encoded. */
  limit(spatial: number): void {
    this.watched = spatial;
    void this.settle();
  }

  /** Stops sending for good. */
  end(): void {
    this.ended = true;
    this.track = null;
    void this.settle();
  }

  /** Takes the next steps until all is as wanted; also called when the socket is back. */
  async settle(): Promise<void> {
    this.again = true;
    if (this.busy) return;
    this.busy = true;
    while (this.again) {
      this.again = false;
      const link = this.link;
      try {
        this.again = (await this.step(link)) || this.again;
      } catch (error) {
        if (link === this.link) this.failed(problemOf(error));
      }
    }
    this.busy = false;
  }

  private failed(problem: Problem): void {
    // After a lost connection settling goes on with the next one; a track that ended is told by its owner.
    if (isConnectionLost(problem) || this.ended || this.track?.readyState !== "live") return;
    if (REFUSALS.has(problem.code)) this.options.onRefused(problem);
    else this.options.onBroken();
  }

  /** Answers whether it did something, after which there may be more to do. */
  private async step(link: MediaLink | null): Promise<boolean> {
    const { producer, track, paused } = this;
    if (link === null) return false;
    if (producer === null) {
      if (track === null || track.readyState === "ended") return false;
      await this.produce(link, track, paused);
      return true;
    }
    if (this.ended) {
      this.producer = null;
      producer.close();
      await this.ask("media.close", { producerId: producer.id });
      return false;
    }
    if (producer.track !== track && track?.readyState !== "ended") {
      await producer.replaceTrack({ track });
      return true;
    }
    if (this.told !== paused) {
      await this.tell(producer.id, paused);
      return true;
    }
    const largest = Math.min(this.watched, this.sizes - 1);
    if (largest !== this.encoded) {
      this.encoded = largest;
      await producer.setMaxSpatialLayer(largest);
      return true;
    }
    return false;
  }

  private async tell(producerId: string, paused: boolean): Promise<void> {
    const before = this.told;
    this.told = paused; // also when refused: asking again would be refused again
    try {
      await this.ask(paused ? "media.pause" : "media.resume", { producerId });
      this.told = paused; // an event about an earlier step may have come in between
    } catch (error) {
      if (isConnectionLost(problemOf(error))) this.told = before;
      throw error;
    }
  }

  private async produce(link: MediaLink, track: MediaStreamTrack, paused: boolean): Promise<void> {
    const [transport, capabilities] = await Promise.all([link.sender(), link.sendCapabilities()]);
    const notes: ProducerNotes = { source: this.source, paused };
    const producer = await transport.produce({
      ...(await encodable(encodingOf(this.source, capabilities, track.contentHint))),
      track,
      appData: notes,
      stopTracks: false, // tracks belong to whoever opened them: they outlive transports
      disableTrackOnPause: false,
    });
    if (this.link !== link) return; // closed with its transport meanwhile
    this.producer = producer;
    this.told = paused;
    this.sizes = producer.rtpParameters.encodings?.length ?? 1;
    this.encoded = this.sizes - 1;
    this.watched = Number.POSITIVE_INFINITY;
  }
}

/** Chrome refuses to send layers that it cannot make, so it is asked before. */
async function encodable(encoded: Encoded): Promise<Encoded> {
  const scalabilityMode = layersAsked(encoded);
  if (scalabilityMode === null || encoded.codec === undefined) return encoded;
  const video = {
    contentType: encoded.codec.mimeType,
    width: 1280,
    height: 720,
    framerate: 30,
    bitrate: 2_000_000,
    scalabilityMode,
  };
  const answer = await navigator.mediaCapabilities.encodingInfo({ type: "webrtc", video }).catch(() => null);
  return answer?.supported === true ? encoded : withoutLayers(encoded);
}
