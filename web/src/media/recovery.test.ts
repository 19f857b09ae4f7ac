import { describe, expect, it } from "vitest";
import {
  CONNECT_LIMIT,
  GRACE,
  PathRecovery,
  RESTART_LIMIT,
  RESTARTS,
  SILENCE,
  SUSPICION_PAUSE,
  worse,
} from "./recovery";

/** A path that has carried media, at time 0. */
function connected(): PathRecovery {
  const path = new PathRecovery();
  path.built();
  path.changed("connecting", 0);
  path.changed("connected", 0);
  return path;
}

describe("worse", () => {
  it.each([
    ["new", "connected", "connected"],
    ["connected", "connecting", "connecting"],
    ["failed", "disconnected", "failed"],
    ["new", "new", "new"],
  ] as const)("of %s and %s is %s", (one, other, expected) => {
    expect(worse(one, other)).toBe(expected);
    expect(worse(other, one)).toBe(expected);
  });
});

describe("PathRecovery", () => {
  it("leaves a good path alone", () => {
    const path = connected();
    expect(path.view).toBe("connected");
    expect(path.decide(1e9)).toBe("none");
  });

  it("nothing to carry is no trouble", () => {
    const path = new PathRecovery();
    path.built();
    expect([path.view, path.decide(1e9)]).toEqual(["new", "none"]);
  });

  it("gives a disconnected path a moment to come back by itself", () => {
    const path = connected();
    path.changed("disconnected", 100);
    expect(path.view).toBe("interrupted");
    expect(path.decide(100 + GRACE - 1)).toBe("none");
    path.changed("connected", 100 + GRACE);
    expect(path.decide(100 + GRACE)).toBe("none");
  });

  it("restarts ICE, more than once, before it builds anew", () => {
    const path = connected();
    path.changed("disconnected", 0);
    let now = GRACE;
    for (let restart = 0; restart < RESTARTS; restart += 1) {
      expect(path.decide(now)).toBe("restart");
      expect(path.decide(now + RESTART_LIMIT - 1)).toBe("none");
      now += RESTART_LIMIT;
    }
    expect(path.decide(now)).toBe("rebuild");
    expect(path.decide(now + 1e6)).toBe("none"); // the build is under way
  });

  it("a failed path is restarted at once", () => {
    const path = connected();
    path.changed("failed", 50);
    expect(path.decide(50)).toBe("restart");
  });

  it("a restart that works is forgotten", () => {
    const path = connected();
    path.changed("failed", 0);
    path.decide(0);
    path.changed("connecting", 10);
    expect(path.view).toBe("interrupted");
    path.changed("connected", 20);
    expect([path.view, path.decide(1e9)]).toEqual(["connected", "none"]);
    path.changed("failed", 30);
    expect(path.decide(30)).toBe("restart");
  });

  it("a path that never worked is built anew, with growing patience, and called failed", () => {
    const path = new PathRecovery();
    path.built();
    path.changed("connecting", 0);
    expect(path.view).toBe("connecting");
    expect(path.decide(CONNECT_LIMIT)).toBe("rebuild");
    expect(path.view).toBe("failed");
    path.built();
    path.changed("connecting", 10_000);
    expect(path.view).toBe("failed");
    expect(path.decide(10_000 + CONNECT_LIMIT)).toBe("none");
    expect(path.decide(10_000 + 2 * CONNECT_LIMIT)).toBe("rebuild");
    path.built();
    path.changed("connected", 40_000);
    expect(path.view).toBe("connected");
  });

  it("tries again when the transports could not even be made", () => {
    const path = new PathRecovery();
    path.buildFailed(0);
    expect(path.view).toBe("failed");
    expect(path.decide(CONNECT_LIMIT - 1)).toBe("none");
    expect(path.decide(CONNECT_LIMIT)).toBe("rebuild");
  });

  it("believes the server that it does not hear us, though all looks well from here", () => {
    const path = connected();
    path.serverLost(100);
    expect(path.decide(100)).toBe("restart");
    path.serverFound();
    expect(path.decide(1e9)).toBe("none");
  });

  it("shows an interruption while new transports are made", () => {
    const path = connected();
    path.rebuilding();
    expect([path.view, path.decide(1e9)]).toEqual(["interrupted", "none"]);
    path.built();
    path.changed("connecting", 10);
    expect(path.view).toBe("interrupted");
  });

  it("restarts at once on another network, though the old path still looks well", () => {
    const path = connected();
    path.networkChanged(100);
    expect(path.decide(100)).toBe("restart");
    expect(path.decide(1e9)).toBe("none"); // nothing says that it did not help
    path.changed("disconnected", 5_000);
    expect(path.decide(5_000 + GRACE)).toBe("restart");
  });

  it("asks again for a restart that never got to the server", () => {
    const path = connected();
    path.networkChanged(0);
    expect(path.decide(0)).toBe("restart");
    path.unasked();
    expect(path.decide(3_000)).toBe("restart");
    expect(path.decide(1e9)).toBe("none");
  });

  it("counts a restart for another network where the path was in trouble already", () => {
    const path = connected();
    path.changed("disconnected", 0);
    path.networkChanged(100);
    expect(path.decide(100)).toBe("restart");
    expect(path.decide(100 + GRACE)).toBe("none");
    expect(path.decide(100 + RESTART_LIMIT)).toBe("restart");
    expect(path.decide(100 + 2 * RESTART_LIMIT)).toBe("rebuild");
  });

  it("gives a path that never worked a fresh chance on another network", () => {
    const path = new PathRecovery();
    path.built();
    path.changed("connecting", 0);
    expect(path.decide(CONNECT_LIMIT)).toBe("rebuild");
    path.built();
    path.changed("connecting", 10_000);
    path.networkChanged(11_000);
    expect(path.decide(11_000)).toBe("rebuild");
    expect(path.view).toBe("connecting");
  });

  it("has nothing to mend on another network where nothing is carried", () => {
    const path = new PathRecovery();
    path.built();
    path.networkChanged(0);
    expect(path.decide(1e9)).toBe("none");
  });

  it("suspects a path from which nothing comes any more, once", () => {
    const path = connected();
    path.received(20, 1_000);
    path.received(SILENCE - 1, 1_700);
    expect(path.decide(1_700)).toBe("none");
    path.received(SILENCE, 1_701);
    expect(path.view).toBe("connected"); // it is only a suspicion
    expect(path.decide(1_701)).toBe("restart");
    path.received(SILENCE + 9_000, 11_000);
    expect(path.decide(1e9)).toBe("none");
  });

  it("suspects it again when media came in between, but only so often", () => {
    const path = connected();
    const stops = (now: number) => {
      path.received(0, now - SILENCE);
      path.received(SILENCE, now);
      return path.decide(now);
    };
    expect(stops(1_000)).toBe("restart");
    expect(stops(1_000 + SUSPICION_PAUSE - 1)).toBe("none");
    expect(stops(1_000 + SUSPICION_PAUSE)).toBe("restart");
  });

  it("suspects nothing where nothing came before, or nothing is expected any more", () => {
    const path = connected();
    path.received(null, 0);
    path.received(SILENCE + 1, 1_000);
    path.received(0, 2_000);
    path.received(null, 2_500);
    path.received(5_000, 3_000);
    expect(path.decide(1e9)).toBe("none");
  });

  it("leaves it to the attempts under way where trouble is known", () => {
    const path = connected();
    path.received(0, 0);
    path.changed("failed", 100);
    expect(path.decide(100)).toBe("restart");
    path.received(SILENCE, SILENCE);
    expect(path.decide(SILENCE)).toBe("none");
  });
});
