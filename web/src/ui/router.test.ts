import { describe, expect, test } from "vitest";
import { match, safeNext, signInAddress } from "./router";

describe("match", () => {
  test.each([
    ["/", "/", {}],
    ["/sessions/:id", "/sessions/abc", { id: "abc" }],
    ["/sessions/:id", "/sessions/abc/", { id: "abc" }],
    ["/live/:slug", "/live/caf%C3%A9", { slug: "café" }],
    ["/sessions/:id", "/sessions", null],
    ["/sessions/:id", "/sessions/a/b", null],
    ["/sessions/:id", "/rooms/a", null],
    ["/live/:slug", "/live/%E0%A4%A", null],
    ["/", "/account", null],
  ])("%s against %s", (pattern, path, expected) => {
    expect(match(pattern, path)).toEqual(expected);
  });
});

describe("safeNext", () => {
  const origin = "https://convene.example";
  test.each([
    ["/sessions/1", "/sessions/1"],
    ["/live/welcome?x=1#y", "/live/welcome?x=1#y"],
    [null, "/"],
    ["", "/"],
    ["https://evil.example/", "/"],
    ["//evil.example", "/"],
    ["/\\evil.example", "/"],
    ["/\t/evil.example", "/"],
    ["javascript:alert(1)", "/"],
    ["/sign-in?next=/", "/"],
    ["/sign-up/", "/"],
    ["/sign-in-help", "/sign-in-help"],
    ["/../..//evil.example", "/"],
  ])("%s leads to %s", (next, expected) => {
    const found = safeNext(next, origin);
    expect(new URL(found, origin).origin).toBe(origin);
    expect(found).toBe(expected);
  });
});

test("the sign-in page leads back", () => {
  expect(signInAddress("/")).toBe("/sign-in");
  const address = new URL(signInAddress("/?scope=past&q=a b"), "https://convene.example");
  expect(address.pathname).toBe("/sign-in");
  expect(safeNext(address.searchParams.get("next"), address.origin)).toBe("/?scope=past&q=a%20b");
});
