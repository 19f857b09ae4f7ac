import { describe, expect, it } from "vitest";
import { afterRefusal, problemOf, RoomProblem, refusalIn } from "./problem";

describe("refusalIn", () => {
  it.each([
    [
      "a problem on the socket",
      { code: "room.ended", message: "It is over." },
      { code: "room.ended", message: "It is over." },
    ],
    [
      "a REST problem",
      Object.assign(new Error("Sign in first."), { code: "auth.required" }),
      { code: "auth.required", message: "Sign in first." },
    ],
    ["a fault of the network", new TypeError("Failed to fetch"), null],
    ["an error of the system", Object.assign(new Error("refused"), { code: "ECONNREFUSED" }), null],
    ["an aborted request", new DOMException("aborted", "AbortError"), null],
    ["nothing", undefined, null],
  ])("%s", (_what, error, refusal) => {
    expect(refusalIn(error)).toEqual(refusal);
  });
});

describe("afterRefusal", () => {
  it.each([
    ["ticket.expired", "renew"],
    ["ticket.used", "renew"],
    ["rate.limited", "again"],
    ["internal", "again"],
    ["room.ended", "stop"],
    ["permission.denied", "stop"],
    ["auth.required", "stop"],
  ])("%s: %s", (code, next) => {
    expect(afterRefusal(code)).toBe(next);
  });
});

describe("problemOf", () => {
  it("passes on what the server said and masks the rest", () => {
    const problem = { code: "permission.denied", message: "Only staff may." };
    expect(problemOf(new RoomProblem(problem))).toBe(problem);
    expect(problemOf(new TypeError("x is undefined")).message).not.toContain("undefined");
  });
});
