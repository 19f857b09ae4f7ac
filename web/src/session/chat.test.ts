import { describe, expect, it } from "vitest";
import { RoomProblem } from "../protocol/problem";
import type { Ask } from "../protocol/socket";
import { continues, merged, RoomChat } from "./chat";
import { message, snapshot } from "./samples.test-data";

const LOST = new RoomProblem({ code: "connection.lost", message: "Not connected." });
const REFUSED = new RoomProblem({ code: "rate.limited", message: "Slower, please." });

/** A chat whose server keeps what it is sent, unless `fault` says otherwise. */
function chatWithServer() {
  const server = { fault: null as unknown, sent: [] as { text: string; clientId: string }[] };
  const ask = (async (_name: string, payload: { text: string; clientId: string }) => {
    await Promise.resolve();
    if (server.fault !== null) throw server.fault;
    server.sent.push(payload);
    return { message: message(server.sent.length, "you", payload.text) };
  }) as unknown as Ask;
  return { server, chat: new RoomChat(ask, () => "you") };
}

describe("lists", () => {
  it("are merged by number, each message once", () => {
    expect(merged([message(3), message(1)], [message(2), message(3)]).map((one) => one.seq)).toEqual([
      1, 2, 3,
    ]);
  });

  it("a full snapshot that does not reach what is shown leaves a gap", () => {
    const full = Array.from({ length: 100 }, (_, index) => message(index + 50));
    expect(continues([message(49)], full)).toBe(false);
    expect(continues([message(50)], full)).toBe(true);
    expect(continues([message(49)], full.slice(1))).toBe(true);
    expect(continues([], full)).toBe(true);
  });
});

describe("sending", () => {
  it("shows a message as sending, then as sent", async () => {
    const { chat } = chatWithServer();
    const done = chat.send("  hello ");
    expect(chat.outgoing.value.map((one) => [one.text, one.state])).toEqual([["hello", "sending"]]);
    expect(await done).toBeNull();
    expect(chat.outgoing.value).toEqual([]);
    expect(chat.messages.value.map((one) => one.text)).toEqual(["hello"]);
  });

  it("shows it once, whether the event or the acknowledgement comes first", async () => {
    const { chat } = chatWithServer();
    const done = chat.send("hello");
    chat.posted(message(1, "you", "hello"));
    expect(chat.outgoing.value).toEqual([]);
    await done;
    chat.posted(message(1, "you", "hello"));
    expect(chat.messages.value.length).toBe(1);
    expect(chat.unread.value).toBe(0);
  });

  it("keeps the order of writing", async () => {
    const { chat, server } = chatWithServer();
    await Promise.all(["one", "two", "three"].map((text) => chat.send(text)));
    expect(server.sent.map((one) => one.text)).toEqual(["one", "two", "three"]);
  });

  it("waits for a lost connection and sends again under the same id", async () => {
    const { chat, server } = chatWithServer();
    server.fault = LOST;
    expect(await chat.send("hello")).toBeNull();
    const [waiting] = chat.outgoing.value;
    expect(waiting?.state).toBe("sending");
    server.fault = null;
    chat.connected();
    await chat.send("second");
    expect(server.sent.map((one) => one.text)).toEqual(["hello", "second"]);
    expect(server.sent[0]?.clientId).toBe(waiting?.clientId);
  });

  it("keeps what was refused, to send again or discard", async () => {
    const { chat, server } = chatWithServer();
    server.fault = REFUSED;
    expect(await chat.send("hello")).toEqual(REFUSED.problem);
    const [failed] = chat.outgoing.value;
    expect(failed).toMatchObject({ state: "failed", problem: REFUSED.problem });
    server.fault = null;
    expect(await chat.retry(failed?.clientId ?? "")).toBeNull();
    expect(chat.outgoing.value).toEqual([]);
    server.fault = REFUSED;
    await chat.send("again");
    chat.discard(chat.outgoing.value[0]?.clientId ?? "");
    expect(chat.outgoing.value).toEqual([]);
  });
});

describe("reading", () => {
  it("counts what others write until it is read", () => {
    const { chat } = chatWithServer();
    chat.begin(snapshot({ chat: [message(1)] }));
    expect(chat.unread.value).toBe(0);
    chat.posted(message(2));
    expect(chat.unread.value).toBe(1);
    chat.markRead();
    expect(chat.unread.value).toBe(0);
  });

  it("goes on from a snapshot that continues what is shown, and begins anew from one that does not", () => {
    const { chat } = chatWithServer();
    chat.begin(snapshot({ chat: [message(1), message(2)] }));
    chat.begin(snapshot({ chat: [message(2), message(3)] }));
    expect(chat.messages.value.map((one) => one.seq)).toEqual([1, 2, 3]);
    chat.begin(snapshot({ chat: Array.from({ length: 100 }, (_, index) => message(index + 500)) }));
    expect(chat.messages.value[0]?.seq).toBe(500);
    expect(chat.hasOlder.value).toBe(true);
  });
});
