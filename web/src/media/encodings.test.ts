import type { types as mediasoup } from "mediasoup-client";
import { describe, expect, it } from "vitest";
import { encodingOf, layersAsked, withoutLayers } from "./encodings";

function capable(...names: string[]): mediasoup.RtpCapabilities {
  const codecs = names.map((name) => ({
    kind: "video" as const,
    mimeType: `video/${name}`,
    clockRate: 90_000,
  }));
  return { codecs: codecs as mediasoup.RtpCodecCapability[] };
}

const ALL = capable("AV1", "VP9", "H264", "VP8");

describe("the codec", () => {
  it.each([
    ["VP8 where it can be sent", ALL, "video/VP8"],
    ["VP8 however it is spelt", capable("H264", "vp8"), "video/vp8"],
    ["H264 where VP8 cannot", capable("VP9", "H264"), "video/H264"],
    ["VP9 before AV1", capable("AV1", "VP9"), "video/VP9"],
    ["the browser's own choice among strangers", capable("H265"), undefined],
  ])("is %s", (_, capabilities, expected) => {
    expect(encodingOf("camera", capabilities).codec?.mimeType).toBe(expected);
  });
});

describe("a camera", () => {
  it.each([
    ["VP8", "L1T3"],
    ["H264", "L1T1"],
  ])("goes out as three streams in %s", (name, mode) => {
    const encoded = encodingOf("camera", capable(name));
    expect(
      encoded.encodings?.map((one) => [one.rid, one.scaleResolutionDownBy, one.scalabilityMode]),
    ).toEqual([
      ["r0", 4, mode],
      ["r1", 2, mode],
      ["r2", 1, mode],
    ]);
    expect(layersAsked(encoded)).toBeNull();
  });

  it("goes out as one stream of layers in VP9, or plain where the browser cannot make them", () => {
    const encoded = encodingOf("camera", capable("VP9"));
    expect(encoded.encodings).toEqual([{ maxBitrate: 2_350_000, scalabilityMode: "L3T3_KEY" }]);
    expect(layersAsked(encoded)).toBe("L3T3_KEY");
    expect(withoutLayers(encoded).encodings).toEqual([{ maxBitrate: 2_350_000 }]);
  });
});

describe("a screen", () => {
  it("keeps its size and gives up frames, unless it is a film", () => {
    const rates = (hint?: string) =>
      encodingOf("screen", ALL, hint).encodings?.map((one) => one.maxFramerate);
    expect(rates("detail")).toEqual([5, 15]);
    expect(rates("")).toEqual([5, 15]);
    expect(rates("motion")).toEqual([15, 30]);
    const sizes = encodingOf("screen", ALL, "detail").encodings?.map((one) => one.scaleResolutionDownBy);
    expect(sizes).toEqual([2, 1]);
  });
});

describe("sound", () => {
  it("is speech from a microphone, and music from a screen", () => {
    expect(encodingOf("microphone", ALL).codecOptions).toMatchObject({ opusDtx: true, opusStereo: false });
    expect(encodingOf("screen-audio", ALL).codecOptions).toMatchObject({ opusDtx: false, opusStereo: true });
  });
});
