import { expect, test } from "vitest";
import { place } from "./place";

const view = { width: 360, height: 640 };
const menu = { width: 200, height: 300 };

test("stands below and flush with the end of its button", () => {
  const button = { left: 300, top: 8, width: 44, height: 44 };
  expect(place(button, menu, view, "bottom", "end")).toEqual({ left: 144, top: 58 });
});

test("turns up where there is no room below", () => {
  const button = { left: 100, top: 580, width: 44, height: 44 };
  expect(place(button, menu, view, "bottom", "start").top).toBe(580 - 300 - 6);
});

test("never leaves the window", () => {
  const button = { left: 4, top: 300, width: 44, height: 44 };
  expect(place(button, menu, view, "top", "center")).toEqual({ left: 8, top: 8 });
  const right = { left: 340, top: 0, width: 20, height: 20 };
  expect(place(right, { width: 120, height: 24 }, view, "top", "center").left).toBe(360 - 120 - 8);
});

test("stays at the start when it is larger than the window", () => {
  const button = { left: 10, top: 10, width: 44, height: 44 };
  expect(place(button, { width: 400, height: 700 }, view, "bottom", "start")).toEqual({ left: 8, top: 8 });
});
