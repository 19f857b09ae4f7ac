import { describe, expect, it } from "vitest";
import { type Choices, NO_CHOICES, readChoices, writeChoices } from "./choices";

function shelf(content: string | null = null) {
  let kept = content;
  return {
    getItem: () => kept,
    setItem: (_key: string, value: string) => {
      kept = value;
    },
  };
}

describe("choices", () => {
  it("are read as they were written", () => {
    const choices: Choices = {
      microphone: "m",
      camera: null,
      speaker: "s",
      microphoneOn: false,
      cameraOn: true,
    };
    const kept = shelf();
    writeChoices(kept, choices);
    expect(readChoices(kept)).toEqual(choices);
  });

  it.each([["not json"], ["null"], ["7"], ['{"microphone": 7, "cameraOn": "no"}']])(
    "of a broken shelf (%s) are none",
    (content) => {
      expect(readChoices(shelf(content))).toEqual(NO_CHOICES);
    },
  );

  it("hold without a shelf, and when it refuses", () => {
    expect(readChoices(null)).toEqual(NO_CHOICES);
    const full = {
      getItem: () => null,
      setItem: () => {
        throw new Error("quota");
      },
    };
    expect(() => writeChoices(full, NO_CHOICES)).not.toThrow();
  });
});
