import { useEffect, useRef } from "preact/hooks";
import { classes } from "../../../ui";

interface VideoProps {
  /** Null while there is nothing to show: the element stays, so that nothing is rebuilt when a camera starts. */
  track: MediaStreamTrack | null;
  mirrored?: boolean;
  /** Faces may lose their edges, screens may not. */
  fit?: "cover" | "contain";
}

/** One video track. Always muted: sound is played apart, once per participant. */
export function Video({ track, mirrored = false, fit = "cover" }: VideoProps) {
  const ref = useRef<HTMLVideoElement>(null);
  useEffect(() => {
    const video = ref.current;
    if (video === null || track === null) return;
    video.srcObject = new MediaStream([track]);
    // Muted video may start by itself; where a browser that saves power refuses, the first frame stays on screen.
    video.play().catch(() => undefined);
    return () => {
      video.srcObject = null;
    };
  }, [track]);
  return (
    <video
      ref={ref}
      class={classes("video", `video-${fit}`, mirrored && "video-mirrored")}
      hidden={track === null}
      autoplay
      muted
      playsInline
      disablePictureInPicture
    />
  );
}
