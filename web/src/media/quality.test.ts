import { describe, expect, it } from "vitest";
import { GOOD_AFTER, judge, POOR_AFTER, QualityGate } from "./quality";
import type { StreamStatistics } from "./statistics";

function stream(fields: Partial<StreamStatistics>): StreamStatistics {
  return {
    key: "",
    direction: "receive",
    kind: "video",
    participantId: "",
    name: "",
    producerId: "",
    source: null,
    rid: "",
    active: true,
    codec: "VP8",
    bitrate: 500_000,
    loss: 0,
    jitter: 0,
    roundTrip: null,
    framesPerSecond: 30,
    width: 640,
    height: 360,
    freezes: 0,
    frozen: 0,
    freezing: 0,
    concealed: 0,
    limitedBy: null,
    over: 2000,
    ...fields,
  };
}

function of(streams: StreamStatistics[], roundTrip: number | null = 0.05) {
  const { own, others } = judge({ roundTrip, paths: [], streams });
  return { own, others: [...others] };
}

const sent = (fields: Partial<StreamStatistics>) => stream({ direction: "send", ...fields });
const from = (participantId: string, fields: Partial<StreamStatistics> = {}) =>
  stream({ participantId, ...fields });

describe("QualityGate", () => {
  it("says poor after a while, and good again after a longer one", () => {
    const gate = new QualityGate();
    expect(gate.update(true, 0)).toBe("good");
    expect(gate.update(true, POOR_AFTER - 1)).toBe("good");
    expect(gate.update(true, POOR_AFTER)).toBe("poor");
    expect(gate.update(false, 10_000)).toBe("poor");
    expect(gate.update(false, 10_000 + GOOD_AFTER)).toBe("good");
  });

  it("does not add up short troubles", () => {
    const gate = new QualityGate();
    for (let now = 0; now < 60_000; now += 1_000) {
      expect(gate.update(now % 3_000 < 2_000, now)).toBe("good");
    }
  });
});

describe("judge", () => {
  it("finds nothing wrong with a good line", () => {
    expect(of([from("ann"), from("ben"), sent({ limitedBy: "bandwidth" })])).toEqual({
      own: false,
      others: [],
    });
    expect(of([])).toEqual({ own: false, others: [] });
  });

  it.each([
    ["stands still", { freezing: 0.3 }],
    ["loses packets", { loss: 0.2 }],
    ["stammers", { kind: "audio", concealed: 0.1 }],
    ["loses words", { kind: "audio", loss: 0.12 }],
  ] as const)("names the one who %s", (_, fields) => {
    expect(of([from("ann", fields), from("ben")])).toEqual({ own: false, others: ["ann"] });
  });

  it("lets repaired losses of a picture pass", () => {
    expect(of([from("ann", { loss: 0.08 })])).toEqual({ own: false, others: [] });
  });

  it("takes what most people seem to have for your own", () => {
    const bad = { freezing: 0.5 };
    expect(of([from("ann", bad), from("ben", bad), from("cem")])).toEqual({ own: true, others: [] });
    expect(of([from("ann", bad)])).toEqual({ own: false, others: ["ann"] }); // of one it cannot be known
  });

  it.each([
    ["does not get through", [sent({ loss: 0.2 })]],
    ["leaves no room for a picture", [sent({ limitedBy: "bandwidth", bitrate: 60_000 })]],
  ])("finds what you send that %s", (_, streams) => {
    expect(of(streams).own).toBe(true);
  });

  it("does not count what is not sent, nor a first reading", () => {
    expect(of([sent({ active: false, loss: 1 }), from("ann", { over: 0, loss: 1 })])).toEqual({
      own: false,
      others: [],
    });
  });

  it("finds a long way there and back", () => {
    expect(of([], 0.7).own).toBe(true);
  });
});
