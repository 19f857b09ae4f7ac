import { describe, expect, it } from "vitest";
import { endingOf } from "./endings";

describe("endingOf", () => {
  it("offers the way back where there is one", () => {
    expect(endingOf("left", null)).toMatchObject({ title: "You left", again: "Rejoin" });
    expect(endingOf("replaced", null).again).toBe("Join here instead");
    expect(endingOf("failed", null).again).toBe("Try again");
    expect(endingOf("ended", null).again).toBeNull();
    expect(endingOf("removed", null).again).toBeNull();
  });

  it("shows the server's reason, and has a sentence where there is none", () => {
    const problem = { code: "room.removed", message: "The host removed you." };
    expect(endingOf("removed", problem).text).toBe("The host removed you.");
    expect(endingOf("refused", { code: "x", message: "" }).text).not.toBe("");
  });
});
