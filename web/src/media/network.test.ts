import { describe, expect, it, vi } from "vitest";
import { onNetworkChange } from "./network";

function browser(type?: string) {
  const connection = Object.assign(new EventTarget(), { type });
  return Object.assign(new EventTarget(), { navigator: { connection } });
}

describe("onNetworkChange", () => {
  it("tells that the browser is online again", () => {
    const changed = vi.fn();
    const scope = browser();
    onNetworkChange(changed, scope);
    scope.dispatchEvent(new Event("offline"));
    expect(changed).not.toHaveBeenCalled();
    scope.dispatchEvent(new Event("online"));
    expect(changed).toHaveBeenCalledTimes(1);
  });

  it("tells of another kind of network, and not of a new estimate of its speed", () => {
    const changed = vi.fn();
    const scope = browser("wifi");
    const { connection } = scope.navigator;
    onNetworkChange(changed, scope);
    connection.dispatchEvent(new Event("change"));
    expect(changed).not.toHaveBeenCalled();
    connection.type = "none";
    connection.dispatchEvent(new Event("change"));
    expect(changed).not.toHaveBeenCalled();
    connection.type = "cellular";
    connection.dispatchEvent(new Event("change"));
    expect(changed).toHaveBeenCalledTimes(1);
  });

  it("ends when it is told to, and does without what a browser has not", () => {
    const changed = vi.fn();
    const scope = browser("wifi");
    onNetworkChange(changed, scope)();
    scope.navigator.connection.type = "cellular";
    scope.navigator.connection.dispatchEvent(new Event("change"));
    scope.dispatchEvent(new Event("online"));
    expect(changed).not.toHaveBeenCalled();
    const bare = new EventTarget();
    onNetworkChange(changed, bare);
    bare.dispatchEvent(new Event("online"));
    expect(changed).toHaveBeenCalledTimes(1);
  });
});
