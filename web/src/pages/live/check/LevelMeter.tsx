import { useSignalEffect } from "@preact/signals";
import { useRef } from "preact/hooks";
import type { LocalMedia } from "../../../media/local";

/** How loud you are. It is drawn past the component, ten times a second, so that nothing else is. */
export function LevelMeter({ local }: { local: LocalMedia }) {
  const meter = useRef<HTMLDivElement>(null);
  useSignalEffect(() => {
    const level = local.microphone.value.state === "on" ? local.microphoneLevel.value : 0;
    meter.current?.style.setProperty("--level", level.toFixed(2));
    meter.current?.setAttribute("aria-valuenow", String(Math.round(level * 100)));
  });
  return (
    // biome-ignore lint/a11y/useSemanticElements: a <meter> cannot be drawn alike everywhere
    <div
      ref={meter}
      class="level"
      role="meter"
      aria-label="Microphone level"
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={0}
    />
  );
}
