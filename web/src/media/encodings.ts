/** How each source is captured and encoded: the one place to look for sizes, rates and codecs. */

import type { types as mediasoup } from "mediasoup-client";
import type { Source } from "../protocol/messages.gen";

export type ScreenContent = "detail" | "motion";

export const MICROPHONE: MediaTrackConstraints = {
  echoCancellation: true,
  noiseSuppression: true,
  autoGainControl: true,
  channelCount: 1,
};

export const CAMERA: MediaTrackConstraints = {
  width: { ideal: 1280 },
  height: { ideal: 720 },
  frameRate: { ideal: 30, max: 30 },
};

/** Three sizes of one picture, the smallest first: each receiver gets the one that its page has room for. */
const CAMERA_SIZES: mediasoup.RtpEncodingParameters[] = [
  { rid: "r0", scaleResolutionDownBy: 4, maxBitrate: 150_000, scalabilityMode: "L1T3" },
  { rid: "r1", scaleResolutionDownBy: 2, maxBitrate: 500_000, scalabilityMode: "L1T3" },
  { rid: "r2", scaleResolutionDownBy: 1, maxBitrate: 1_700_000, scalabilityMode: "L1T3" },
];

export const SCREEN: DisplayMediaStreamOptions = {
  video: { frameRate: { ideal: 30, max: 30 } },
  audio: { echoCancellation: false, noiseSuppression: false, autoGainControl: false },
};

/** What `transport.produce()` needs to know about a source beyond its track. */
export function encodingOf(
  source: Source,
  capabilities: mediasoup.RtpCapabilities,
): Pick<mediasoup.ProducerOptions, "codec" | "codecOptions" | "encodings"> {
  switch (source) {
    case "microphone":
      return {
        codecOptions: { opusStereo: false, opusDtx: true, opusFec: true, opusMaxAverageBitrate: 32_000 },
      };
    case "screen-audio": // music and films: no DTX, which would cut quiet passages
      return {
        codecOptions: { opusStereo: true, opusDtx: false, opusFec: true, opusMaxAverageBitrate: 128_000 },
      };
    case "camera":
      return { ...video(capabilities, 900), encodings: CAMERA_SIZES };
    case "screen":
      return { ...video(capabilities, 1_500), encodings: [{ maxBitrate: 2_500_000 }] };
  }
}

/** VP8 first: every browser decodes it. Without a start bit rate Chrome begins at 300 kbit/s, a blur for seconds. */
function video(
  capabilities: mediasoup.RtpCapabilities,
  startKbps: number,
): Pick<mediasoup.ProducerOptions, "codec" | "codecOptions"> {
  const codec = capabilities.codecs?.find((one) => one.mimeType.toLowerCase() === "video/vp8");
  const codecOptions = { videoGoogleStartBitrate: startKbps };
  return codec === undefined ? { codecOptions } : { codec, codecOptions };
}
