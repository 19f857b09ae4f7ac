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

/** A screen of text moves little and must be sharp; a film is the other way round. */
export const SCREEN: Record<ScreenContent, DisplayMediaStreamOptions> = {
  detail: screen(15),
  motion: screen(30),
};

function screen(frameRate: number): DisplayMediaStreamOptions {
  return {
    video: { frameRate: { ideal: frameRate, max: frameRate } },
    audio: { echoCancellation: false, noiseSuppression: false, autoGainControl: false },
  };
}

type Encoding = mediasoup.RtpEncodingParameters;

/** Three sizes of one picture, the smallest first: each receiver gets the one that its page has room for. */
const CAMERA_SIZES: readonly Encoding[] = [
  { scaleResolutionDownBy: 4, maxBitrate: 150_000 },
  { scaleResolutionDownBy: 2, maxBitrate: 500_000 },
  { scaleResolutionDownBy: 1, maxBitrate: 1_700_000 },
];

/** The small one is for thumbnails and narrow paths. Its few frames cost little beside the large one. */
const SCREEN_SIZES: Record<ScreenContent, readonly Encoding[]> = {
  detail: [
    { scaleResolutionDownBy: 2, maxBitrate: 300_000, maxFramerate: 5 },
    { scaleResolutionDownBy: 1, maxBitrate: 2_500_000, maxFramerate: 15 },
  ],
  motion: [
    { scaleResolutionDownBy: 2, maxBitrate: 600_000, maxFramerate: 15 },
    { scaleResolutionDownBy: 1, maxBitrate: 3_000_000, maxFramerate: 30 },
  ],
};

/** How a codec carries several sizes: as streams of their own, or as layers that build on each other in one stream. */
type Sizes = "simulcast" | "svc";

interface VideoCodec {
  mimeType: string;
  sizes: Sizes;
  /** Of each stream; frame rates can then be thinned out on the way without a key frame. */
  scalabilityMode: string;
}

/** The best first. VP8: every browser decodes it, and encodes three sizes of it at little cost; H264 where that is missing. */
const VIDEO_CODECS: readonly VideoCodec[] = [
  { mimeType: "video/VP8", sizes: "simulcast", scalabilityMode: "L1T3" },
  { mimeType: "video/H264", sizes: "simulcast", scalabilityMode: "L1T1" },
  { mimeType: "video/VP9", sizes: "svc", scalabilityMode: "L3T3_KEY" },
  { mimeType: "video/AV1", sizes: "svc", scalabilityMode: "L3T3_KEY" },
];

/** The part of `transport.produce()` that depends on what is sent. */
export type Encoded = Pick<mediasoup.ProducerOptions, "codec" | "codecOptions" | "encodings">;

/** What `transport.produce()` needs to know about a source beyond its track. `hint`: the track's content hint. */
export function encodingOf(source: Source, capabilities: mediasoup.RtpCapabilities, hint = ""): Encoded {
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
      return video(capabilities, CAMERA_SIZES, 900);
    case "screen":
      return video(capabilities, SCREEN_SIZES[hint === "motion" ? "motion" : "detail"], 1_500);
  }
}

/** Without a start bit rate Chrome begins at 300 kbit/s, a blur for seconds. */
function video(
  capabilities: mediasoup.RtpCapabilities,
  sizes: readonly Encoding[],
  startKbps: number,
): Encoded {
  const codecOptions = { videoGoogleStartBitrate: startKbps };
  for (const preferred of VIDEO_CODECS) {
    const codec = capabilities.codecs?.find(
      (one) => one.mimeType.toLowerCase() === preferred.mimeType.toLowerCase(),
    );
    if (codec !== undefined) return { codec, codecOptions, encodings: encodingsOf(preferred, sizes) };
  }
  return { codecOptions, encodings: [{ maxBitrate: bitrateOf(sizes) }] };
}

function encodingsOf({ sizes: how, scalabilityMode }: VideoCodec, sizes: readonly Encoding[]): Encoding[] {
  if (how === "simulcast") return sizes.map((size, at) => ({ ...size, rid: `r${at}`, scalabilityMode }));
  return [{ maxBitrate: bitrateOf(sizes), scalabilityMode }];
}

/** Of all sizes together: layers that build on each other share it. */
function bitrateOf(sizes: readonly Encoding[]): number {
  return sizes.reduce((sum, { maxBitrate = 0 }) => sum + maxBitrate, 0);
}

/** The same in one plain stream, for a browser that cannot make layers of this codec. */
export function withoutLayers(encoded: Encoded): Encoded {
  const encodings = encoded.encodings?.map(({ scalabilityMode: _, ...encoding }) => encoding);
  return encodings === undefined ? encoded : { ...encoded, encodings };
}

/** The layers in one stream that this asks for (SVC), or null: streams of their own are no matter of the browser's. */
export function layersAsked({ encodings = [] }: Encoded): string | null {
  return encodings.length === 1 ? (encodings[0]?.scalabilityMode ?? null) : null;
}
