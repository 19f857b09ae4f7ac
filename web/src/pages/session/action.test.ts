import { describe, expect, test } from "vitest";
import type { Registration, RegistrationStatus, Seats } from "../../protocol/api";
import { actionFor, type Facts } from "./action";

const host: Seats = {
  kind: "h",
  part: "host",
  name: "Host",
  role: "facilitator",
  taken: 0,
  max: 1,
  approval: true,
};
const guest: Seats = {
  kind: "g",
  part: "guest",
  name: "Participant",
  role: "participant",
  taken: 3,
  max: 8,
  approval: false,
};
const observer: Seats = {
  kind: "o",
  part: "observer",
  name: "Observer",
  role: "observer",
  taken: 9,
  max: null,
  approval: false,
};
const seats = [host, observer, guest];
const fullSeats = [host, observer, { ...guest, taken: 8 }];

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
    part: "guest",
    role: "participant",
    status,
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
};
const registered: Partial<Facts> = { roles: ["participant"], registration: mine("registered"), join: notYet };

const act = (change: Partial<Facts>) => actionFor({ ...open, ...change });

describe("registering", () => {
  test("offers the seats that are free to take, the usual one first", () => {
    expect(act({})).toEqual({
      message: "",
      button: { kind: "register", seats: [guest, observer] },
      mayCancel: false,
    });
  });

  test("asks strangers to sign in first", () => {
    expect(act({ signedIn: false })).toMatchObject({
      message: "You sign in first and come back here.",
      button: { kind: "sign-in", label: "Register" },
    });
  });

  test("tells when only other seats are left", () => {
    const action = act({ label: "Full", seats: fullSeats });
    expect(action.message).toBe("Participant seats are all taken.");
    expect(action.button).toEqual({ kind: "register", seats: [observer] });
  });

  test.each([
    ["full", { label: "Full", register: full } as const, /full.*Look in again/],
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
      mayCancel: false,
    });
  });
});

describe("with a seat", () => {
  test("tells when the doors open, and lets one cancel", () => {
    expect(act(registered)).toEqual({
      message: "You have a seat. You can join at 18:45, in 25 minutes.",
      button: null,
      mayCancel: true,
    });
  });

  test("joins once the doors are open", () => {
    expect(act({ ...registered, join: yes, opens: null })).toEqual({
      message: "The doors are open.",
      button: { kind: "join" },
      mayCancel: true,
    });
    expect(act({ ...registered, label: "In progress", join: yes, opens: null }).button).toEqual({
      kind: "join",
    });
  });

  test("waits while it is not approved", () => {
    expect(act({ ...registered, registration: mine("pending") })).toEqual({
      message: "Your registration waits for approval.",
      button: null,
      mayCancel: true,
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
      expect(action).toMatchObject({ button: null, mayCancel: false });
    }
  },
);
