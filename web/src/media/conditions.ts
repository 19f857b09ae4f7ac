/** Watches how well media gets through: keeps a signal per participant, and reads numbers for whoever wants to see them. */

import { type ReadonlySignal, type Signal, signal } from "@preact/signals-core";
import type { Ask } from "../protocol/socket";
import { judge, type Quality, QualityGate } from "./quality";
import {
  type MediaStatistics,
  type Owner,
  type Report,
  StatisticsReader,
  type StreamStatistics,
} from "./statistics";

const EVERY = 2_000;
/** A picture that stands still for so long (milliseconds) is asked after, and again after as long. */
const STILL = 3_000;

export interface ConditionsOptions {
  ask: Ask;
  reports(): Promise<readonly Report[]>;
  /** By the id of their track, yours and those of others. */
  owners(): ReadonlyMap<string, Owner>;
  nameOf(participantId: string): string;
  /** Whether a picture should be moving: it is sent by its owner and to be seen here. */
  expects(producerId: string): boolean;
}

interface Watched {
  gate: QualityGate;
  quality: Signal<Quality>;
}

export class Conditions {
  /** Your own connection, either way. */
  readonly own: ReadonlySignal<Quality>;
  /** Producers of pictures that the server holds back because your path is too narrow for them. */
  readonly held: ReadonlySignal<ReadonlySet<string>>;
  private readonly ownNow: Watched = watched();
  private readonly heldNow = signal<ReadonlySet<string>>(new Set());
  private readonly others = new Map<string, Watched>();
  private readonly options: ConditionsOptions;
  private readonly watching = new StatisticsReader();
  private readonly showing = new StatisticsReader();
  private moved = new Map<string, { frames: number; at: number }>();
  private readonly timer: ReturnType<typeof setInterval>;
  private askedAt = Number.NEGATIVE_INFINITY;

  constructor(options: ConditionsOptions) {
    this.options = options;
    this.own = this.ownNow.quality;
    this.held = this.heldNow;
    this.timer = setInterval(() => void this.sample(), EVERY);
  }

  quality(participantId: string): ReadonlySignal<Quality> {
    return this.watchedOf(participantId).quality;
  }

  /** Forgets somebody who left. */
  forget(participantId: string): void {
    this.others.delete(participantId);
  }

  close(): void {
    clearInterval(this.timer);
  }

  /** All numbers, with the layers that the server has chosen; null while there is no media. Rates are since the last call. */
  async statistics(): Promise<MediaStatistics | null> {
    const [reports, layers] = await Promise.all([this.options.reports(), this.layers()]);
    if (reports.length === 0) return null;
    const read = this.read(this.showing, reports);
    const streams = read.streams.map((stream) => ({
      ...stream,
      layer: layers.get(stream.producerId)?.layer ?? null,
    }));
    return { ...read, streams };
  }

  private async sample(): Promise<void> {
    const reports = await this.options.reports();
    const read = this.read(this.watching, reports);
    const now = performance.now();
    const { own, others } = judge(read);
    update(this.ownNow, own, now);
    for (const [participantId, one] of this.others) update(one, others.has(participantId), now);
    await this.lookForHeld(read.streams, now);
  }

  private read(reader: StatisticsReader, reports: readonly Report[]): MediaStatistics {
    const { owners, nameOf } = this.options;
    return reader.read(reports, performance.now(), owners(), nameOf);
  }

  /** Pictures stand still for many reasons; the server knows whether it is one of its own. */
  private async lookForHeld(streams: readonly StreamStatistics[], now: number): Promise<void> {
    const still = new Set(this.standingStill(streams, now));
    const held = new Set([...this.heldNow.peek()].filter((producerId) => still.has(producerId)));
    if (still.size > held.size && now - this.askedAt >= STILL) {
      this.askedAt = now;
      const layers = await this.layers();
      for (const producerId of still) if (layers.get(producerId)?.held === true) held.add(producerId);
    }
    if (!sameSet(held, this.heldNow.peek())) this.heldNow.value = held;
  }

  private *standingStill(streams: readonly StreamStatistics[], now: number): Iterable<string> {
    const { moved } = this;
    this.moved = new Map();
    for (const { kind, direction, producerId, frames } of streams) {
      if (kind !== "video" || direction !== "receive" || producerId === "") continue;
      const before = moved.get(producerId);
      const stands = before?.frames === frames && this.options.expects(producerId);
      const at = stands ? before.at : now;
      this.moved.set(producerId, { frames, at });
      if (now - at >= STILL) yield producerId;
    }
  }

  /** By producer id, what the server sends of it: the size (0 is the smallest), or nothing. */
  private async layers(): Promise<Map<string, { layer: number; held: boolean }>> {
    const { consumers } = await this.options.ask("media.stats", {}).catch(() => ({ consumers: [] }));
    const layers = new Map<string, { layer: number; held: boolean }>();
    for (const { producerId, kind, layer, target } of consumers) {
      if (kind !== "video" || typeof producerId !== "string" || typeof layer !== "number") continue;
      layers.set(producerId, { layer, held: Array.isArray(target) && target[0] < 0 });
    }
    return layers;
  }

  private watchedOf(participantId: string): Watched {
    let one = this.others.get(participantId);
    if (one === undefined) {
      one = watched();
      this.others.set(participantId, one);
    }
    return one;
  }
}

function watched(): Watched {
  return { gate: new QualityGate(), quality: signal<Quality>("good") };
}

function update({ gate, quality }: Watched, bad: boolean, now: number): void {
  quality.value = gate.update(bad, now);
}

function sameSet(one: ReadonlySet<string>, other: ReadonlySet<string>): boolean {
  return one.size === other.size && [...one].every((item) => other.has(item));
}
