import { Maximize, Minimize, Monitor, ZoomIn, ZoomOut } from "lucide-preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { RoomSession, Screen } from "../../../session";
import { Icon, IconButton, Spinner } from "../../../ui";
import { Held } from "./Held";
import { useDragToScroll } from "./useDragToScroll";
import { useShown } from "./useShown";
import { Video } from "./Video";

const ZOOMS = [1, 1.5, 2, 3, 4] as const;

export function screenName(screen: Screen): string {
  return `${screen.participant.name}'s screen`;
}

/** A shared screen in the large place, with zoom and fullscreen. */
export function ScreenView({ session, screen }: { session: RoomSession; screen: Screen }) {
  const frame = useRef<HTMLDivElement>(null);
  const scroller = useRef<HTMLDivElement>(null);
  const [step, setStep] = useState(0);
  const picture = useShown<HTMLDivElement>(session, { producerId: screen.id, fit: "contain", whole: true });
  const drag = useDragToScroll(scroller);
  const zoom = ZOOMS[step] ?? 1;
  const size = { width: `${zoom * 100}%`, height: `${zoom * 100}%` };
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset is for form fields
    <div class="screen" role="group" aria-label={screenName(screen)} ref={frame}>
      {/* biome-ignore lint/a11y/noStaticElementInteractions: dragging only scrolls, which the arrow keys do too */}
      <div
        class="screen-scroller"
        ref={scroller}
        tabIndex={zoom > 1 ? 0 : -1}
        onDblClick={() => setStep(step === 0 ? 2 : 0)}
        {...drag}
      >
        <div class="screen-picture" style={size} ref={picture}>
          <Video track={screen.track} fit="contain" />
        </div>
      </div>
      {screen.held && <Held />}
      {screen.track === null && (
        <p class="screen-waiting">
          <Spinner /> The picture is on its way.
        </p>
      )}
      <span class="tile-label">
        <Icon of={Monitor} size={16} />
        <span class="tile-name" dir="auto">
          {screenName(screen)}
        </span>
      </span>
      <ScreenTools step={step} onStep={setStep} frame={frame} />
    </div>
  );
}

interface ScreenToolsProps {
  step: number;
  onStep(step: number): void;
  frame: { current: HTMLDivElement | null };
}

function ScreenTools({ step, onStep, frame }: ScreenToolsProps) {
  const full = useFullscreen(frame);
  return (
    <div class="screen-tools">
      <IconButton
        label="Zoom out"
        icon={ZoomOut}
        size="small"
        disabledReason={step === 0 ? "The whole screen is shown." : null}
        onClick={() => onStep(step - 1)}
      />
      <span class="screen-zoom numbers">{Math.round((ZOOMS[step] ?? 1) * 100)} %</span>
      <IconButton
        label="Zoom in"
        icon={ZoomIn}
        size="small"
        disabledReason={step === ZOOMS.length - 1 ? "This is as large as it gets." : null}
        onClick={() => onStep(step + 1)}
      />
      {document.fullscreenEnabled && (
        <IconButton
          label={full ? "Leave fullscreen" : "Fullscreen"}
          icon={full ? Minimize : Maximize}
          size="small"
          onClick={() => void (full ? document.exitFullscreen() : frame.current?.requestFullscreen())}
        />
      )}
    </div>
  );
}

function useFullscreen(frame: { current: HTMLDivElement | null }): boolean {
  const [full, setFull] = useState(false);
  useEffect(() => {
    const read = () => setFull(frame.current !== null && document.fullscreenElement === frame.current);
    document.addEventListener("fullscreenchange", read);
    return () => document.removeEventListener("fullscreenchange", read);
  }, []);
  return full;
}

interface ScreenThumbnailProps {
  session: RoomSession;
  screen: Screen;
  onShow(): void;
}

/** Another shared screen, small, which takes the large place when it is chosen. */
export function ScreenThumbnail({ session, screen, onShow }: ScreenThumbnailProps) {
  const picture = useShown<HTMLDivElement>(session, { producerId: screen.id, fit: "contain" });
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset is for form fields
    <div class="tile screen-thumbnail" role="group" aria-label={screenName(screen)} ref={picture}>
      <Video track={screen.track} fit="contain" />
      {screen.held && <Held />}
      <span class="tile-label">
        <Icon of={Monitor} size={16} />
        <span class="tile-name" dir="auto">
          {screenName(screen)}
        </span>
      </span>
      <button type="button" class="screen-show" onClick={onShow} aria-label={`Show ${screenName(screen)}`} />
    </div>
  );
}
