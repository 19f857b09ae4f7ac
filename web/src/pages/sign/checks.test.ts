import { expect, test } from "vitest";
import { checkSignIn, checkSignUp } from "./checks";

const good = { email: "ada@example.org", password: "ten letters", name: "Ada" };

test("good forms have no errors", () => {
  expect(checkSignIn(good)).toEqual({});
  expect(checkSignUp(good)).toEqual({});
  expect(checkSignUp({ ...good, email: " ü.ä+tag@exämple.museum " })).toEqual({});
});

test.each(["", "   ", "ada", "ada@", "@example.org", "a b@c", "a@b@c"])("“%s” is no address", (email) => {
  expect(Object.keys(checkSignIn({ ...good, email }))).toEqual(["email"]);
});

test("a password is asked to be long only when it is chosen", () => {
  expect(checkSignIn({ ...good, password: "short" })).toEqual({});
  expect(checkSignUp({ ...good, password: "nine char" })).toEqual({
    password: "Use at least 10 characters.",
  });
});

test("all errors come at once", () => {
  expect(Object.keys(checkSignUp({ email: "", password: "", name: " " })).sort()).toEqual([
    "email",
    "name",
    "password",
  ]);
});
