import { describe, expect, it } from "vitest";
import type { ChatMessage } from "../../../protocol/messages.gen";
import { groupByAuthor } from "./threads";

function message(seq: number, participantId: string, at: number, authorName = participantId): ChatMessage {
  return { id: `m${seq}`, seq, participantId, authorName, text: "hello", at };
}

describe("groupByAuthor", () => {
  it("puts what one person says in a row under one heading", () => {
    const groups = groupByAuthor([
      message(1, "a", 0),
      message(2, "a", 60),
      message(3, "b", 61),
      message(4, "a", 62),
    ]);
    expect(groups.map((group) => [group.author, group.messages.length])).toEqual([
      ["a", 2],
      ["b", 1],
      ["a", 1],
    ]);
  });

  it("starts anew after a pause of five minutes, and when a person changed their name", () => {
    expect(groupByAuthor([message(1, "a", 0), message(2, "a", 300)])).toHaveLength(2);
    expect(groupByAuthor([message(1, "a", 0, "Ann"), message(2, "a", 1, "Ann B.")])).toHaveLength(2);
  });

  it("loses nothing", () => {
    const all = [message(1, "a", 0), message(2, "b", 1), message(3, "b", 999)];
    expect(groupByAuthor(all).flatMap((group) => group.messages)).toEqual(all);
    expect(groupByAuthor([])).toEqual([]);
  });
});
