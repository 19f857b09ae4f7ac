/**
 * Plays what others say, on the chosen speaker. Tiles come and go; these elements do not belong to them.
 *
 * Strict browsers (phones above all) let an element play sound only if it was first played during a click or key press,
 * and most voices arrive long after the last one. So a few elements are played empty whenever there is such a moment,
 * beginning with the click that led into the room, and wait for their voice.
 */

import { effect, type ReadonlySignal, signal } from "@preact/signals-core";
import type { RemoteTrack } from "./subscriptions";

const SPARES = 8;
const GESTURES = ["pointerup", "keydown"] as const;

export class Playback {
  /** The browser wants a click before it plays sound. */
  readonly blocked: ReadonlySignal<boolean>;
  private readonly blockedNow = signal(false);
  private readonly elements = new Map<string, HTMLAudioElement>();
  private readonly spares: HTMLAudioElement[] = [];
  private readonly stopWatching: (() => void)[];
  private speaker: string | null = null;

  constructor(
    tracks: ReadonlySignal<ReadonlyMap<string, RemoteTrack>>,
    speakerId: ReadonlySignal<string | null>,
  ) {
    this.blocked = this.blockedNow;
    for (const gesture of GESTURES) document.addEventListener(gesture, this.prime);
    this.prime();
    this.stopWatching = [
      effect(() => {
        this.speaker = speakerId.value;
        for (const element of this.elements.values()) void this.route(element);
      }),
      effect(() => this.follow(tracks.value)),
    ];
  }

  /** To be called from a click. */
  async unblock(): Promise<void> {
    this.blockedNow.value = false;
    await Promise.all([...this.elements.values()].map((element) => this.play(element)));
  }

  close(): void {
    for (const gesture of GESTURES) document.removeEventListener(gesture, this.prime);
    for (const stop of this.stopWatching) stop();
    this.follow(new Map());
    this.spares.length = 0;
  }

  private readonly prime = (): void => {
    if (!navigator.userActivation?.isActive) return;
    while (this.spares.length < SPARES) {
      const element = new Audio();
      element.play().catch(() => {}); // nothing to play: what counts is that it was allowed
      this.spares.push(element);
    }
    if (this.blockedNow.peek()) void this.unblock();
  };

  private follow(tracks: ReadonlyMap<string, RemoteTrack>): void {
    for (const [id, element] of this.elements) {
      if (tracks.get(id)?.track.id === trackOf(element)?.id) continue;
      element.srcObject = null;
      this.elements.delete(id);
      this.spares.push(element);
    }
    for (const [id, { track }] of tracks) {
      if (track.kind !== "audio" || this.elements.has(id)) continue;
      const element = this.spares.pop() ?? new Audio();
      element.srcObject = new MediaStream([track]);
      this.elements.set(id, element);
      void this.route(element);
      void this.play(element);
    }
  }

  private async play(element: HTMLAudioElement): Promise<void> {
    try {
      await element.play();
    } catch (error) {
      if (error instanceof DOMException && error.name === "NotAllowedError") this.blockedNow.value = true;
    }
  }

  private async route(element: HTMLAudioElement): Promise<void> {
    if (!("setSinkId" in element)) return;
    try {
      await element.setSinkId(this.speaker ?? "");
    } catch {
      // The speaker was unplugged: the browser goes on with the default one.
    }
  }
}

function trackOf(element: HTMLAudioElement): MediaStreamTrack | undefined {
  return element.srcObject instanceof MediaStream ? element.srcObject.getAudioTracks()[0] : undefined;
}
