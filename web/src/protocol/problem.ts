/** A refusal as an exception, and what a refusal while connecting means for the next attempt. */

import type { Problem } from "./messages.gen";

/** The server's `Problem`, or one of ours: `connection.lost`, `connection.timeout`, `connection.failed`, `client.fault`. */
export class RoomProblem extends Error {
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(problem.message);
    this.name = "RoomProblem";
    this.problem = problem;
  }

  get code(): string {
    return this.problem.code;
  }
}

/** Whatever was thrown, as a `Problem` with a sentence to show. */
export function problemOf(error: unknown): Problem {
  if (error instanceof RoomProblem) return error.problem;
  return { code: "client.fault", message: "That did not work. Try again." };
}

/** The socket went away before the answer: what was asked can be asked again when it is back, which is announced. */
export function isConnectionLost(problem: Problem): boolean {
  return problem.code === "connection.lost";
}

/** The server's refusal inside a rejected ticket fetch or a connect error; null when it was the network. */
export function refusalIn(error: unknown): Problem | null {
  if (typeof error !== "object" || error === null) return null;
  const { code, detail, message } = error as { code?: unknown; detail?: unknown; message?: unknown };
  // Ours have an area and a name; errors of the system carry codes too ("ECONNREFUSED").
  if (typeof code !== "string" || !/^[a-z_]+(\.[a-z_]+)?$/u.test(code)) return null;
  const sentence = [detail, message].find((text) => typeof text === "string" && text !== "");
  return { code, message: typeof sentence === "string" ? sentence : "You cannot enter this room." };
}

/** "renew": only the ticket was at fault. "again": a passing trouble. "stop": asking again would change nothing. */
export type AfterRefusal = "renew" | "again" | "stop";

export function afterRefusal(code: string): AfterRefusal {
  switch (code) {
    case "ticket.expired":
    case "ticket.used":
    case "ticket.invalid":
      return "renew";
    case "rate.limited":
    case "internal":
    case "server.error":
    case "server.busy":
    case "server.restarting":
      return "again";
    default:
      return "stop";
  }
}
