/** Reactions that float: each is in the list for a while, the latest ones only. */

import { type ReadonlySignal, signal } from "@preact/signals-core";
import type { Reaction } from "./types";

const SHOWN_FOR = 4_000;
/** A crowd that claps must not slow anybody's browser down. */
const AT_ONCE = 30;

export class Reactions {
  readonly list: ReadonlySignal<readonly Reaction[]>;
  private readonly listNow = signal<readonly Reaction[]>([]);
  private readonly timers = new Set<ReturnType<typeof setTimeout>>();
  private count = 0;

  constructor() {
    this.list = this.listNow;
  }

  add(participantId: string, name: string, emoji: string): void {
    this.count += 1;
    const reaction = { id: this.count, participantId, name, emoji };
    this.listNow.value = [...this.listNow.value, reaction].slice(-AT_ONCE);
    const timer = setTimeout(() => {
      this.timers.delete(timer);
      this.listNow.value = this.listNow.value.filter((one) => one !== reaction);
    }, SHOWN_FOR);
    this.timers.add(timer);
  }

  close(): void {
    for (const timer of this.timers) clearTimeout(timer);
    this.timers.clear();
    this.listNow.value = [];
  }
}
