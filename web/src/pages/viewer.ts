/** Who is looking: read once from the server, changed by signing in and out and by the account page. */

import { signal } from "@preact/signals";
import { ApiError, api, type Me, sentenceOf } from "../protocol/api";
import { type Reader, thisReader } from "../ui";

export type Viewer =
  | { state: "loading" }
  | { state: "out" }
  | { state: "in"; me: Me }
  | { state: "failed"; message: string };

export const viewer = signal<Viewer>({ state: "loading" });

export async function loadViewer(): Promise<void> {
  try {
    viewer.value = { state: "in", me: await api.me() };
  } catch (error) {
    viewer.value = isSignedOut(error) ? { state: "out" } : { state: "failed", message: sentenceOf(error) };
  }
}

export function signedIn(me: Me): void {
  viewer.value = { state: "in", me };
}

export async function signOut(): Promise<void> {
  await api.signOut();
  viewer.value = { state: "out" };
}

/** For whatever a request threw: true when the server no longer knows who is asking. */
export function isSignedOut(error: unknown): boolean {
  return error instanceof ApiError && error.status === 401;
}

/** How to write times for them: in the zone they chose, or that of this device. */
export function reader(): Reader {
  const now = viewer.value;
  const device = thisReader();
  const chosen = now.state === "in" ? now.me.timezone : null;
  return chosen ? { ...device, timeZone: chosen } : device;
}
