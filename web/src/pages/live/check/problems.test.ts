import { describe, expect, it } from "vitest";
import { adviceFor, howToAllow } from "./problems";

const CHROME =
  "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/150.0.0.0 Safari/537.36";
const FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Firefox/153.0";
const SAFARI =
  "Mozilla/5.0 (Macintosh) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/19.0 Safari/605.1.15";
const IPHONE =
  "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0) AppleWebKit/605.1.15 Version/19.0 Mobile/15E148 Safari/604.1";
const ANDROID = "Mozilla/5.0 (Linux; Android 16) AppleWebKit/537.36 Chrome/150.0.0.0 Mobile Safari/537.36";

describe("adviceFor", () => {
  it("says where this browser keeps the permission", () => {
    const ways = [CHROME, FIREFOX, SAFARI, IPHONE, ANDROID].map((agent) => howToAllow("camera", agent));
    expect(new Set(ways).size).toBe(5);
    expect(ways[2]).toContain("Safari");
    expect(ways[0]).not.toContain("Safari");
  });

  it("names the device and a next step for every fault", () => {
    for (const fault of ["denied", "missing", "busy", "insecure", "unknown"] as const) {
      const advice = adviceFor("microphone", fault, CHROME);
      expect(advice.title.length).toBeGreaterThan(10);
      expect(advice.steps.length).toBeGreaterThan(10);
      expect(`${advice.title} ${advice.steps}`).not.toContain("!");
    }
  });
});
