import { describe, expect, it } from "vitest";
import { LOUD, meter, QUIET, SpeakingGate } from "./speaking";

/** What a gate says, sample by sample, ten times a second. */
function hear(levels: readonly number[]): string {
  const gate = new SpeakingGate();
  return levels.map((level, index) => (gate.update(level, index * 100) ? "S" : ".")).join("");
}

const times = (count: number, level: number) => Array.from({ length: count }, () => level);

describe("SpeakingGate", () => {
  it("begins after 150 ms and ends 600 ms after the last sound", () => {
    expect(hear([...times(3, 0), ...times(4, 0.8), ...times(8, 0)])).toBe(".....SSSSSSS...");
  });

  it("a click is no speech", () => {
    expect(hear([0, 0.9, 0, 0, 0.9, 0, 0.9, 0])).toBe("........");
  });

  it("pauses between words do not end it", () => {
    expect(hear([...times(4, 0.8), ...times(5, 0), ...times(2, 0.8), ...times(5, 0)])).toBe(
      "..SSSSSSSSSSSSSS",
    );
  });

  it("between quiet and loud, silence stays silence and speech stays speech", () => {
    const between = (LOUD + QUIET) / 2;
    expect(hear(times(6, between))).toBe("......");
    expect(hear([...times(3, 0.8), ...times(10, between)])).toBe("..SSSSSSSSSSS");
  });
});

describe("meter", () => {
  it.each([
    [0, 0],
    [0.0005, 0],
    [0.001, 0],
    [0.0178, 0.5],
    [0.32, 1],
    [1, 1],
  ])("%d is shown at %d", (level, position) => {
    expect(meter(level)).toBeCloseTo(position, 2);
  });
});
