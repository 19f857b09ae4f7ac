import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";

const css = readFileSync(new URL("./tokens.css", import.meta.url), "utf8");

const THEMES = ["light", "dark"] as const;
type Theme = (typeof THEMES)[number];
type Colour = [red: number, green: number, blue: number];

const declared = new Map(
  [...css.matchAll(/--([\w-]+):\s*([^;]+);/g)].map(([, name = "", value = ""]) => [name, value]),
);

function colour(name: string, theme: Theme): Colour {
  return parse(declared.get(name) ?? "", theme, name);
}

function parse(value: string, theme: Theme, name: string): Colour {
  const alias = /^var\(--([\w-]+)\)$/.exec(value.trim());
  if (alias?.[1]) return colour(alias[1], theme);
  const pair = /^light-dark\(\s*(#\w{6})\s*,\s*(#\w{6})\s*\)$/.exec(value.trim());
  const hex = pair ? pair[theme === "light" ? 1 : 2] : value.trim();
  if (!hex || !/^#[0-9a-f]{6}$/i.test(hex)) throw new Error(`--${name} is no colour: ${value}`);
  return [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16) / 255) as Colour;
}

/** WCAG 2.2, relative luminance and contrast ratio. */
function luminance(rgb: Colour): number {
  const [red, green, blue] = rgb.map((part) =>
    part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4,
  ) as Colour;
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(a: Colour, b: Colour): number {
  const [dark = 0, light = 0] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (light + 0.05) / (dark + 0.05);
}

const GROUNDS = ["page", "surface", "surface-raised", "surface-sunken", "hover", "neutral-4"];
const SIGNALS = ["accent", "danger", "warning", "success"];

const text: [text: string, ground: string][] = [
  ...GROUNDS.flatMap((ground): [string, string][] => [
    ["text", ground],
    ["text-muted", ground],
    ["accent-text", ground],
    ["danger-text", ground],
  ]),
  ["text", "pressed"],
  ["text-muted", "neutral-5"],
  ...SIGNALS.flatMap((signal): [string, string][] => [
    [`on-${signal}`, signal],
    [`${signal}-text`, `${signal}-soft`],
    [`${signal}-text`, "surface"],
  ]),
  ["on-accent", "accent-hover"],
  ["on-danger", "danger-hover"],
  ...Array.from({ length: 12 }, (_, at): [string, string] => [`hue-${at + 1}-text`, `hue-${at + 1}`]),
];

const shapes: [shape: string, ground: string][] = ["page", "surface", "surface-raised"].flatMap((ground) =>
  ["border-strong", "focus", "accent", "danger", "warning", "success", "speaking"].map(
    (shape): [string, string] => [shape, ground],
  ),
);

describe.each(THEMES)("in the %s theme", (theme) => {
  test.each(text)("%s can be read on %s", (words, ground) => {
    expect(contrast(colour(words, theme), colour(ground, theme))).toBeGreaterThanOrEqual(4.5);
  });

  test.each(shapes)("%s can be seen on %s", (shape, ground) => {
    expect(contrast(colour(shape, theme), colour(ground, theme))).toBeGreaterThanOrEqual(3);
  });
});

test("black on white has the contrast that WCAG states", () => {
  expect(contrast([0, 0, 0], [1, 1, 1])).toBeCloseTo(21);
});
