/** A short, soft tone to hear whether the chosen speaker is the right one. */

const LENGTH = 0.6;

/** Resolves when the tone is over; silently if the speaker is gone or the browser refuses to play. */
export async function playTone(speakerId: string | null): Promise<void> {
  const context = new AudioContext();
  const output = context.createMediaStreamDestination();
  const element = new Audio();
  element.srcObject = output.stream;
  try {
    if (speakerId !== null && "setSinkId" in element) await element.setSinkId(speakerId);
    await Promise.all([element.play(), context.resume()]);
    await beep(context, output);
  } catch {
    // Nothing is heard, which is what the person tests for.
  } finally {
    element.srcObject = null;
    await context.close();
  }
}

function beep(context: AudioContext, output: AudioNode): Promise<void> {
  const volume = context.createGain();
  const oscillator = context.createOscillator();
  const now = context.currentTime;
  volume.gain.setValueAtTime(0, now);
  volume.gain.linearRampToValueAtTime(0.2, now + 0.05);
  volume.gain.linearRampToValueAtTime(0, now + LENGTH);
  oscillator.frequency.value = 523;
  oscillator.connect(volume).connect(output);
  oscillator.start(now);
  oscillator.stop(now + LENGTH);
  return new Promise((resolve) => {
    oscillator.onended = () => resolve();
  });
}
