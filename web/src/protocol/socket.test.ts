import { createServer, type Server as HttpServer } from "node:http";
import type { AddressInfo } from "node:net";
import { type Namespace, Server, type Socket } from "socket.io";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Connect, DirectMessage, Problem, Resume, RoomEvent } from "./messages.gen";
import { RoomProblem } from "./problem";
import { LiveSocket, type SocketTiming, TIMING, waitBefore } from "./socket";

const QUICK: SocketTiming = {
  request: 80,
  attempt: 1_000,
  firstWait: 10,
  longestWait: 40,
  giveUpFirst: 60_000,
  giveUpLater: 60_000,
};

/** A real Socket.IO server that lets everyone in, unless `refuse` says otherwise. */
class LiveServer {
  readonly http: HttpServer = createServer();
  readonly io = new Server(this.http);
  readonly live: Namespace = this.io.of("/live");
  readonly connects: Connect[] = [];
  refuse: (connect: Connect, attempt: number) => Problem | null = () => null;
  onRequest: (socket: Socket, name: string, payload: unknown, ack: (answer: unknown) => void) => void =
    () => {};
  greeting: DirectMessage["type"] | null = "welcome";

  constructor() {
    this.live.use((socket, next) => {
      const connect = socket.handshake.auth as Connect;
      this.connects.push(connect);
      const problem = this.refuse(connect, this.connects.length);
      next(problem === null ? undefined : Object.assign(new Error("refused"), { data: problem }));
    });
    this.live.on("connection", (socket) => {
      socket.onAny((name: string, payload: unknown, ack: (answer: unknown) => void) =>
        this.onRequest(socket, name, payload, ack),
      );
      if (this.greeting !== null) socket.emit("direct", { type: this.greeting });
    });
  }

  async listen(port = 0): Promise<string> {
    await new Promise<void>((resolve) => this.http.listen(port, "127.0.0.1", resolve));
    return `http://127.0.0.1:${(this.http.address() as AddressInfo).port}`;
  }

  async socket(): Promise<Socket> {
    for (const socket of this.live.sockets.values()) return socket;
    throw new Error("nobody is connected");
  }
}

/** The things a client was told, with a way to wait for one of them. */
class Heard {
  readonly all: string[] = [];
  private readonly waiting: { what: string; resolve: () => void }[] = [];

  add(what: string): void {
    this.all.push(what);
    for (const one of this.waiting.filter((each) => each.what === what)) one.resolve();
  }

  until(what: string): Promise<void> {
    return new Promise((resolve) => this.waiting.push({ what, resolve }));
  }
}

let server: LiveServer;
let url: string;
let clients: LiveSocket[] = [];

beforeEach(async () => {
  server = new LiveServer();
  url = await server.listen();
});

afterEach(async () => {
  for (const client of clients) client.close();
  clients = [];
  await server.io.close();
});

interface ClientOptions {
  tickets?: () => Promise<string>;
  resume?: () => Resume | null;
  timing?: Partial<SocketTiming>;
}

function client(options: ClientOptions = {}) {
  const heard = new Heard();
  let tickets = 0;
  const socket = new LiveSocket({
    url,
    timing: { ...QUICK, ...options.timing },
    fetchTicket:
      options.tickets ??
      (async () => {
        tickets += 1;
        return `ticket-${tickets}`;
      }),
    resume: options.resume ?? (() => null),
    onEvent: (event: RoomEvent) => heard.add(event.type),
    onDirect: (message) => heard.add(message.type),
    onDropped: () => heard.add("dropped"),
    onStopped: (problem) => heard.add(`stopped: ${problem.code}`),
  });
  clients.push(socket);
  return { socket, heard };
}

async function connected(options: ClientOptions = {}) {
  const made = client(options);
  const welcome = made.heard.until("welcome");
  made.socket.start();
  await welcome;
  return made;
}

async function codeOf(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => "no refusal",
    (error: unknown) => (error instanceof RoomProblem ? error.code : String(error)),
  );
}

describe("connecting", () => {
  it("presents a fresh ticket at each attempt", async () => {
    const { heard } = await connected();
    const again = heard.until("welcome");
    (await server.socket()).conn.close();
    await again;
    expect(server.connects.map((one) => one.ticket)).toEqual(["ticket-1", "ticket-2"]);
    expect(heard.all).toEqual(["welcome", "dropped", "welcome"]);
  });

  it("says what it wants to resume, if anything", async () => {
    let resume: Resume | null = null;
    const { heard } = await connected({ resume: () => resume });
    expect(server.connects[0]).not.toHaveProperty("resume");
    resume = { participantId: "ann", seq: 7 };
    const again = heard.until("welcome");
    (await server.socket()).disconnect(true);
    await again;
    expect(server.connects[1]?.resume).toEqual(resume);
  });

  it("takes a new ticket when the old one has expired", async () => {
    server.refuse = (_connect, attempt) =>
      attempt === 1 ? { code: "ticket.expired", message: "Too late." } : null;
    const { heard } = await connected();
    expect(heard.all).toEqual(["welcome"]);
    expect(server.connects.length).toBe(2);
  });

  it("does not believe in tickets for ever", async () => {
    server.refuse = () => ({ code: "ticket.used", message: "Used." });
    const { socket, heard } = client();
    const stopped = heard.until("stopped: ticket.used");
    socket.start();
    await stopped;
    expect(server.connects.length).toBe(3);
  });

  it.each(["room.ended", "permission.denied", "origin.refused"])("stops when told %s", async (code) => {
    server.refuse = () => ({ code, message: "No." });
    const { socket, heard } = client();
    const stopped = heard.until(`stopped: ${code}`);
    socket.start();
    await stopped;
    expect(server.connects.length).toBe(1);
  });

  it("stops when no ticket is given", async () => {
    const tickets = () => Promise.reject(Object.assign(new Error("Over."), { code: "room.ended" }));
    const { socket, heard } = client({ tickets });
    const stopped = heard.until("stopped: room.ended");
    socket.start();
    await stopped;
    expect(server.connects).toEqual([]);
  });

  it("tries again when the ticket could not be fetched", async () => {
    let attempts = 0;
    const tickets = async () => {
      attempts += 1;
      if (attempts < 3) throw new TypeError("Failed to fetch");
      return "ticket";
    };
    await connected({ tickets });
    expect(attempts).toBe(3);
  });

  it("tries again when nobody answers, and gives up in the end", async () => {
    await server.io.close();
    const { socket, heard } = client({ timing: { giveUpFirst: 60 } });
    const stopped = heard.until("stopped: connection.failed");
    socket.start();
    await stopped;
    expect(heard.all).toEqual(["stopped: connection.failed"]);
  });

  it("can be started anew after giving up", async () => {
    server.greeting = null;
    const { socket, heard } = client({ timing: { attempt: 30, giveUpFirst: 50 } });
    const stopped = heard.until("stopped: connection.failed");
    socket.start();
    await stopped;
    server.greeting = "welcome";
    const welcome = heard.until("welcome");
    socket.start();
    await welcome;
  });

  it("comes back to a server that was restarted", async () => {
    const { heard } = await connected();
    const dropped = heard.until("dropped");
    const port = Number(new URL(url).port);
    await server.io.close();
    await dropped;
    const again = heard.until("welcome");
    server = new LiveServer();
    await server.listen(port);
    await again;
  });

  it("closing ends it", async () => {
    const { socket, heard } = await connected();
    socket.close();
    await new Promise((resolve) => setTimeout(resolve, 3 * QUICK.longestWait));
    expect(heard.all).toEqual(["welcome"]);
    expect(server.connects.length).toBe(1);
  });
});

describe("asking", () => {
  it("resolves with the response", async () => {
    server.onRequest = (_socket, name, payload, ack) =>
      ack({ ok: true, name, payload, messages: [], more: false });
    const { socket } = await connected();
    const answer = await socket.request("chat.history", { before: 5 });
    expect(answer).toMatchObject({ name: "chat.history", payload: { before: 5 }, more: false });
  });

  it("rejects with the problem", async () => {
    const error: Problem = { code: "permission.denied", message: "Observers do not write.", field: "text" };
    server.onRequest = (_socket, _name, _payload, ack) => ack({ ok: false, error });
    const { socket } = await connected();
    const asked = socket.request("chat.send", { text: "hello", clientId: "a" });
    await expect(asked).rejects.toEqual(new RoomProblem(error));
    await expect(asked).rejects.toHaveProperty("problem", error);
  });

  it("rejects when no answer comes in time", async () => {
    const { socket } = await connected();
    expect(await codeOf(socket.request("hand.raise", {}))).toBe("connection.timeout");
  });

  it("rejects when the connection is lost before the answer, without waiting", async () => {
    server.onRequest = (socket) => socket.conn.close();
    const { socket } = await connected({ timing: { request: 60_000 } });
    expect(await codeOf(socket.request("hand.raise", {}))).toBe("connection.lost");
  });

  it("does not keep requests for a later connection", async () => {
    const names: string[] = [];
    server.onRequest = (_socket, name, _payload, ack) => {
      names.push(name);
      ack({ ok: true });
    };
    const { socket, heard } = client();
    expect(await codeOf(socket.request("hand.raise", {}))).toBe("connection.lost");
    const welcome = heard.until("welcome");
    socket.start();
    await welcome;
    await socket.request("hand.lower", {});
    expect(names).toEqual(["hand.lower"]);
  });

  it("hears events and direct messages in their order", async () => {
    const { heard } = await connected();
    const last = heard.until("media.reset");
    const there = await server.socket();
    there.emit("event", { type: "hand.raised", seq: 1, at: 0, participantId: "ann" });
    there.emit("direct", { type: "media.reset" });
    await last;
    expect(heard.all).toEqual(["welcome", "hand.raised", "media.reset"]);
  });
});

describe("waitBefore", () => {
  it("doubles up to a limit, spread by 30 %", () => {
    expect([0, 1, 2, 3, 9].map((attempt) => waitBefore(attempt, 0.5, TIMING))).toEqual([
      250, 500, 1000, 2000, 5000,
    ]);
    expect([waitBefore(1, 0, TIMING), waitBefore(1, 1, TIMING)]).toEqual([350, 650]);
  });
});
