/** What can be wrong with a camera or a microphone, in words that say what to do next. */

import type { DeviceFault } from "../../../media/faults";

export type DeviceKind = "camera" | "microphone" | "camera and microphone";

export interface Advice {
  title: string;
  steps: string;
}

export function adviceFor(kind: DeviceKind, fault: DeviceFault, userAgent: string): Advice {
  switch (fault) {
    case "denied":
      return {
        title: `Your browser does not let this page use your ${kind}.`,
        steps: howToAllow(kind, userAgent),
      };
    case "missing":
      return {
        title: `No ${kind.replace("and", "or")} found.`,
        steps: "Plug one in, then try again. You can also join without, and see and hear the others.",
      };
    case "busy":
      return {
        title: `In use elsewhere: your ${kind}.`,
        steps: `Close the other program or page that uses it, then try again. You can also join without.`,
      };
    case "insecure":
      return {
        title: "This page is not on a secure address.",
        steps: `Browsers give the ${kind} only to pages on https. Open the same address with https, or join to see and hear only.`,
      };
    case "unknown":
      return { title: `Your ${kind} did not start.`, steps: "Try again, or choose another one." };
  }
}

/** Where the permission hides in this browser. */
export function howToAllow(kind: DeviceKind, userAgent: string): string {
  const again = "then try again.";
  if (/iPhone|iPad/u.test(userAgent)) {
    return `Open Settings, choose your browser, allow ${kind}, ${again}`;
  }
  if (/Android/u.test(userAgent)) {
    return `Tap the symbol to the left of the address, choose Permissions, allow ${kind}, ${again}`;
  }
  if (/Firefox\//u.test(userAgent)) {
    return `Click the crossed-out ${kind} to the left of the address, remove the block, ${again}`;
  }
  if (/Safari\//u.test(userAgent) && !/Chrome\/|Chromium\//u.test(userAgent)) {
    return `In the menu bar choose Safari, Settings for this website, set ${kind} to Allow, ${again}`;
  }
  return `Click the symbol to the left of the address, switch ${kind} on, ${again}`;
}
