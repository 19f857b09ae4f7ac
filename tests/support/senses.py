"""What is to be seen and heard in a page, measured there: the tone that arrives, the pixels that change.

The scripts run alike in Chromium (`page.evaluate`) and in Firefox (`FirefoxPage.evaluate`); each takes one
argument.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

#: Runs a script with its argument in one page, whichever browser it is in.
Evaluate = Callable[[str, Any], Awaitable[Any]]

NEAR = 15.0  # Hz
SILENCE = 1e-6  # mean square of samples between -1 and 1: -60 dB
CLEAR_SHARE = 0.8  # of the power that is in the tone


_SEND_TONE = """
if (navigator.mediaDevices) {
  const devices = navigator.mediaDevices;
  const capture = devices.getUserMedia.bind(devices);
  devices.getUserMedia = async (wanted) => {
    const stream = await capture(wanted);
    for (const track of stream.getAudioTracks()) {
      const context = new AudioContext();
      const oscillator = new OscillatorNode(context, { frequency: FREQUENCY });
      const output = context.createMediaStreamDestination();
      oscillator.connect(new GainNode(context, { gain: 0.25 })).connect(output);
      oscillator.start();
      const resume = () => context.resume().catch(() => {});
      document.addEventListener("click", resume);
      resume();
      stream.removeTrack(track);
      track.stop();
      stream.addTrack(output.stream.getAudioTracks()[0]);
      window.__tracks.push(output.stream.getAudioTracks()[0]);
    }
    return stream;
  };
}
"""


def sends_tone(frequency: int) -> str:
    """A script that puts a steady tone in the place of the microphone, past the browser's processing of
    speech, which takes a tone for noise. For `add_init_script`, behind `WATCH`.
    """
    return _SEND_TONE.replace("FREQUENCY", str(frequency))


# Records what one hears ("received") or sends ("sent") and looks at it ten times a second: the loudest
# frequency and the share of all power that is in it. Recorded: an AudioContext does not run in Firefox
# where there is no sound card.
_SPECTRUM = """async ([which, seconds]) => {
  const open = window.__connections.filter((each) => each.connectionState === "connected");
  const all = which === "sent"
    ? window.__tracks
    : open.flatMap((each) => each.getReceivers()).map((each) => each.track);
  const track = all.filter((each) => each.kind === "audio" && each.readyState === "live").at(-1);
  if (!track) return [];
  const recorder = new MediaRecorder(new MediaStream([track]));
  const parts = [];
  recorder.ondataavailable = (event) => parts.push(event.data);
  const stopped = new Promise((resolve) => { recorder.onstop = resolve; });
  recorder.start();
  await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
  recorder.stop();
  await stopped;
  const rate = 16000;
  const decoder = new OfflineAudioContext(1, rate, rate);
  const sound = await decoder.decodeAudioData(await new Blob(parts).arrayBuffer());
  const samples = sound.getChannelData(0);
  const length = 1600;
  const bell = Float32Array.from({ length }, (_, at) => 0.5 - 0.5 * Math.cos((2 * Math.PI * at) / length));
  const weight = bell.reduce((sum, each) => sum + each, 0);
  const squares = bell.reduce((sum, each) => sum + each * each, 0);
  const looks = [];
  for (let start = 0; start + length <= samples.length; start += length) {
    const look = Float32Array.from({ length }, (_, at) => samples[start + at] * bell[at]);
    const power = look.reduce((sum, each) => sum + each * each, 0);
    let loudest = 0;
    let most = 0;
    for (let frequency = 100; frequency <= 2000; frequency += 5) {
      const turn = 2 * Math.cos((2 * Math.PI * frequency) / rate); // Goertzel's
      let before = 0;
      let last = 0;
      for (const each of look) [before, last] = [last, each + turn * last - before];
      const found = before * before + last * last - turn * before * last;
      if (found > most) [most, loudest] = [found, frequency];
    }
    const tone = (2 * most * squares) / (weight * weight);
    looks.push({ frequency: loudest, share: power > 0 ? tone / power : 0, power: power / length });
  }
  return looks.slice(3); // the recorder's start
}"""

# Frames decoded so far, and the picture as a few pixels, of the video in a named tile. (Firefox counts no
# frames of a MediaStream in the element.)
_PICTURE = """async (name) => {
  const tile = [...document.querySelectorAll('[role="group"]')]
    .find((each) => each.getAttribute("aria-label") === name);
  const video = tile?.querySelector("video");
  if (!video || video.hidden || video.videoWidth === 0) return null;
  const canvas = Object.assign(document.createElement("canvas"), { width: 32, height: 18 });
  const context = canvas.getContext("2d");
  context.drawImage(video, 0, 0, 32, 18);
  const pixels = [...context.getImageData(0, 0, 32, 18).data].join(",");
  const [track] = video.srcObject.getVideoTracks();
  let frames = 0;
  for (const connection of window.__connections) {
    if (connection.connectionState !== "connected") continue;
    for (const row of (await connection.getStats()).values()) {
      if (row.type === "inbound-rtp" && row.trackIdentifier === track.id) frames = row.framesDecoded ?? 0;
    }
  }
  return { frames, pixels };
}"""


@dataclass(frozen=True, slots=True)
class Tone:
    """``frequency``: the median of the loudest one, in Hz. ``clear``: share of the looks in which that tone
    was heard and little beside it.
    """

    frequency: float
    clear: float


async def tone(evaluate: Evaluate, which: str, *, seconds: float = 5) -> Tone:
    """What a page sends ("sent") or hears ("received") over this time; silence is a tone of 0 Hz, never
    clear.
    """
    looks = await evaluate(_SPECTRUM, [which, seconds])
    heard = sorted(look["frequency"] for look in looks if look["power"] > SILENCE)
    if not heard:
        return Tone(0.0, 0.0)
    middle = heard[len(heard) // 2]
    clear = [
        look
        for look in looks
        if look["power"] > SILENCE
        and abs(look["frequency"] - middle) <= NEAR
        and look["share"] >= CLEAR_SHARE
    ]
    return Tone(middle, len(clear) / len(looks))


async def expect_picture_moves(
    evaluate: Evaluate, name: str, *, frames: int = 30, pictures: int = 4, within_s: float = 30
) -> None:
    """The video in the tile of ``name`` gains decoded frames, and what is drawn differs."""
    first: int | None = None
    seen: set[str] = set()
    gained = 0
    try:
        async with asyncio.timeout(within_s):
            while gained < frames or len(seen) < pictures:
                picture = await evaluate(_PICTURE, name)
                if picture is not None:
                    first = picture["frames"] if first is None else first
                    gained = picture["frames"] - first
                    seen.add(picture["pixels"])
                await asyncio.sleep(0.25)
    except TimeoutError:
        raise AssertionError(f"{name}: {gained} frames, {len(seen)} pictures in {within_s} s") from None
