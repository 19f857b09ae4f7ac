/** What you send, and the rules about it: ask for permission first, give way to staff, stop what is no longer allowed. */

import { effect } from "@preact/signals-core";
import type { ScreenContent } from "../media/encodings";
import { faultOf, sentenceFor } from "../media/faults";
import type { InputState, LocalMedia } from "../media/local";
import type { RoomMedia } from "../media/room";
import type { Permission, Permit, Problem, Producer, Source } from "../protocol/messages.gen";
import type { Notice, Outcome } from "./types";

const NEEDED: Record<Source, Permission> = {
  microphone: "media.publish_audio",
  camera: "media.publish_video",
  screen: "media.share_screen",
  "screen-audio": "media.share_screen",
};

export interface OwnMediaOptions {
  local: LocalMedia;
  media(): RoomMedia;
  permit(permission: Permission): Permit;
  onNotice(notice: Notice): void;
}

export class OwnMedia {
  private readonly options: OwnMediaOptions;

  constructor(options: OwnMediaOptions) {
    this.options = options;
  }

  /** Whether there is anything that you may send. */
  get mayPublish(): boolean {
    return (["microphone", "camera", "screen"] as const).some((source) => this.may(source).allowed);
  }

  /** Tells when a device goes away while it is in use; until the function returned is called. */
  watch(): () => void {
    const stops = (["microphone", "camera"] as const).map((source) => {
      let before: InputState["state"] = "off";
      return effect(() => {
        const { state, message } = this.options.local[source].value;
        const lost = state === "failed" && (before === "on" || before === "muted"); // failing to open goes by "starting"
        before = state;
        if (lost) this.options.onNotice({ kind: "device-lost", message });
      });
    });
    return () => {
      for (const stop of stops) stop();
    };
  }

  async toggleMicrophone(): Outcome {
    const { local } = this.options;
    if (isOn(local.microphone.peek())) {
      await local.setMicrophone(false);
      return null;
    }
    const problem = this.refusal("microphone");
    if (problem !== null) return problem;
    await local.setMicrophone(true);
    return faultIn(local.microphone.peek());
  }

  async toggleCamera(): Outcome {
    const { local } = this.options;
    if (isOn(local.camera.peek())) {
      await local.setCamera(false);
      return null;
    }
    const problem = this.refusal("camera");
    if (problem !== null) return problem;
    await local.setCamera(true);
    return faultIn(local.camera.peek());
  }

  async share(content: ScreenContent): Outcome {
    const problem = this.refusal("screen");
    if (problem !== null) return problem;
    try {
      await this.options.media().shares.start(content);
      return null;
    } catch (error) {
      const fault = faultOf(error, globalThis.isSecureContext);
      // The same error tells that the person closed the chooser, and that the system forbids sharing.
      const cancelled = fault === "denied" && !(error as Error).message.includes("system");
      return cancelled ? null : { code: `device.${fault}`, message: sentenceFor("screen", fault) };
    }
  }

  /** One of your shares, or all of them. */
  async stopShare(id?: string): Outcome {
    const { shares } = this.options.media();
    if (id === undefined) shares.stopAll();
    else shares.stop(id);
    return null;
  }

  /** Stops what you may not send (any more). To be called whenever permissions come. */
  enforce(): void {
    const { local, media } = this.options;
    for (const source of ["microphone", "camera"] as const) {
      const permit = this.may(source);
      if (permit.allowed || local[source].peek().state === "off") continue;
      const wasOn = isOn(local[source].peek());
      local.release(source);
      if (wasOn) this.notAllowed(permit.message);
    }
    const permit = this.may("screen");
    if (permit.allowed || media().shares.list.peek().length === 0) return;
    media().shares.stopAll();
    this.notAllowed(permit.message);
  }

  /** The server refused to take it. */
  refused(source: Source, problem: Problem): void {
    if (source === "microphone" || source === "camera") this.options.local.release(source);
    this.notAllowed(problem.message);
  }

  /** Staff paused it. Only you can resume: so your side is switched off as well, and stays so. */
  pausedByStaff({ id, source }: Producer): void {
    const { local, media, onNotice } = this.options;
    if (source === "microphone") {
      void local.setMicrophone(false);
      onNotice({ kind: "muted-by-staff", message: "The host muted you." });
    } else if (source === "camera") {
      local.release("camera");
      onNotice({ kind: "camera-stopped-by-staff", message: "The host stopped your camera." });
    } else {
      const shareId = media().shareOf(id);
      if (shareId === null) return;
      media().shares.stop(shareId);
      onNotice({ kind: "share-stopped-by-staff", message: "The host stopped your screen share." });
    }
  }

  private may(source: Source): Permit {
    return this.options.permit(NEEDED[source]);
  }

  private refusal(source: Source): Problem | null {
    const permit = this.may(source);
    return permit.allowed ? null : { code: "permission.denied", message: permit.message };
  }

  private notAllowed(message: string): void {
    this.options.onNotice({ kind: "not-allowed", message });
  }
}

function isOn({ state }: InputState): boolean {
  return state === "on" || state === "starting";
}

function faultIn({ state, fault, message }: InputState): Problem | null {
  return state === "failed" ? { code: `device.${fault ?? "unknown"}`, message } : null;
}
