import { describe, expect, it } from "vitest";
import type { ConsumerMedia, PersonMedia, RoomMedia, TransportMedia } from "../../protocol/roomMedia";
import {
  layerInWords,
  lossInWords,
  needsAttention,
  pathState,
  rateInWords,
  ratesBetween,
  streamKey,
} from "./report";

const transport: TransportMedia = {
  direction: "recv",
  ice: "connected",
  dtls: "connected",
  address: null,
  srtpProfile: "AEAD_AES_128_GCM",
  packetsIn: 0,
  packetsOut: 0,
  bytesIn: 0,
  estimate: null,
  loss: null,
};

const consumer: ConsumerMedia = {
  id: "c",
  source: "camera",
  sender: "bob",
  layer: 1,
  layers: 3,
  packets: 100,
  bytes: 1000,
  resent: 0,
  lost: 0,
  rtt: 0.02,
  idle: null,
};

const producer = {
  id: "p",
  source: "camera" as const,
  mimeType: "video/VP8",
  paused: false,
  consumers: 1,
  streams: [{ rid: "h", packets: 1, bytes: 5000, lost: 0, repaired: 0, jitter: 0 }],
};

const person: PersonMedia = {
  participantId: "ann",
  name: "Ann",
  connected: true,
  transports: [transport],
  producers: [],
  consumers: [],
};

function report(at: string, bytes: number, consumed: number): RoomMedia {
  const streams = producer.streams.map((stream) => ({ ...stream, bytes }));
  return {
    at,
    phase: "live",
    media: "ok",
    worker: "0.0",
    people: [
      { ...person, producers: [{ ...producer, streams }], consumers: [{ ...consumer, bytes: consumed }] },
    ],
  };
}

describe("rates", () => {
  const first = report("2026-05-04T10:00:00Z", 5000, 1000);

  it("are the difference of two reports over the time between them", () => {
    const rates = ratesBetween(first, report("2026-05-04T10:00:02Z", 30000, 1000));
    expect(rates.get(streamKey(producer, 0))).toBe(100_000);
    expect(rates.get("c")).toBe(0);
  });

  it("are unknown for the first report, for what is new, and after a new beginning", () => {
    expect(ratesBetween(null, first).size).toBe(0);
    expect(ratesBetween(first, first).size).toBe(0);
    expect(ratesBetween({ ...first, people: [] }, report("2026-05-04T10:00:02Z", 1, 1)).size).toBe(0);
    expect(ratesBetween(first, report("2026-05-04T10:00:02Z", 10, 1000)).has(streamKey(producer, 0))).toBe(
      false,
    );
  });

  it.each([
    [undefined, "–"],
    [0, "0"],
    [64_300, "64 kbit/s"],
    [999_600, "1.0 Mbit/s"],
    [2_340_000, "2.3 Mbit/s"],
  ])("%s is %s", (bits, words) => {
    expect(rateInWords(bits)).toBe(words);
  });
});

it.each([
  [0, 100, "none"],
  [12, 1000, "12 (1.2 %)"],
  [50, 50, "50 (50 %)"],
  [3, 0, "3 (100 %)"],
])("%d lost beside %d received is %s", (lost, received, words) => {
  expect(lossInWords(lost, received)).toBe(words);
});

it.each([
  [{}, "Connected"],
  [{ ice: "new", dtls: "new" }, "Connecting"],
  [{ dtls: "connecting" }, "Connecting"],
  [{ ice: "disconnected" }, "Silent"],
  [{ dtls: "failed" }, "Encryption failed"],
  [{ dtls: "closed" }, "Closed"],
] as [Partial<TransportMedia>, string][])("a path that is %o is %s", (change, words) => {
  expect(pathState({ ...transport, ...change }).words).toBe(words);
});

describe("attention", () => {
  it.each([
    ["bandwidth", true],
    ["path", true],
    ["hidden", false],
    ["publisher", false],
    [null, false],
  ] as [ConsumerMedia["idle"], boolean][])("what is idle for %s asks for it: %s", (idle, expected) => {
    expect(needsAttention({ ...person, consumers: [{ ...consumer, idle }] })).toBe(expected);
  });

  it("is asked for by a silent path", () => {
    expect(needsAttention({ ...person, transports: [{ ...transport, ice: "disconnected" }] })).toBe(true);
  });
});

it("a layer is counted from one", () => {
  expect(layerInWords(consumer)).toBe("2 of 3");
  expect(layerInWords({ ...consumer, layer: 0, layers: 1 })).toBe("only one");
});
