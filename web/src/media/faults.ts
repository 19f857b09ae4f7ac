/** What the browser throws when a device cannot be opened, as a short name to decide by and a sentence to show. */

export type DeviceFault = "denied" | "missing" | "busy" | "insecure" | "unknown";

export type DeviceWord = "microphone" | "camera" | "screen";

/** Names as in Media Capture and Streams, section 10.2. On an insecure page that explains everything else. */
export function faultOf(error: unknown, secure: boolean): DeviceFault {
  if (!secure) return "insecure";
  switch (error instanceof Error || error instanceof DOMException ? error.name : "") {
    case "NotAllowedError":
    case "SecurityError":
      return "denied";
    case "NotFoundError":
    case "OverconstrainedError":
      return "missing";
    case "NotReadableError":
    case "AbortError":
      return "busy";
    default:
      return "unknown";
  }
}

export function sentenceFor(device: DeviceWord, fault: DeviceFault): string {
  switch (fault) {
    case "denied":
      return `Your browser does not let this page use your ${device}. Allow it beside the address, then try again.`;
    case "missing":
      return `No ${device} found. Plug one in, then try again.`;
    case "busy":
      return `Your ${device} is in use by another program. Close that, then try again.`;
    case "insecure":
      return `Browsers give the ${device} only to pages on https. Open this page with https, then try again.`;
    case "unknown":
      return `Your ${device} could not be started. Try again, or choose another one.`;
  }
}
