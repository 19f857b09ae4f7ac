/** Watches how well media gets through: keeps a signal per participant, and reads numbers for whoever wants to see them. */

import { type ReadonlySignal, type Signal, signal } from "@preact/signals-core";
import type { Ask } from "../protocol/socket";
import { judge, type Quality, QualityGate } from "./quality";
import { type MediaStatistics, type Owner, type Report, StatisticsReader } from "./statistics";

const EVERY = 2_000;

export interface ConditionsOptions {
  ask: Ask;
  reports(): Promise<readonly Report[]>;
  /** By the id of their track, yours and those of others. */
  owners(): ReadonlyMap<string, Owner>;
  nameOf(participantId: string): string;
}

interface Watched {
  gate: QualityGate;
  quality: Signal<Quality>;
}

export class Conditions {
  /** Your own connection, either way. */
  readonly own: ReadonlySignal<Quality>;
  private readonly ownNow: Watched = watched();
  private readonly others = new Map<string, Watched>();
  private readonly options: ConditionsOptions;
  private readonly watching = new StatisticsReader();
  private readonly showing = new StatisticsReader();
  private readonly timer: ReturnType<typeof setInterval>;

  constructor(options: ConditionsOptions) {
    this.options = options;
    this.own = this.ownNow.quality;
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
      layer: layers.get(stream.producerId) ?? null,
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
  }

  private read(reader: StatisticsReader, reports: readonly Report[]): MediaStatistics {
    const { owners, nameOf } = this.options;
    return reader.read(reports, performance.now(), owners(), nameOf);
  }

  /** By producer id, the size of each picture that the server sends. */
  private async layers(): Promise<Map<string, number>> {
    const { consumers } = await this.options.ask("media.stats", {}).catch(() => ({ consumers: [] }));
    const layers = new Map<string, number>();
    for (const { producerId, kind, layer } of consumers) {
      if (kind === "video" && typeof producerId === "string" && typeof layer === "number") {
        layers.set(producerId, layer);
      }
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
