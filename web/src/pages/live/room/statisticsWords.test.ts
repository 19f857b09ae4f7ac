import { describe, expect, it } from "vitest";
import type { MediaStatistics, StreamStatistics } from "../../../media/statistics";
import { bitrate, sectionsOf, textOf } from "./statisticsWords";

const STREAM: StreamStatistics = {
  key: "0 I",
  direction: "receive",
  kind: "video",
  participantId: "ann",
  name: "Ann",
  producerId: "p",
  source: "camera",
  rid: "",
  active: true,
  codec: "VP8",
  bitrate: 1_234_000,
  loss: 0.031,
  jitter: 0.012,
  roundTrip: null,
  framesPerSecond: 29.7,
  width: 640,
  height: 360,
  freezes: 2,
  frozen: 1.25,
  freezing: 0,
  concealed: 0,
  limitedBy: null,
  over: 2000,
  layer: 1,
};

const SENT: StreamStatistics = { ...STREAM, direction: "send", name: "", participantId: "", rid: "r2" };

function statistics(...streams: StreamStatistics[]): MediaStatistics {
  const ends = { local: "host", remote: "192.0.2.1:1 (host)" };
  const path = {
    key: "0",
    direction: "send",
    transport: "udp",
    ...ends,
    roundTrip: 0.02,
    outgoing: 2e6,
  } as const;
  return { roundTrip: 0.02, paths: [path], streams };
}

describe("sections", () => {
  it("say what is received, leaving out what is not known", () => {
    const [, received] = sectionsOf(statistics(STREAM));
    expect(received).toEqual({
      title: "You receive",
      entries: [
        {
          key: "0 I",
          title: "Ann's camera",
          facts: [
            ["Codec", "VP8"],
            ["Size", "640 × 360"],
            ["Frames", "30/s"],
            ["Rate", "1.2 Mbit/s"],
            ["Loss", "3.1 %"],
            ["Jitter", "12 ms"],
            ["Layer", "medium"],
            ["Freezes", "2, 1.3 s in all"],
          ],
        },
      ],
    });
  });

  it.each([
    [{ source: "screen", rid: "r0" }, "Your screen, small"],
    [{ source: "microphone", kind: "audio", rid: "" }, "Your microphone"],
    [{ source: null }, "Your video, large"],
    [{ direction: "receive", rid: "" }, "Somebody's camera"],
  ] as const)("call %o %s", (fields, title) => {
    expect(sectionsOf(statistics({ ...SENT, ...fields })).at(-1)?.entries[0]?.title).toBe(title);
  });

  it("say of a size that nobody watches that it is not sent, and why more is not", () => {
    const idle = sectionsOf(statistics({ ...SENT, active: false })).at(-1);
    expect(idle?.entries[0]?.facts).toEqual([["State", "not watched, so not sent"]]);
    const limited = sectionsOf(statistics({ ...SENT, limitedBy: "cpu" })).at(-1);
    expect(limited?.entries[0]?.facts).toContainEqual(["Limited by", "this computer"]);
  });

  it.each([
    ["udp", "UDP"],
    ["tcp", "TCP"],
    ["relay tls", "a relay (TLS)"],
  ])("name the way %s", (transport, words) => {
    const read = statistics();
    const paths = read.paths.map((path) => ({ ...path, transport }));
    expect(sectionsOf({ ...read, paths })[0]?.entries[0]?.facts[0]).toEqual(["Over", words]);
  });
});

it("text has a line for each", () => {
  const audio = { ...STREAM, kind: "audio", source: "microphone", codec: "opus", concealed: 0.2 } as const;
  expect(
    textOf(statistics(audio), new Date(0), "Browser/1"),
  ).toBe(`Connection statistics, 1970-01-01T00:00:00.000Z
Browser/1

Connection
- To the server: Over UDP, Round trip 20 ms, Room to send 2.0 Mbit/s, Here host, Server 192.0.2.1:1 (host)

You receive
- Ann's microphone: Codec opus, Rate 1.2 Mbit/s, Loss 3.1 %, Jitter 12 ms, Layer medium, Made up 20 %
`);
});

it("rates have the unit that suits them", () => {
  expect([0, 64_400, 999_600, 2_500_000].map(bitrate)).toEqual([
    "0 kbit/s",
    "64 kbit/s",
    "1000 kbit/s",
    "2.5 Mbit/s",
  ]);
});
