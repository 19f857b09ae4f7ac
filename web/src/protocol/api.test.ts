import { describe, expect, test } from "vitest";
import { ApiError, createApi, NoAnswer, sender, sentenceOf } from "./api";

type Answer = (request: { url: string; init: RequestInit }) => Response | Promise<Response>;

function apiWith(answer: Answer) {
  return createApi(sender(async (url, init) => answer({ url: String(url), init: init ?? {} })));
}

const json = (body: unknown, status = 200, headers: Record<string, string> = {}) =>
  new Response(JSON.stringify(body), {
    status,
    headers: { "Content-Type": "application/json; charset=utf-8", ...headers },
  });

const problem = (status: number, body: object, headers: Record<string, string> = {}) =>
  json(body, status, { "Content-Type": "application/problem+json", ...headers });

async function failing(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => expect.unreachable("it should have been refused"),
    (error: unknown) => error,
  );
}

describe("a request", () => {
  test("carries its body as JSON and its parts encoded", async () => {
    const seen: [string, RequestInit][] = [];
    const api = apiWith(({ url, init }) => {
      seen.push([url, init]);
      return json({ items: [] });
    });
    await api.sessions({ scope: "past", q: "a&b=ü" });
    const body = {
      seatKindId: "seat",
      answers: {},
      responses: {},
      consents: [],
      declarations: [],
      waitlist: false,
    };
    await api.register("slot/1", body, "key");
    expect(seen[0]?.[0]).toBe("/api/v1/sessions?scope=past&q=a%26b%3D%C3%BC");
    expect(seen[1]?.[0]).toBe("/api/v1/timeslots/slot%2F1/registrations");
    expect(seen[1]?.[1]).toMatchObject({
      method: "POST",
      body: JSON.stringify(body),
      headers: { "Idempotency-Key": "key" },
      credentials: "same-origin",
    });
  });

  test("without a body says no content type; 204 is no answer to parse", async () => {
    let headers: unknown;
    const api = apiWith(({ init }) => {
      headers = init.headers;
      return new Response(null, { status: 204 });
    });
    expect(await api.signOut()).toBeUndefined();
    expect(headers).toEqual({ Accept: "application/json" });
  });
});

describe("a refusal", () => {
  test("keeps its code, its sentence and the errors of its fields", async () => {
    const api = apiWith(() =>
      problem(422, {
        code: "validation",
        detail: "Some fields need another look.",
        errors: [
          { field: "email", message: "This is not an address." },
          { field: "email", message: "A second word on it." },
          { field: "name", message: "A name is missing." },
        ],
      }),
    );
    const error = await failing(api.signUp({ email: "", password: "", name: "" }));
    expect(error).toBeInstanceOf(ApiError);
    expect(error).toMatchObject({
      code: "validation",
      status: 422,
      message: "Some fields need another look.",
      fields: { email: "This is not an address.", name: "A name is missing." },
    });
  });

  test("of one field counts for that field", async () => {
    const api = apiWith(() =>
      problem(409, { code: "account.email_taken", detail: "Taken.", field: "email" }),
    );
    expect(await failing(api.me())).toMatchObject({ fields: { email: "Taken." } });
  });

  test("says how long to wait", async () => {
    const api = apiWith(() =>
      problem(429, { code: "rate.limited", detail: "Too often." }, { "Retry-After": "30" }),
    );
    expect(await failing(api.me())).toMatchObject({ code: "rate.limited", retryAfter: 30 });
  });
});

describe("no proper answer", () => {
  test.each([
    [
      "a proxy's page",
      () => new Response("<h1>Bad gateway</h1>", { status: 502, headers: { "Content-Type": "text/html" } }),
    ],
    [
      "broken JSON",
      () => new Response("{", { status: 500, headers: { "Content-Type": "application/problem+json" } }),
    ],
    ["JSON that is no problem document", () => json({ error: "x" }, 500)],
    ["null", () => json(null, 500)],
  ])("%s", async (_name, answer) => {
    const error = await failing(apiWith(answer).me());
    expect(error).toBeInstanceOf(NoAnswer);
    expect(sentenceOf(error)).toBe("Something went wrong on our side. Try again in a moment.");
  });

  test("a success that cannot be parsed", async () => {
    const api = apiWith(() => new Response("<html>", { status: 200 }));
    expect(await failing(api.me())).toBeInstanceOf(NoAnswer);
  });

  test("no network", async () => {
    const api = apiWith(() => Promise.reject(new TypeError("Failed to fetch")));
    expect(sentenceOf(await failing(api.me()))).toBe("The server cannot be reached. Try again in a moment.");
  });

  test("too late", async () => {
    const api = apiWith(() => Promise.reject(new DOMException("signal timed out", "TimeoutError")));
    expect(sentenceOf(await failing(api.me()))).toBe(
      "The server takes too long to answer. Try again in a moment.",
    );
  });
});

test("a request that the page gave up ends as an abort, not as an error to show", async () => {
  const stop = new AbortController();
  const api = apiWith(
    ({ init }) =>
      new Promise((_, reject) => init.signal?.addEventListener("abort", () => reject(init.signal?.reason))),
  );
  const request = failing(api.me(stop.signal));
  stop.abort();
  expect(await request).toMatchObject({ name: "AbortError" });
});
