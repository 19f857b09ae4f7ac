import { describe, expect, it } from "vitest";
import { Arrivals, type Receiver } from "./arrivals";

/** A receiver whose newest packet is set by the test; undefined: none has come. */
class Fake implements Receiver {
  rtpTimestamp: number | undefined;

  getSynchronizationSources(): RTCRtpSynchronizationSource[] {
    const { rtpTimestamp } = this;
    return rtpTimestamp === undefined ? [] : [{ rtpTimestamp, source: 1, timestamp: 0 }];
  }
}

describe("Arrivals", () => {
  it("counts from the newest packet of all", () => {
    const arrivals = new Arrivals();
    const [one, other] = [new Fake(), new Fake()];
    expect(arrivals.ago([one, other], 0)).toBeNull();
    one.rtpTimestamp = 960;
    expect(arrivals.ago([one, other], 100)).toBe(0);
    other.rtpTimestamp = 3000;
    expect(arrivals.ago([one, other], 300)).toBe(0);
    expect(arrivals.ago([one, other], 800)).toBe(500);
    expect(arrivals.ago([one], 800)).toBe(700);
    other.rtpTimestamp = 6000;
    expect(arrivals.ago([one, other], 1000)).toBe(0);
  });

  it("knows nothing where nothing is received", () => {
    expect(new Arrivals().ago([], 1000)).toBeNull();
  });

  it("remembers what a browser forgets after a while", () => {
    const arrivals = new Arrivals();
    const one = new Fake();
    one.rtpTimestamp = 960;
    arrivals.ago([one], 0);
    one.rtpTimestamp = undefined;
    expect(arrivals.ago([one], 11_000)).toBe(11_000);
  });
});
