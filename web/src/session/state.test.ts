import { describe, expect, it } from "vitest";
import type { RoomEvent, Snapshot } from "../protocol/messages.gen";
import { RoomProblem } from "../protocol/problem";
import type { Ask } from "../protocol/socket";
import { message, snapshot } from "./samples.test-data";
import { RoomState } from "./state";

function posted(seq: number): RoomEvent {
  return { type: "chat.posted", seq, at: seq, message: message(seq) };
}

/** A room state whose requests are answered by hand. */
function stateWithServer() {
  const answers: { resolve(snapshot: Snapshot): void; reject(error: unknown): void }[] = [];
  const applied: number[] = [];
  const snapshots: number[] = [];
  const ask = ((name: string) => {
    expect(name).toBe("room.sync");
    return new Promise((resolve, reject) => answers.push({ resolve, reject }));
  }) as unknown as Ask;
  const state = new RoomState({
    ask,
    onEvent: (event) => applied.push(event.seq),
    onSnapshot: (fresh) => snapshots.push(fresh.seq),
  });
  return { state, answers, applied, snapshots };
}

const settled = () => new Promise((resolve) => setTimeout(resolve));

describe("RoomState", () => {
  it("applies events in their order, each once", () => {
    const { state, applied } = stateWithServer();
    state.take(posted(11)); // before the welcome
    state.begin(snapshot());
    for (const seq of [10, 11, 11, 12]) state.take(posted(seq));
    expect(applied).toEqual([11, 12]);
    expect(state.seq).toBe(12);
  });

  it("asks for a snapshot at a gap, and applies what came meanwhile", async () => {
    const { state, answers, applied, snapshots } = stateWithServer();
    state.begin(snapshot());
    for (const seq of [13, 14, 15]) state.take(posted(seq));
    expect([applied, answers.length]).toEqual([[], 1]);
    answers[0]?.resolve({ ...snapshot({ seq: 14 }), ok: true } as Snapshot);
    await settled();
    expect(snapshots).toEqual([14]);
    expect(applied).toEqual([15]);
    expect(state.snapshot.value).not.toHaveProperty("ok");
  });

  it("tries again with the next event when the snapshot could not be had", async () => {
    const { state, answers, applied } = stateWithServer();
    state.begin(snapshot());
    state.take(posted(12));
    answers[0]?.reject(new RoomProblem({ code: "connection.lost", message: "" }));
    await settled();
    expect(applied).toEqual([]);
    state.take(posted(13));
    expect(answers.length).toBe(2);
  });

  it("a new welcome makes the awaited snapshot pointless", async () => {
    const { state, answers, snapshots } = stateWithServer();
    state.begin(snapshot());
    state.take(posted(12));
    state.begin(snapshot({ seq: 20 }));
    answers[0]?.resolve(snapshot({ seq: 12 }));
    await settled();
    expect(snapshots).toEqual([]);
    expect(state.seq).toBe(20);
  });
});
