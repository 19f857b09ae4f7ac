import { describe, expect, it } from "vitest";
import { StatisticsReader } from "./statistics";
import type { RemoteTrack } from "./subscriptions";

const TRACKS = new Map([["p1", { participantId: "ann", track: { id: "t1" } } as RemoteTrack]]);
const nameOf = (id: string) => `Name of ${id}`;

function report(bytes: number, received: number, lost: number): Map<string, unknown> {
  return new Map<string, unknown>([
    ["P", { id: "P", type: "candidate-pair", nominated: true, currentRoundTripTime: 0.02 }],
    [
      "I",
      {
        id: "I",
        type: "inbound-rtp",
        kind: "video",
        trackIdentifier: "t1",
        bytesReceived: bytes,
        packetsReceived: received,
        packetsLost: lost,
        framesPerSecond: 30,
      },
    ],
    ["C", { id: "C", type: "codec" }],
  ]);
}

describe("StatisticsReader", () => {
  it("gives rates over the time between two readings", () => {
    const reader = new StatisticsReader();
    expect(reader.read([report(1000, 10, 0)], 0, TRACKS, nameOf).streams[0]).toMatchObject({
      bitrate: 0,
      loss: 0,
    });
    const { roundTrip, streams } = reader.read([report(126_000, 100, 10)], 1000, TRACKS, nameOf);
    expect(roundTrip).toBe(0.02);
    expect(streams).toEqual([
      {
        direction: "receive",
        kind: "video",
        name: "Name of ann",
        bitrate: 1_000_000,
        loss: 0.1,
        framesPerSecond: 30,
        width: null,
        height: null,
      },
    ]);
  });

  it("knows no loss of what is sent", () => {
    const sent = new Map([["O", { id: "O", type: "outbound-rtp", kind: "audio", bytesSent: 5 }]]);
    expect(new StatisticsReader().read([sent], 0, TRACKS, nameOf).streams[0]).toMatchObject({
      direction: "send",
      loss: null,
      name: "",
    });
  });
});
