/** Opening devices and screens. What is asked for at the same moment is asked with one prompt. */

import { CAMERA, MICROPHONE, SCREEN, type ScreenContent } from "./encodings";

export type InputKind = "microphone" | "camera";

export interface Wish {
  kind: InputKind;
  deviceId: string | null;
  /** That device or none; otherwise it is a preference. */
  exact: boolean;
}

/** Resolves with an open track, or rejects with what the browser threw. */
export type Acquire = (wish: Wish) => Promise<MediaStreamTrack>;

/** Whether the browser gives devices to this page at all (https or localhost). */
export function isSecure(): boolean {
  return globalThis.isSecureContext && navigator.mediaDevices !== undefined;
}

export function constraintsFor(wish: Wish): MediaTrackConstraints {
  const base = wish.kind === "microphone" ? MICROPHONE : CAMERA;
  if (wish.deviceId === null) return base;
  return { ...base, deviceId: wish.exact ? { exact: wish.deviceId } : { ideal: wish.deviceId } };
}

interface Waiting {
  wish: Wish;
  resolve(track: MediaStreamTrack): void;
  reject(error: unknown): void;
}

/** An `Acquire` that joins a microphone and a camera wished for in the same turn into one getUserMedia. */
export function acquirer(): Acquire {
  let waiting: Waiting[] = [];

  async function flush(): Promise<void> {
    const batch = waiting;
    waiting = [];
    const [first, second] = batch;
    if (
      batch.length === 2 &&
      first !== undefined &&
      second !== undefined &&
      first.wish.kind !== second.wish.kind
    ) {
      if (await together(first, second)) return;
    }
    await Promise.all(batch.map(alone)); // one of two is missing or denied: each for itself
  }

  return (wish) =>
    new Promise((resolve, reject) => {
      waiting.push({ wish, resolve, reject });
      if (waiting.length === 1) queueMicrotask(() => void flush());
    });
}

async function together(first: Waiting, second: Waiting): Promise<boolean> {
  const [audio, video] = first.wish.kind === "microphone" ? [first, second] : [second, first];
  try {
    const stream = await navigator.mediaDevices.getUserMedia({
      audio: constraintsFor(audio.wish),
      video: constraintsFor(video.wish),
    });
    const [microphone] = stream.getAudioTracks();
    const [camera] = stream.getVideoTracks();
    if (microphone === undefined || camera === undefined) return false;
    audio.resolve(microphone);
    video.resolve(camera);
    return true;
  } catch {
    return false;
  }
}

async function alone({ wish, resolve, reject }: Waiting): Promise<void> {
  const constraints = constraintsFor(wish);
  try {
    const stream = await navigator.mediaDevices.getUserMedia(
      wish.kind === "microphone" ? { audio: constraints } : { video: constraints },
    );
    const [track] = stream.getTracks();
    if (track === undefined) reject(new Error("a stream without a track"));
    else resolve(track);
  } catch (error) {
    reject(error);
  }
}

export interface CapturedScreen {
  video: MediaStreamTrack;
  /** System or tab sound, where the person and the browser give it. */
  audio: MediaStreamTrack | null;
}

/** Rejects with the browser's error; cancelling the chooser is a NotAllowedError. */
export async function captureScreen(content: ScreenContent): Promise<CapturedScreen> {
  const stream = await navigator.mediaDevices.getDisplayMedia(SCREEN[content]);
  const [video] = stream.getVideoTracks();
  if (video === undefined) throw new Error("a screen without a picture");
  video.contentHint = content;
  return { video, audio: stream.getAudioTracks()[0] ?? null };
}
