/** `GET /timeslots/{id}/media`: how everybody's sound and picture in a live room fare. Counters grow; rates are ours. */

import type { RunPhase } from "./api";
import type { Source } from "./messages.gen";

export interface RoomMedia {
  at: string;
  phase: RunPhase;
  /** "none": nothing was set up yet. "silent": the media worker did not answer. */
  media: "none" | "ok" | "silent";
  worker: string | null;
  people: PersonMedia[];
}

export interface PersonMedia {
  participantId: string;
  name: string;
  connected: boolean;
  transports: TransportMedia[];
  producers: ProducerMedia[];
  consumers: ConsumerMedia[];
}

export interface TransportMedia {
  /** Seen from the browser. */
  direction: "send" | "recv";
  ice: "new" | "connected" | "disconnected" | "closed";
  dtls: "new" | "connecting" | "connected" | "failed" | "closed";
  /** Only for those who run the installation. */
  address: string | null;
  srtpProfile: string | null;
  packetsIn: number;
  packetsOut: number;
  bytesIn: number;
  /** Bits per second; null while the path met no limit. */
  estimate: number | null;
  /** 0 to 1. */
  loss: number | null;
}

export interface StreamMedia {
  rid: string | null;
  packets: number;
  bytes: number;
  lost: number;
  repaired: number;
  /** Seconds. */
  jitter: number;
}

export interface ProducerMedia {
  id: string;
  source: Source;
  mimeType: string;
  paused: boolean;
  consumers: number;
  streams: StreamMedia[];
}

export type Idle = "path" | "subscriber" | "publisher" | "hidden" | "bandwidth" | "starting";

export interface ConsumerMedia {
  id: string;
  source: Source;
  /** Participant id. */
  sender: string;
  /** Which encoding is sent, 0 the smallest, of how many. */
  layer: number;
  layers: number;
  packets: number;
  bytes: number;
  resent: number;
  lost: number;
  /** Seconds. */
  rtt: number;
  /** Why nothing is sent; null where something is. */
  idle: Idle | null;
}
