/** Which devices a person chose and what they had switched on, remembered in this browser for the next time. */

export interface Choices {
  microphone: string | null;
  camera: string | null;
  speaker: string | null;
  microphoneOn: boolean;
  cameraOn: boolean;
}

export const NO_CHOICES: Choices = {
  microphone: null,
  camera: null,
  speaker: null,
  microphoneOn: true,
  cameraOn: true,
};

const KEY = "convene.devices";

/** Where choices are kept; null where the browser forbids storage, which only means that nothing is remembered. */
export type Shelf = Pick<Storage, "getItem" | "setItem"> | null;

export function browserShelf(): Shelf {
  try {
    return globalThis.localStorage ?? null;
  } catch {
    return null;
  }
}

/** Anything that is not what we once wrote counts as never chosen. */
export function readChoices(shelf: Shelf): Choices {
  let kept: unknown = null;
  try {
    kept = JSON.parse(shelf?.getItem(KEY) ?? "null");
  } catch {
    return NO_CHOICES;
  }
  if (typeof kept !== "object" || kept === null) return NO_CHOICES;
  const { microphone, camera, speaker, microphoneOn, cameraOn } = kept as Record<string, unknown>;
  return {
    microphone: typeof microphone === "string" ? microphone : null,
    camera: typeof camera === "string" ? camera : null,
    speaker: typeof speaker === "string" ? speaker : null,
    microphoneOn: microphoneOn !== false,
    cameraOn: cameraOn !== false,
  };
}

export function writeChoices(shelf: Shelf, choices: Choices): void {
  try {
    shelf?.setItem(KEY, JSON.stringify(choices));
  } catch {
    // A full or forbidden store forgets; the choice still holds for this visit.
  }
}
