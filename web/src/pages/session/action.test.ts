import { describe, expect, test } from "vitest";
import type { Registration, RegistrationStatus, Seats } from "../../protocol/api";
import { actionFor, type Facts, ordinal } from "./action";

function waiting(free: number | null, mode: Seats["waitlist"]["mode"] = "off", count = 0) {
  return { free, waitlist: { mode, waiting: count } };
}

const host: Seats = {
  kind: "h",
  part: "host",
  name: "Host",
  role: "facilitator",
  taken: 0,
  max: 1,
  approval: true,
  ...waiting(0),
};
const guest: Seats = {
  kind: "g",
  part: "guest",
  name: "Participant",
  role: "participant",
  taken: 3,
  max: 8,
  approval: false,
  ...waiting(5),
};
const observer: Seats = {
  kind: "o",
  part: "observer",
  name: "Observer",
  role: "observer",
  taken: 9,
  max: null,
  approval: false,
  ...waiting(null),
};
const seats = [host, observer, guest];
const fullGuest = { ...guest, taken: 8, free: 0 };
const fullSeats = [host, observer, fullGuest];

const yes = { allowed: true, message: "" };
const notYet = { allowed: false, code: "room.not_open", message: "The room is not open yet." };
const unregistered = {
  allowed: false,
  code: "registration.required",
  message: "Register for this session to join it.",
};
const closed = { allowed: false, code: "registration.closed", message: "Registration is closed." };
const full = { allowed: false, code: "registration.full", message: "All seats are taken." };

function mine(status: RegistrationStatus): Registration {
  return {
    id: "r",
    timeslotId: "t",
    name: "Ada",
    email: null,
    seatKindId: "g",
    part: "guest",
    role: "participant",
    status,
    position: status === "waitlisted" ? 3 : null,
    offerExpiresAt: null,
    message: null,
    answers: {},
    warnings: [],
    createdAt: "2026-11-21T12:00:00Z",
  };
}

const open: Facts = {
  label: "Open",
  signedIn: true,
  roles: [],
  registration: null,
  seats,
  register: yes,
  join: unregistered,
  opens: "at 18:45, in 25 minutes",
  joinCondition: "free",
  invited: false,
  offerUntil: null,
  tooLateToCancel: false,
};
const take = (seat: Seats) => ({ ...seat, way: "take" });
const registered: Partial<Facts> = { roles: ["participant"], registration: mine("registered"), join: notYet };

const act = (change: Partial<Facts>) => actionFor({ ...open, ...change });

describe("registering", () => {
  test("offers the seats that are free to take, the usual one first", () => {
    expect(act({})).toEqual({
      message: "",
      button: { kind: "register", seats: [take(guest), take(observer)] },
      mayCancel: null,
    });
  });

  test("asks strangers to sign in first", () => {
    expect(act({ signedIn: false })).toMatchObject({
      message: "You sign in first and come back here.",
      button: { kind: "sign-in", label: "Register" },
    });
  });

  test("leaves out what is full and has no waitlist", () => {
    const action = act({ label: "Full", seats: fullSeats });
    expect(action.button).toEqual({ kind: "register", seats: [take(observer)] });
  });

  test.each([
    ["full", { label: "Full", register: full, seats: [host, fullGuest] } as const, /full.*Look in again/],
    ["closed", { label: "Scheduled closed", register: closed } as const, /^Registration is closed\.$/],
  ])("%s: no button, and why", (_name, change, message) => {
    const action = act(change);
    expect(action.button).toBeNull();
    expect(action.message).toMatch(message);
  });

  test("is still possible while it runs", () => {
    expect(act({ label: "In progress" })).toMatchObject({
      message: "This session is in progress.",
      button: { kind: "register" },
    });
  });

  test("is offered again after one was cancelled", () => {
    expect(act({ registration: mine("cancelled") })).toMatchObject({
      button: { kind: "register" },
      mayCancel: null,
    });
  });
});

describe("waiting for a seat", () => {
  const queue = { ...fullGuest, ...waiting(0, "offer", 2) };

  test("is offered where all are taken", () => {
    expect(act({ label: "Full", register: full, seats: [host, queue] })).toMatchObject({
      message: "All seats are taken. You can wait for one that becomes free.",
      button: { kind: "register", seats: [{ kind: "g", way: "wait" }] },
    });
  });

  test("comes after what can be had at once", () => {
    const action = act({ seats: [host, queue, observer] });
    expect(action.message).toBe("Participant seats are all taken.");
    expect(action.button).toMatchObject({
      seats: [
        { kind: "o", way: "take" },
        { kind: "g", way: "wait" },
      ],
    });
  });

  test("has a position, and can be given up", () => {
    expect(act({ label: "Full", registration: mine("waitlisted") })).toEqual({
      message: "You are 3rd on the waitlist. When a seat becomes free for you, you get an email.",
      button: null,
      mayCancel: "place",
    });
  });

  test("ends with an offer", () => {
    expect(act({ registration: mine("offered"), offerUntil: "until tomorrow" })).toEqual({
      message: "A seat is free for you. It is kept for you until tomorrow.",
      button: { kind: "offer" },
      mayCancel: null,
    });
  });
});

describe("asking for a seat", () => {
  test.each([
    ["the whole session", { joinCondition: "ask" } as const],
    ["one kind of seat", { seats: [{ ...guest, approval: true }] }],
  ])("%s", (_name, change) => {
    expect(act(change).button).toMatchObject({
      kind: "register",
      seats: expect.arrayContaining([expect.objectContaining({ way: "ask" })]),
    });
  });

  test("an invitation opens what takes one, at once", () => {
    const closed = {
      allowed: false,
      code: "registration.invite_only",
      message: "A place takes an invitation.",
    };
    expect(act({ joinCondition: "invite", register: closed })).toMatchObject({
      message: "A place takes an invitation.",
      button: null,
    });
    expect(act({ joinCondition: "invite", register: closed, invited: true }).button).toMatchObject({
      seats: [{ way: "take" }, { way: "take" }],
    });
  });
});

test("after the deadline a seat is kept", () => {
  expect(act({ ...registered, tooLateToCancel: true }).mayCancel).toBeNull();
  expect(act({ registration: mine("pending"), tooLateToCancel: true }).mayCancel).toBe("request");
});

test.each([
  [1, "1st"],
  [2, "2nd"],
  [3, "3rd"],
  [4, "4th"],
  [11, "11th"],
  [22, "22nd"],
])("%i is %s", (number, words) => expect(ordinal(number)).toBe(words));

describe("with a seat", () => {
  test("tells when the doors open, and lets one cancel", () => {
    expect(act(registered)).toEqual({
      message: "You have a seat. You can join at 18:45, in 25 minutes.",
      button: null,
      mayCancel: "seat",
    });
  });

  test("joins once the doors are open", () => {
    expect(act({ ...registered, join: yes, opens: null })).toEqual({
      message: "The doors are open.",
      button: { kind: "join" },
      mayCancel: "seat",
    });
    expect(act({ ...registered, label: "In progress", join: yes, opens: null }).button).toEqual({
      kind: "join",
    });
  });

  test("waits while it is not approved", () => {
    expect(act({ ...registered, registration: mine("pending") })).toEqual({
      message: "Your request waits for an answer. You get it by email.",
      button: null,
      mayCancel: "request",
    });
  });

  test("says something when the room's card did not load", () => {
    expect(act({ ...registered, join: null, opens: null }).message).toBe(
      "You have a seat. You can join when it starts.",
    );
  });
});

describe("with a role", () => {
  test("staff may come early", () => {
    const action = act({ roles: ["facilitator"], join: yes });
    expect(action.button).toEqual({ kind: "join" });
    expect(action.message).toBe("You can go in and prepare. Others come in at 18:45, in 25 minutes.");
  });

  test("an observer waits for the doors and need not register", () => {
    expect(act({ roles: ["observer"], join: notYet })).toMatchObject({
      message: "You can join at 18:45, in 25 minutes.",
      button: null,
    });
  });
});

test("strangers sign in to a session that runs", () => {
  expect(act({ label: "In progress", signedIn: false, opens: null })).toMatchObject({
    button: { kind: "sign-in", label: "Sign in to join" },
  });
});

test.each(["Cancelled", "Completed", "Draft"] as const)(
  "%s: a sentence and no button, whoever asks",
  (label) => {
    for (const change of [{}, registered, { signedIn: false }, { join: yes }]) {
      const action = act({ ...change, label });
      expect(action.message).not.toBe("");
      expect(action).toMatchObject({ button: null, mayCancel: null });
    }
  },
);
