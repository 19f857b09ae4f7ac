import { describe, expect, it } from "vitest";
import type { Wish } from "./capture";
import { DeviceInput } from "./input";

/** Stands for the browser's track: it cannot be had without a browser. */
class Track extends EventTarget {
  enabled = true;
  readyState: MediaStreamTrackState = "live";
  private readonly deviceId: string;
  constructor(deviceId: string) {
    super();
    this.deviceId = deviceId;
  }
  getSettings(): MediaTrackSettings {
    return { deviceId: this.deviceId };
  }
  stop(): void {
    this.readyState = "ended";
  }
  unplug(): void {
    this.readyState = "ended";
    this.dispatchEvent(new Event("ended"));
  }
}

interface Asked {
  wish: Wish;
  give(deviceId?: string): Track;
  refuse(name: string): void;
}

/** An input whose browser is played by hand. */
function inputWithBrowser(kind: "microphone" | "camera" = "microphone") {
  const asked: Asked[] = [];
  let lost = 0;
  const input = new DeviceInput({
    kind,
    deviceId: null,
    secure: () => true,
    onLost: () => {
      lost += 1;
    },
    acquire: (wish) =>
      new Promise((resolve, reject) => {
        asked.push({
          wish,
          give: (deviceId = wish.deviceId ?? "default") => {
            const track = new Track(deviceId);
            resolve(track as unknown as MediaStreamTrack);
            return track;
          },
          refuse: (name) => reject(Object.assign(new Error("from the browser"), { name })),
        });
      }),
  });
  const last = () => {
    const one = asked.at(-1);
    if (one === undefined) throw new Error("nothing was asked of the browser");
    return one;
  };
  return { input, asked, last, lost: () => lost };
}

const settled = () => new Promise((resolve) => setTimeout(resolve));

describe("DeviceInput", () => {
  it("off → starting → on", async () => {
    const { input, last } = inputWithBrowser();
    const done = input.on();
    expect(input.state.value.state).toBe("starting");
    const track = last().give("usb");
    await done;
    expect(input.state.value).toEqual({ state: "on", deviceId: "usb", fault: null, message: "" });
    expect(input.track.value).toBe(track);
  });

  it("on → muted → on, without asking the browser again", async () => {
    const { input, asked, last } = inputWithBrowser();
    const done = input.on();
    const track = last().give();
    await done;
    input.mute();
    expect([input.state.value.state, track.enabled]).toEqual(["muted", false]);
    await input.on();
    expect([input.state.value.state, track.enabled, asked.length]).toEqual(["on", true, 1]);
  });

  it("starting → muted: what was opened is silent from the start", async () => {
    const { input, last } = inputWithBrowser();
    const done = input.on();
    input.mute();
    const track = last().give();
    await done;
    expect([input.state.value.state, track.enabled]).toEqual(["muted", false]);
  });

  it("starting → off: a track that comes too late is stopped", async () => {
    const { input, last } = inputWithBrowser();
    const done = input.on();
    input.off();
    const track = last().give();
    await done;
    expect([input.state.value.state, track.readyState, input.track.value]).toEqual(["off", "ended", null]);
  });

  it("on → off stops the track: the light goes out", async () => {
    const { input, last } = inputWithBrowser("camera");
    const done = input.on();
    const track = last().give();
    await done;
    input.off();
    expect([input.state.value.state, track.readyState, input.track.value]).toEqual(["off", "ended", null]);
  });

  it("off → muted opens nothing", () => {
    const { input, asked } = inputWithBrowser();
    input.mute();
    expect([input.state.value.state, asked.length]).toEqual(["off", 0]);
  });

  it.each([
    ["NotAllowedError", "denied"],
    ["NotFoundError", "missing"],
    ["NotReadableError", "busy"],
    ["TypeError", "unknown"],
  ])("starting → failed: %s is %s", async (name, fault) => {
    const { input, last } = inputWithBrowser();
    const done = input.on();
    last().refuse(name);
    await done;
    expect(input.state.value).toMatchObject({ state: "failed", fault });
    expect(input.state.value.message).toContain("microphone");
  });

  it("failed → starting, when asked again", async () => {
    const { input, last, asked } = inputWithBrowser();
    const first = input.on();
    last().refuse("NotReadableError");
    await first;
    const second = input.on();
    last().give();
    await second;
    expect([input.state.value.state, asked.length]).toEqual(["on", 2]);
  });

  it("switching keeps the mute, and the old track until the new one is there", async () => {
    const { input, last } = inputWithBrowser();
    const done = input.on();
    const old = last().give();
    await done;
    input.mute();
    const switched = input.choose("usb");
    expect(last().wish).toMatchObject({ deviceId: "usb", exact: true });
    expect([input.track.value, old.readyState]).toEqual([old, "ended"]);
    const track = last().give();
    await switched;
    expect([input.track.value, track.enabled, input.state.value.state]).toEqual([track, false, "muted"]);
  });

  it("of two switches the last one counts", async () => {
    const { input, asked, last } = inputWithBrowser();
    const done = input.on();
    last().give();
    await done;
    const slow = input.choose("slow");
    const fast = input.choose("fast");
    const kept = last().give();
    const late = asked[1]?.give();
    await Promise.all([slow, fast]);
    expect([input.track.value, late?.readyState]).toEqual([kept, "ended"]);
  });

  it("choosing while off only remembers", async () => {
    const { input, asked } = inputWithBrowser();
    await input.choose("usb");
    expect([asked.length, input.state.value.deviceId]).toEqual([0, "usb"]);
  });

  it("on → failed when it is unplugged, and back when one is plugged in", async () => {
    const { input, last, lost } = inputWithBrowser();
    const done = input.on();
    const track = last().give();
    await done;
    track.unplug();
    expect([input.state.value.state, input.state.value.fault, input.track.value, lost()]).toEqual([
      "failed",
      "missing",
      null,
      1,
    ]);
    const again = input.devicesChanged();
    last().give();
    await again;
    expect(input.state.value.state).toBe("on");
  });

  it("our own stopping is no unplugging", async () => {
    const { input, last, lost } = inputWithBrowser();
    const done = input.on();
    const track = last().give();
    await done;
    input.off();
    track.dispatchEvent(new Event("ended"));
    await settled();
    expect([input.state.value.state, lost()]).toEqual(["off", 0]);
  });
});
