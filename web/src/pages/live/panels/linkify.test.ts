import { describe, expect, it } from "vitest";
import { linkify } from "./linkify";

function links(message: string): string[] {
  return linkify(message).flatMap((piece) => (piece.kind === "link" ? [piece.href] : []));
}

describe("linkify", () => {
  it.each([
    ["see https://example.org/a?b=1#c now", ["https://example.org/a?b=1#c"]],
    ["Read http://example.org.", ["http://example.org/"]],
    ["(https://example.org/a)", ["https://example.org/a"]],
    ["https://en.example.org/wiki/Tile_(room)", ["https://en.example.org/wiki/Tile_(room)"]],
    ["https://a.example, https://b.example!", ["https://a.example/", "https://b.example/"]],
    ["HTTPS://EXAMPLE.org/X", ["https://example.org/X"]],
  ])("finds the addresses in %s", (message, expected) => {
    expect(links(message)).toEqual(expected);
  });

  it.each([
    "javascript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "java\nscript:alert(1)",
    "https://",
    "https://bank.example@evil.example/",
    "file:///etc/passwd",
    "<img src=x onerror=alert(1)>",
  ])("leaves %s as text", (message) => {
    expect(links(message)).toEqual([]);
  });

  it("keeps every character of the message", () => {
    for (const message of [
      "",
      "a",
      "x https://a.example/). y\nz",
      '<b>"https://a.example"</b>',
      "https://a.example",
    ]) {
      expect(
        linkify(message)
          .map((piece) => piece.text)
          .join(""),
      ).toBe(message);
    }
  });
});
