/** From two reports of a room to what is shown of it: rates, and words. Knows no page and no clock. */

import type { Source } from "../../protocol/messages.gen";
import type {
  ConsumerMedia,
  Idle,
  PersonMedia,
  ProducerMedia,
  RoomMedia,
  TransportMedia,
} from "../../protocol/roomMedia";
import type { Tone } from "../../ui";

/** Bits per second by what is counted: see the `…Key` functions. Without a report before there are none. */
export type Rates = ReadonlyMap<string, number>;

export const streamKey = (producer: ProducerMedia, at: number): string => `${producer.id} ${at}`;
export const consumerKey = (consumer: ConsumerMedia): string => consumer.id;

export function ratesBetween(before: RoomMedia | null, now: RoomMedia): Rates {
  const seconds = before === null ? 0 : (Date.parse(now.at) - Date.parse(before.at)) / 1000;
  const rates = new Map<string, number>();
  if (before === null || seconds <= 0) return rates;
  const counted = bytesOf(before);
  for (const [key, bytes] of bytesOf(now)) {
    const earlier = counted.get(key);
    // Fewer than before: a new worker counts from 0.
    if (earlier !== undefined && bytes >= earlier) rates.set(key, ((bytes - earlier) * 8) / seconds);
  }
  return rates;
}

function bytesOf(report: RoomMedia): Map<string, number> {
  const bytes = new Map<string, number>();
  for (const person of report.people) {
    for (const producer of person.producers)
      for (const [at, stream] of producer.streams.entries()) bytes.set(streamKey(producer, at), stream.bytes);
    for (const consumer of person.consumers) bytes.set(consumerKey(consumer), consumer.bytes);
  }
  return bytes;
}

/** "–" for what is not known, "0", "64 kbit/s", "1.2 Mbit/s". */
export function rateInWords(bits: number | null | undefined): string {
  if (bits === null || bits === undefined) return "–";
  if (bits < 500) return "0";
  if (bits < 999_500) return `${Math.round(bits / 1000)} kbit/s`;
  return `${(bits / 1_000_000).toFixed(1)} Mbit/s`;
}

/** "12 of 1,012 (1.2 %)": what was lost of what was sent. */
export function lossInWords(lost: number, received: number): string {
  if (lost <= 0) return "none";
  const percent = (100 * lost) / (lost + Math.max(0, received));
  return `${lost} (${percent < 10 ? percent.toFixed(1) : Math.round(percent)} %)`;
}

export const milliseconds = (seconds: number): string => `${Math.round(seconds * 1000)} ms`;

const SOURCES: Record<Source, string> = {
  microphone: "Microphone",
  camera: "Camera",
  screen: "Screen",
  "screen-audio": "Sound of a screen",
};

export const sourceName = (source: Source): string => SOURCES[source];

const IDLE: Record<Idle, string> = {
  path: "not connected",
  subscriber: "paused by who receives it",
  publisher: "paused by who sends it",
  hidden: "not on screen",
  bandwidth: "the connection is too slow for it",
  starting: "waits for a whole picture",
};

export const idleInWords = (idle: Idle): string => IDLE[idle];

/** What is amiss with somebody's path, worst first; null where nothing is. */
export interface PathState {
  words: string;
  tone: Tone;
}

export function pathState(transport: TransportMedia): PathState {
  if (transport.dtls === "failed") return { words: "Encryption failed", tone: "danger" };
  if (transport.dtls === "closed" || transport.ice === "closed") return { words: "Closed", tone: "neutral" };
  if (transport.ice === "disconnected") return { words: "Silent", tone: "warning" };
  if (transport.ice === "connected" && transport.dtls === "connected")
    return { words: "Connected", tone: "success" };
  return { words: "Connecting", tone: "neutral" };
}

/** Whether the list of what somebody receives is worth opening by itself: something is held back that should not be. */
export function needsAttention(person: PersonMedia): boolean {
  return (
    person.transports.some((one) => ["danger", "warning"].includes(pathState(one).tone)) ||
    person.consumers.some((one) => one.idle === "bandwidth" || one.idle === "path")
  );
}

/** "encoding 2 of 3"; nothing where there is but one. */
export function layerInWords({ layer, layers }: ConsumerMedia): string {
  return layers > 1 ? `${layer + 1} of ${layers}` : "only one";
}
