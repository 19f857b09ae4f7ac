import { describe, expect, it } from "vitest";
import { rememberedRoute } from "./route";

function shelf(content: string | null = null) {
  let kept = content;
  return {
    getItem: () => kept,
    setItem: (_key: string, value: string) => {
      kept = value;
    },
  };
}

describe("the relay alone", () => {
  it("is used only by who asked for it, and next time again", () => {
    const kept = shelf();
    const first = rememberedRoute(kept);
    expect(first.value).toBe(false);
    first.value = true;
    expect(rememberedRoute(kept).value).toBe(true);
    first.value = false;
    expect(rememberedRoute(kept).value).toBe(false);
  });

  it("is not used because of a broken shelf", () => {
    expect(rememberedRoute(shelf("{}")).value).toBe(false);
    expect(rememberedRoute(null).value).toBe(false);
    const refusing = {
      getItem: () => {
        throw new Error("forbidden");
      },
      setItem: () => {
        throw new Error("quota");
      },
    };
    const route = rememberedRoute(refusing);
    route.value = true;
    expect(route.value).toBe(true);
  });
});
