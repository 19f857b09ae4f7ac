/**
 * The socket to a live room: connects with a fresh ticket each time, asks, hears, and comes back by itself.
 *
 * socket.io's own reconnection is off: it does not try again after a refusal, and it would open the socket before it
 * knows whether a ticket can be had. Here ticket and socket are fetched side by side, and one loop decides what follows.
 */

import { Manager, type Socket } from "socket.io-client";
import type { Ack, Connect, DirectMessage, Problem, Requests, Resume, RoomEvent } from "./messages.gen";
import { afterRefusal, RoomProblem, refusalIn } from "./problem";

export type RequestName = keyof Requests;
export type RequestOf<Name extends RequestName> = Requests[Name]["request"];
export type ResponseOf<Name extends RequestName> = Requests[Name]["response"];

/** How one asks the server; all that media and session need of the socket. Rejects with `RoomProblem`. */
export type Ask = <Name extends RequestName>(
  name: Name,
  payload: RequestOf<Name>,
) => Promise<ResponseOf<Name>>;

/** Milliseconds. */
export interface SocketTiming {
  request: number;
  /** From starting an attempt to the server's first message. */
  attempt: number;
  firstWait: number;
  longestWait: number;
  /** How long to keep trying: before the first connection, and after losing one. */
  giveUpFirst: number;
  giveUpLater: number;
}

export const TIMING: SocketTiming = {
  request: 10_000,
  attempt: 10_000,
  firstWait: 250,
  longestWait: 5_000,
  giveUpFirst: 30_000,
  giveUpLater: 300_000,
};

/** Tickets refused in a row before we believe that a fresh one will not help. */
const TICKETS = 3;

export interface LiveSocketOptions {
  /** Where the server is; the page's own origin by default. */
  url?: string;
  fetchTicket(): Promise<string>;
  /** What to resume, asked at each attempt; null for a fresh start. */
  resume(): Resume | null;
  onEvent(event: RoomEvent): void;
  onDirect(message: DirectMessage): void;
  /** An established connection is gone; the next attempt is on its way. */
  onDropped(): void;
  /** No further attempts: refused, or nobody answered for too long (`connection.failed`). `start()` tries anew. */
  onStopped(problem: Problem): void;
  timing?: Partial<SocketTiming>;
}

/** Doubles from `firstWait` to `longestWait`, spread by ±30 % so that a room full of people does not return at once. */
export function waitBefore(attempt: number, random: number, timing: SocketTiming): number {
  const steady = Math.min(timing.longestWait, timing.firstWait * 2 ** attempt);
  return Math.round(steady * (0.7 + 0.6 * random));
}

export class LiveSocket {
  private readonly options: LiveSocketOptions;
  private readonly timing: SocketTiming;
  private readonly socket: Socket;
  private ticket: Promise<string> = Promise.reject(new Error("no attempt yet"));
  private phase: "idle" | "attempting" | "open" | "waiting" | "closed" = "idle";
  private everOpen = false;
  private failures = 0;
  private refusedTickets = 0;
  private troubleSince: number | null = null;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: LiveSocketOptions) {
    this.options = options;
    this.timing = { ...TIMING, ...options.timing };
    this.ticket.catch(() => {});
    const settings = {
      autoConnect: false,
      reconnection: false,
      transports: ["websocket", "polling"],
      tryAllTransports: true, // polling only where a proxy breaks web sockets
    };
    const manager = options.url === undefined ? new Manager(settings) : new Manager(options.url, settings);
    this.socket = manager.socket("/live", { auth: (give) => this.authorise(give) });
    this.socket.on("event", (event: RoomEvent) => options.onEvent(event));
    this.socket.on("direct", (message: DirectMessage) => this.heard(message));
    this.socket.on("connect_error", (error) => this.failed(error));
    this.socket.on("disconnect", () => this.dropped());
    globalThis.addEventListener?.("online", this.backOnline);
  }

  start(): void {
    if (this.phase === "idle") this.attempt();
  }

  /** Closes for good; requests under way are rejected with `connection.lost`. */
  close(): void {
    this.phase = "closed";
    clearTimeout(this.timer);
    globalThis.removeEventListener?.("online", this.backOnline);
    this.socket.disconnect();
    this.socket.off();
  }

  /** Sends nothing while there is no connection: what was asked of a lost one may be wrong on the next. */
  readonly request: Ask = <Name extends RequestName>(name: Name, payload: RequestOf<Name>) =>
    new Promise<ResponseOf<Name>>((resolve, reject) => {
      if (!this.socket.connected) {
        reject(lost());
        return;
      }
      this.socket
        .timeout(this.timing.request)
        .emit(name, payload, (error: unknown, ack: Ack<ResponseOf<Name>>) => {
          if (error != null) reject(this.socket.connected ? late() : lost());
          else if (ack.ok) resolve(ack);
          else reject(new RoomProblem(ack.error));
        });
    });

  private attempt(): void {
    this.phase = "attempting";
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.failed(new Error("no answer")), this.timing.attempt);
    const ticket = this.options.fetchTicket();
    this.ticket = ticket;
    ticket.catch((error: unknown) => {
      if (this.ticket === ticket) this.failed(error);
    });
    this.socket.connect();
  }

  private authorise(give: (auth: Connect) => void): void {
    const ticket = this.ticket;
    ticket.then(
      (value) => {
        if (this.ticket !== ticket || this.phase !== "attempting") return;
        const resume = this.options.resume();
        give(resume === null ? { ticket: value } : { ticket: value, resume });
      },
      () => {}, // told in attempt()
    );
  }

  private heard(message: DirectMessage): void {
    if (message.type === "welcome" || message.type === "resumed") {
      clearTimeout(this.timer);
      this.phase = "open";
      this.everOpen = true;
      this.failures = 0;
      this.refusedTickets = 0;
      this.troubleSince = null;
    }
    this.options.onDirect(message);
  }

  private dropped(): void {
    if (this.phase === "attempting") this.failed(new Error("closed before the welcome"));
    if (this.phase !== "open") return;
    this.troubleSince = performance.now();
    this.later();
    this.options.onDropped();
  }

  private failed(error: unknown): void {
    if (this.phase !== "attempting") return;
    this.phase = "waiting"; // before disconnecting, whose event would lead here again
    this.socket.disconnect();
    const refusal = refusalIn((error as { data?: unknown } | null)?.data) ?? refusalIn(error);
    const next = refusal === null ? "again" : afterRefusal(refusal.code);
    if (next === "renew") this.refusedTickets += 1;
    if (refusal !== null && (next === "stop" || this.refusedTickets >= TICKETS)) {
      this.stop(refusal);
      return;
    }
    const now = performance.now();
    this.troubleSince ??= now;
    const patience = this.everOpen ? this.timing.giveUpLater : this.timing.giveUpFirst;
    if (now - this.troubleSince >= patience) {
      this.stop({
        code: "connection.failed",
        message: "The server cannot be reached. Check your connection.",
      });
      return;
    }
    this.later();
  }

  private later(): void {
    this.phase = "waiting";
    clearTimeout(this.timer);
    const wait = waitBefore(this.failures, Math.random(), this.timing);
    this.failures += 1;
    this.timer = setTimeout(() => this.attempt(), wait);
  }

  private readonly backOnline = (): void => {
    if (this.phase === "waiting") this.attempt();
  };

  private stop(problem: Problem): void {
    clearTimeout(this.timer);
    this.phase = "idle";
    this.failures = 0;
    this.refusedTickets = 0;
    this.troubleSince = null;
    this.options.onStopped(problem);
  }
}

function lost(): RoomProblem {
  return new RoomProblem({ code: "connection.lost", message: "You are not connected at the moment." });
}

function late(): RoomProblem {
  return new RoomProblem({
    code: "connection.timeout",
    message: "The server did not answer in time. Try again.",
  });
}
