/** What can go wrong with a REST request: the server refused, with a code and a sentence; or there was no proper answer. */

export interface Refusal {
  /** Stable, like `account.email_taken`. */
  code: string;
  /** A sentence fit to show. */
  message: string;
  status: number;
  /** Field → sentence, for the form it came from. */
  fields: Record<string, string>;
  /** Seconds to wait before trying again, where the server says so. */
  retryAfter: number | null;
}

/** The server understood and refused: an RFC 9457 problem document. */
export class ApiError extends Error implements Refusal {
  readonly code: string;
  readonly status: number;
  readonly fields: Record<string, string>;
  readonly retryAfter: number | null;

  constructor({ code, message, status, fields, retryAfter }: Refusal) {
    super(message);
    this.name = "ApiError";
    this.code = code;
    this.status = status;
    this.fields = fields;
    this.retryAfter = retryAfter;
  }
}

/** No network, no server, out of time, or an answer that is not ours (a proxy's page): asking again may help. */
export class NoAnswer extends Error {
  constructor(message: string, cause?: unknown) {
    super(message, { cause });
    this.name = "NoAnswer";
  }
}

const FAILED = "Something went wrong on our side. Try again in a moment.";
const LATE = "The server takes too long to answer. Try again in a moment.";
const UNREACHABLE = "The server cannot be reached. Try again in a moment.";
const OFFLINE = "You are offline. Check your connection, then try again.";

/** From a response that is not a success. */
export async function errorFrom(response: Response): Promise<ApiError | NoAnswer> {
  const document: unknown = isJson(response) ? await response.json().catch(() => null) : null;
  const code = textAt(document, "code");
  const message = textAt(document, "detail") ?? textAt(document, "title");
  if (!code || !message) return new NoAnswer(FAILED, response.status);
  const seconds = Number.parseInt(response.headers.get("Retry-After") ?? "", 10);
  return new ApiError({
    code,
    message,
    status: response.status,
    fields: fieldsOf(document, message),
    retryAfter: Number.isFinite(seconds) ? seconds : null,
  });
}

/** From what `fetch` threw. */
export function errorWithout(cause: unknown, online: boolean): NoAnswer {
  if (cause instanceof DOMException && cause.name === "TimeoutError") return new NoAnswer(LATE, cause);
  return new NoAnswer(online ? UNREACHABLE : OFFLINE, cause);
}

/** The sentence to show for whatever was thrown. */
export function sentenceOf(error: unknown): string {
  return error instanceof ApiError || error instanceof NoAnswer ? error.message : FAILED;
}

function isJson(response: Response): boolean {
  return /[/+]json\b/.test(response.headers.get("Content-Type") ?? "");
}

function textAt(value: unknown, key: string): string | null {
  if (typeof value !== "object" || value === null) return null;
  const found = (value as Record<string, unknown>)[key];
  return typeof found === "string" && found !== "" ? found : null;
}

function fieldsOf(document: unknown, message: string): Record<string, string> {
  const fields: Record<string, string> = {};
  const listed = (document as { errors?: unknown }).errors;
  for (const entry of Array.isArray(listed) ? listed : []) {
    const field = textAt(entry, "field");
    const sentence = textAt(entry, "message");
    if (field && sentence && !(field in fields)) fields[field] = sentence;
  }
  const single = textAt(document, "field");
  if (single && !(single in fields)) fields[single] = message;
  return fields;
}
