/** The room as the server told it: the snapshot, the events since, and a fresh snapshot where one is missing. */

import { type ReadonlySignal, signal } from "@preact/signals-core";
import type { RoomEvent, Snapshot } from "../protocol/messages.gen";
import type { Ask } from "../protocol/socket";
import { fitOf, reduce } from "./reducer";

export interface RoomStateOptions {
  ask: Ask;
  /** An event has changed the snapshot. */
  onEvent(event: RoomEvent): void;
  /** A snapshot came in the middle of a visit, in the place of events that were missed. */
  onSnapshot(snapshot: Snapshot): void;
}

export class RoomState {
  readonly snapshot: ReadonlySignal<Snapshot | null>;
  private readonly snapshotNow = signal<Snapshot | null>(null);
  private readonly options: RoomStateOptions;
  /** Events that wait for a snapshot; null when none is on its way. */
  private held: RoomEvent[] | null = null;

  constructor(options: RoomStateOptions) {
    this.options = options;
    this.snapshot = this.snapshotNow;
  }

  /** A fresh start. */
  begin(snapshot: Snapshot): void {
    this.held = null;
    this.snapshotNow.value = snapshot;
  }

  /** The number of the last event known, to resume after; null before the first snapshot. */
  get seq(): number | null {
    return this.snapshotNow.value?.seq ?? null;
  }

  take(event: RoomEvent): void {
    const snapshot = this.snapshotNow.value;
    if (snapshot === null) return;
    if (this.held !== null) {
      this.held.push(event);
      return;
    }
    switch (fitOf(snapshot, event)) {
      case "next":
        this.snapshotNow.value = reduce(snapshot, event);
        this.options.onEvent(event);
        break;
      case "gap":
        void this.sync(event);
        break;
      case "old":
        break;
    }
  }

  /** Asks for a snapshot and then applies what came meanwhile. If that fails, the next event tries again. */
  private async sync(event: RoomEvent): Promise<void> {
    const held = [event];
    this.held = held;
    let fresh: Snapshot | null = null;
    try {
      fresh = await this.options.ask("room.sync", {});
    } catch {
      // The connection was lost, and coming back fills the gap; or else the next event shows it again.
    }
    if (this.held !== held) return; // begun afresh meanwhile
    this.held = null;
    if (fresh === null) return;
    this.snapshotNow.value = snapshotOf(fresh);
    this.options.onSnapshot(fresh);
    for (const one of held) this.take(one);
  }
}

/** The acknowledgement without its `ok`. */
function snapshotOf({ seq, room, participants, producers, chat }: Snapshot): Snapshot {
  return { seq, room, participants, producers, chat };
}
