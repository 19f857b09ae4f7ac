import { describe, expect, it } from "vitest";
import { ApiError, NoAnswer } from "../../../protocol/api";
import { Autosave, type Fresh } from "./autosave";
import type { Draft, Values } from "./draft";

interface Request {
  target: string;
  values: Values;
  version: number;
}

const refusal = (status: number, code: string, fields: Record<string, string> = {}) =>
  new ApiError({ code, message: `Refused: ${code}.`, status, fields, retryAfter: null });

/** A server with one session, and a clock that moves when it is told to. */
function scene() {
  const server = { version: 1, values: { title: "One", description: "" } as Record<string, unknown> };
  const requests: Request[] = [];
  const answers: (Error | null)[] = [];
  const timers = new Map<() => void, number>();
  const fresh = (): Fresh => ({ version: server.version, base: { session: { ...server.values } } });
  const save = async (target: string, values: Values, draft: Draft): Promise<Fresh> => {
    requests.push({ target, values, version: draft.version });
    const error = answers.shift();
    if (error) throw error;
    if (draft.version !== server.version) throw refusal(412, "version.conflict");
    Object.assign(server.values, values);
    server.version += 1;
    return fresh();
  };
  const autosave = new Autosave(fresh(), {
    save,
    load: async () => fresh(),
    after: (ms, call) => {
      timers.set(call, ms);
      return () => timers.delete(call);
    },
    now: () => new Date("2030-01-01T14:02:00Z"),
  });
  const elapse = async () => {
    const due = [...timers.keys()];
    timers.clear();
    for (const call of due) call();
    await autosave.flush();
  };
  return { server, requests, answers, timers, autosave, elapse };
}

const waits = (timers: Map<() => void, number>) => [...timers.values()];

describe("saving by itself", () => {
  it("waits 1.5 s after the last edit, and sends once", async () => {
    const { autosave, timers, requests, elapse } = scene();
    autosave.edit("session", "title", "T");
    autosave.edit("session", "title", "Two");
    expect(waits(timers)).toEqual([1500]);
    expect(autosave.phase.value).toBe("waiting");
    expect(requests).toEqual([]);
    await elapse();
    expect(requests).toEqual([{ target: "session", values: { title: "Two" }, version: 1 }]);
    expect(autosave.phase.value).toBe("idle");
    expect(autosave.savedAt.value?.toISOString()).toBe("2030-01-01T14:02:00.000Z");
  });

  it("names the version that the save before it made", async () => {
    const { autosave, requests } = scene();
    autosave.edit("session", "title", "Two");
    await autosave.flush();
    autosave.edit("session", "description", "More");
    await autosave.flush();
    expect(requests.map(({ version }) => version)).toEqual([1, 2]);
    expect(requests[1]?.values).toEqual({ description: "More" });
  });

  it("leaves what is typed while it saves to the next pause", async () => {
    const { autosave, requests, timers, elapse } = scene();
    autosave.edit("session", "title", "Two");
    const first = autosave.flush();
    while (requests.length === 0) await Promise.resolve();
    autosave.edit("session", "title", "Two and");
    await first;
    expect(requests).toHaveLength(1);
    expect(autosave.phase.value).toBe("waiting");
    expect(waits(timers)).toEqual([1500]);
    await elapse();
    expect(requests[1]).toEqual({ target: "session", values: { title: "Two and" }, version: 2 });
  });

  it("does nothing when the text is as it was", async () => {
    const { autosave, timers, requests } = scene();
    autosave.edit("session", "title", "Two");
    autosave.edit("session", "title", "One");
    expect(waits(timers)).toEqual([]);
    expect(await autosave.flush()).toBe(true);
    expect(requests).toEqual([]);
    expect(autosave.phase.value).toBe("idle");
  });
});

describe("two editors", () => {
  it("saves over a version in which somebody else changed another field", async () => {
    const { autosave, server, requests, elapse } = scene();
    server.version = 7;
    server.values["description"] = "Theirs";
    autosave.edit("session", "title", "Two");
    await elapse();
    expect(requests.map(({ version }) => version)).toEqual([1, 7]);
    expect(server.values).toEqual({ title: "Two", description: "Theirs" });
  });

  it("asks when both changed the same, and says so when leaving", async () => {
    const { autosave, server, elapse } = scene();
    server.version = 7;
    server.values["title"] = "Zwei";
    autosave.edit("session", "title", "Two");
    await elapse();
    expect(server.values["title"]).toBe("Zwei");
    expect(await autosave.flush()).toBe(false);
    autosave.resolve("session", "title", "mine");
    expect(await autosave.flush()).toBe(true);
    expect(server.values["title"]).toBe("Two");
  });

  it("says that what was being changed was removed, and saves the rest", async () => {
    const { autosave, server, answers } = scene();
    autosave.edit("seat/1", "max", 5);
    autosave.edit("session", "title", "Two");
    answers.push(refusal(404, "seat.not_found"));
    expect(await autosave.flush()).toBe(true);
    expect(autosave.lost.value).toBe(1);
    expect(server.values["title"]).toBe("Two");
  });

  it("does not go round for ever", async () => {
    const { autosave, answers } = scene();
    answers.push(...Array.from({ length: 6 }, () => refusal(412, "version.conflict")));
    autosave.edit("session", "title", "Two");
    await autosave.flush();
    expect(autosave.phase.value).toBe("failed");
  });
});

describe("failing", () => {
  it("tries again by itself, ever more slowly, and keeps what was typed", async () => {
    const { autosave, answers, timers, requests, elapse } = scene();
    answers.push(new NoAnswer("You are offline."), new NoAnswer("You are offline."));
    autosave.edit("session", "title", "Two");
    await autosave.flush();
    expect(autosave.phase.value).toBe("failed");
    expect(autosave.trouble.value).toBe("You are offline.");
    expect(waits(timers)).toEqual([2000]);
    await autosave.flush();
    expect(waits(timers)).toEqual([4000]);
    await elapse();
    expect(requests.map(({ values }) => values)).toEqual(Array(3).fill({ title: "Two" }));
    expect(autosave.phase.value).toBe("idle");
    expect(autosave.trouble.value).toBeNull();
  });

  it("waits for a person when signed out", async () => {
    const { autosave, answers, timers } = scene();
    answers.push(refusal(401, "auth.required"));
    autosave.edit("session", "title", "Two");
    expect(await autosave.flush()).toBe(false);
    expect(waits(timers)).toEqual([]);
    expect(await autosave.flush()).toBe(true);
  });

  it("puts a refusal beside its field and saves the rest", async () => {
    const { autosave, answers, server } = scene();
    answers.push(refusal(422, "validation", { title: "Too short." }));
    autosave.edit("session", "title", "");
    autosave.edit("session", "description", "Text");
    expect(await autosave.flush()).toBe(false);
    expect(server.values).toEqual({ title: "One", description: "Text" });
    expect(autosave.draft.value.errors["session"]).toEqual({ title: "Too short." });
  });
});

describe("acting at once", () => {
  it("saves first, and tries once more with the version that there is", async () => {
    const { autosave, server, requests } = scene();
    autosave.edit("session", "title", "Two");
    const versions: number[] = [];
    await autosave.act(async (version) => {
      versions.push(version);
      if (versions.length === 1) server.version = 9;
      if (version !== server.version) throw refusal(412, "version.conflict");
      server.version += 1;
      return { version: server.version, base: { session: { ...server.values } } };
    });
    expect(requests).toHaveLength(1);
    expect(versions).toEqual([2, 9]);
    expect(autosave.draft.value.version).toBe(10);
  });

  it("hands on what was refused", async () => {
    const { autosave } = scene();
    const work = async () => Promise.reject(refusal(409, "seat.last"));
    await expect(autosave.act(work)).rejects.toThrow("Refused: seat.last.");
  });
});
