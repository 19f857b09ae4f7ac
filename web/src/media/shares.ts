/** The screens that you share: several at once, each with its sound if it has one. */

import { type ReadonlySignal, signal } from "@preact/signals-core";
import { captureScreen } from "./capture";
import type { ScreenContent } from "./encodings";
import type { MediaLink } from "./link";
import { Publication, type PublicationOptions } from "./publication";

export interface Share {
  id: string;
  label: string;
  track: MediaStreamTrack;
  /** null: without sound. */
  audio: MediaStreamTrack | null;
}

interface Sent {
  share: Share;
  video: Publication;
  sound: Publication | null;
}

export type SharesOptions = Omit<PublicationOptions, "source">;

export class Shares {
  readonly list: ReadonlySignal<readonly Share[]>;
  private readonly listNow = signal<readonly Share[]>([]);
  private readonly sent = new Map<string, Sent>();
  private readonly options: SharesOptions;
  private link: MediaLink | null = null;
  private count = 0;
  private closed = false;

  constructor(options: SharesOptions) {
    this.options = options;
    this.list = this.listNow;
  }

  /** Rejects with the browser's error, also when the person cancels the chooser. */
  async start(content: ScreenContent): Promise<void> {
    const { video, audio } = await captureScreen(content);
    if (this.closed) {
      stopTracks(video, audio);
      return;
    }
    this.count += 1;
    const id = `share-${this.count}`;
    const share = { id, label: video.label, track: video, audio };
    video.addEventListener("ended", () => this.stop(id)); // stopped in the browser's own bar
    this.sent.set(id, {
      share,
      video: this.publish(id, "screen", video),
      sound: audio && this.publish(id, "screen-audio", audio),
    });
    this.tell();
  }

  stop(id: string): void {
    const sent = this.sent.get(id);
    if (sent === undefined) return;
    this.sent.delete(id);
    stopTracks(sent.share.track, sent.share.audio);
    sent.video.end();
    sent.sound?.end();
    this.tell();
  }

  stopAll(): void {
    for (const id of [...this.sent.keys()]) this.stop(id);
  }

  /** The publications of all shares, each with the share it belongs to. */
  *publications(): Iterable<{ shareId: string; publication: Publication }> {
    for (const [shareId, { video, sound }] of this.sent) {
      yield { shareId, publication: video };
      if (sound !== null) yield { shareId, publication: sound };
    }
  }

  attach(link: MediaLink | null): void {
    this.link = link;
    for (const { publication } of this.publications()) publication.attach(link);
  }

  close(): void {
    this.closed = true;
    this.stopAll();
  }

  private publish(id: string, source: "screen" | "screen-audio", track: MediaStreamTrack): Publication {
    const publication = new Publication({
      ...this.options,
      source,
      onRefused: (problem) => {
        if (!this.sent.has(id)) return;
        this.stop(id);
        this.options.onRefused(problem);
      },
    });
    publication.attach(this.link);
    publication.want(track, false);
    return publication;
  }

  private tell(): void {
    this.listNow.value = [...this.sent.values()].map(({ share }) => share);
  }
}

function stopTracks(...tracks: (MediaStreamTrack | null)[]): void {
  for (const track of tracks) track?.stop();
}
