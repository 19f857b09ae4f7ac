import { describe, expect, it } from "vitest";
import { CONNECT_LIMIT, GRACE, PathRecovery, RESTART_LIMIT, RESTARTS, worse } from "./recovery";

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
});
