import { describe, expect, it } from "vitest";
import { type Owner, StatisticsReader } from "./statistics";

const OWNERS = new Map<string, Owner>([
  ["t1", { producerId: "p1", participantId: "ann", source: "camera" }],
  ["mine", { producerId: "", participantId: "", source: "screen" }],
]);
const nameOf = (id: string) => `Name of ${id}`;

function report(...rows: { id: string; type: string; [field: string]: unknown }[]): Map<string, unknown> {
  return new Map(rows.map((row) => [row.id, row]));
}

const PAIR = { id: "P", type: "candidate-pair", localCandidateId: "L", remoteCandidateId: "R" };
const LOCAL = { id: "L", type: "local-candidate", candidateType: "host", protocol: "udp" };
const REMOTE = {
  id: "R",
  type: "remote-candidate",
  candidateType: "host",
  address: "192.0.2.1",
  port: 40_000,
};

function inbound(fields: object): { id: string; type: string } {
  return {
    id: "I",
    type: "inbound-rtp",
    ...{ kind: "video", trackIdentifier: "t1", codecId: "C" },
    ...fields,
  };
}

function read(...reports: Map<string, unknown>[]) {
  const reader = new StatisticsReader();
  const results = reports.map((one, second) => reader.read([one], 1000 * second, OWNERS, nameOf));
  return results.at(-1) ?? { roundTrip: null, paths: [], streams: [] };
}

describe("streams", () => {
  it("have rates over the time between two readings", () => {
    const codec = { id: "C", type: "codec", mimeType: "video/VP8" };
    const first = inbound({ bytesReceived: 1000, packetsReceived: 10, packetsLost: 0, framesPerSecond: 30 });
    const second = inbound({
      bytesReceived: 126_000,
      packetsReceived: 100,
      packetsLost: 10,
      framesPerSecond: 30,
      totalFreezesDuration: 0.25,
      freezeCount: 2,
    });
    expect(read(report(first)).streams[0]).toMatchObject({ bitrate: 0, loss: 0, over: 0 });
    expect(read(report(first), report(second, codec)).streams).toEqual([
      {
        key: "0 I",
        direction: "receive",
        kind: "video",
        participantId: "ann",
        name: "Name of ann",
        producerId: "p1",
        source: "camera",
        rid: "",
        active: true,
        codec: "VP8",
        bitrate: 1_000_000,
        loss: 0.1,
        jitter: null,
        roundTrip: null,
        framesPerSecond: 30,
        width: null,
        height: null,
        freezes: 2,
        frozen: 0.25,
        freezing: 0.25,
        concealed: 0,
        limitedBy: null,
        over: 1000,
      },
    ]);
  });

  it("count made-up sound, but not the silence between words", () => {
    const before = inbound({ kind: "audio", totalSamplesReceived: 0 });
    const now = inbound({
      kind: "audio",
      totalSamplesReceived: 48_000,
      concealedSamples: 14_400,
      silentConcealedSamples: 9_600,
    });
    expect(read(report(before), report(now)).streams[0]?.concealed).toBeCloseTo(0.1);
  });

  it("of yours are known by what they are made from", () => {
    const sent = { id: "O", type: "outbound-rtp", kind: "video", mediaSourceId: "S" };
    const source = { id: "S", type: "media-source", trackIdentifier: "mine" };
    expect(read(report(sent, source)).streams[0]).toMatchObject({
      source: "screen",
      participantId: "",
      name: "",
    });
  });

  it("of yours have the losses that the other end reports", () => {
    const sent = { id: "O", type: "outbound-rtp", kind: "video", rid: "r1", active: false, remoteId: "X" };
    const told = { id: "X", type: "remote-inbound-rtp", fractionLost: 0.2, roundTripTime: 0.3, jitter: 0.01 };
    expect(read(report(sent)).streams[0]).toMatchObject({ direction: "send", loss: null, name: "" });
    expect(read(report({ ...sent, qualityLimitationReason: "bandwidth" }, told)).streams[0]).toMatchObject({
      rid: "r1",
      active: false,
      loss: 0.2,
      roundTrip: 0.3,
      jitter: 0.01,
      limitedBy: "bandwidth",
    });
  });
});

describe("paths", () => {
  it.each([
    ["Chrome", { id: "T", type: "transport", selectedCandidatePairId: "P" }, {}],
    ["Firefox", { id: "T", type: "transport" }, { selected: true }],
    ["another browser", { id: "T", type: "transport" }, { nominated: true, state: "succeeded" }],
  ])("are told by %s", (_, transport, marks) => {
    const pair = { ...PAIR, ...marks, currentRoundTripTime: 0.02, availableOutgoingBitrate: 1e6 };
    const { paths, roundTrip } = read(report(transport, pair, LOCAL, REMOTE));
    expect(roundTrip).toBe(0.02);
    expect(paths).toEqual([
      {
        key: "0",
        direction: "receive",
        transport: "udp",
        local: "host",
        remote: "192.0.2.1:40000 (host)",
        roundTrip: 0.02,
        outgoing: 1e6,
      },
    ]);
  });

  it.each([
    [{ candidateType: "host", protocol: "tcp" }, "tcp"],
    [{ candidateType: "relay", protocol: "udp", relayProtocol: "tls" }, "relay tls"],
    [{ candidateType: "relay", protocol: "udp" }, "relay udp"],
  ])("through %o are called %s", (local, transport) => {
    const rows = report({ ...PAIR, nominated: true }, { ...LOCAL, ...local }, REMOTE);
    expect(read(rows).paths[0]?.transport).toBe(transport);
  });

  it("that carry nothing yet are left out", () => {
    expect(read(report({ ...PAIR, nominated: false })).paths).toEqual([]);
  });
});
