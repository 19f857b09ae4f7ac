/** Numbers about the media paths, read from getStats. Pure: rates are differences between two readings. */

import type { Source } from "../protocol/messages.gen";

/** Whose a track is. For your own the two ids are empty. */
export interface Owner {
  participantId: string;
  producerId: string;
  source: Source;
}

export interface StreamStatistics {
  /** Tells streams apart from one reading to the next. */
  key: string;
  direction: "send" | "receive";
  kind: "audio" | "video";
  /** Whose stream and what of theirs, as in `Owner`; the source is null where the browser does not tell. */
  participantId: string;
  name: string;
  producerId: string;
  source: Source | null;
  /** Of several sizes that are sent side by side: which one. */
  rid: string;
  /** False for a size that nobody watches and that is therefore not made. */
  active: boolean;
  /** "VP8", "opus". */
  codec: string;
  /** Bit/s over the time since the statistics were last read, as are all rates and shares below. */
  bitrate: number;
  /** Share of packets that did not arrive at the first attempt, 0 to 1; null where nobody has told yet. */
  loss: number | null;
  /** Seconds. */
  jitter: number | null;
  roundTrip: number | null;
  framesPerSecond: number | null;
  width: number | null;
  height: number | null;
  /** How often and how long (seconds) the picture stood still since it began. */
  freezes: number | null;
  frozen: number | null;
  /** Share of the time that the picture stood still. */
  freezing: number;
  /** Share of the sound that was made up because it was missing. */
  concealed: number;
  /** What keeps the browser from sending more. */
  limitedBy: "bandwidth" | "cpu" | null;
  /** Milliseconds between the two readings; 0: the first one. */
  over: number;
  /** Of a picture received: the size that the server has chosen, 0 being the smallest; absent where it was not asked. */
  layer?: number | null;
}

export interface PathStatistics {
  key: string;
  /** What it carries; each way has a transport of its own. */
  direction: "send" | "receive";
  /** "udp", "tcp", or "relay udp", "relay tcp", "relay tls" through a TURN server. */
  transport: string;
  local: string;
  remote: string;
  /** Seconds. */
  roundTrip: number | null;
  /** Bit/s that the browser believes the path carries. */
  outgoing: number | null;
}

export interface MediaStatistics {
  /** Seconds, or null before it is known. */
  roundTrip: number | null;
  paths: readonly PathStatistics[];
  streams: readonly StreamStatistics[];
}

/** The fields that are read of RTCStats rows (W3C WebRTC Statistics); all but the first two may be absent. */
interface Row {
  id: string;
  type: string;
  kind?: "audio" | "video";
  rid?: string;
  active?: boolean;
  codecId?: string;
  mimeType?: string;
  trackIdentifier?: string;
  mediaSourceId?: string;
  remoteId?: string;
  bytesSent?: number;
  bytesReceived?: number;
  packetsReceived?: number;
  packetsLost?: number;
  fractionLost?: number;
  jitter?: number;
  roundTripTime?: number;
  framesPerSecond?: number;
  frameWidth?: number;
  frameHeight?: number;
  freezeCount?: number;
  totalFreezesDuration?: number;
  concealedSamples?: number;
  silentConcealedSamples?: number;
  totalSamplesReceived?: number;
  qualityLimitationReason?: string;
  selectedCandidatePairId?: string;
  nominated?: boolean;
  selected?: boolean;
  state?: string;
  localCandidateId?: string;
  remoteCandidateId?: string;
  currentRoundTripTime?: number;
  availableOutgoingBitrate?: number;
  candidateType?: string;
  protocol?: string;
  relayProtocol?: string;
  address?: string;
  port?: number;
}

/** What counts up, of one stream. */
interface Counters {
  at: number;
  bytes: number;
  received: number;
  lost: number;
  frozen: number;
  concealed: number;
  samples: number;
}

export type Report = Iterable<[string, unknown]>;

export class StatisticsReader {
  private before = new Map<string, Counters>();

  /** `now` in milliseconds; `owners` by the id of their track; `nameOf` gives the name of a participant. */
  read(
    reports: readonly Report[],
    now: number,
    owners: ReadonlyMap<string, Owner>,
    nameOf: (participantId: string) => string,
  ): MediaStatistics {
    const streams: StreamStatistics[] = [];
    const paths: PathStatistics[] = [];
    const counters = new Map<string, Counters>();
    reports.forEach((report, index) => {
      const rows = new Map<string, Row>();
      for (const [id, value] of report) rows.set(id, value as Row);
      const path = pathOf(rows, `${index}`);
      if (path !== null) paths.push(path);
      for (const row of rows.values()) {
        if (row.type !== "inbound-rtp" && row.type !== "outbound-rtp") continue;
        const key = `${index} ${row.id}`;
        const count = countersOf(row, now);
        counters.set(key, count);
        const source = rows.get(row.mediaSourceId ?? "");
        const owner = owners.get(row.trackIdentifier ?? source?.trackIdentifier ?? "");
        streams.push({
          key,
          participantId: owner?.participantId ?? "",
          name: owner === undefined || owner.participantId === "" ? "" : nameOf(owner.participantId),
          producerId: owner?.producerId ?? "",
          source: owner?.source ?? null,
          ...streamOf(row, rows),
          ...ratesOf(this.before.get(key) ?? count, count),
          ...(row.type === "outbound-rtp" ? toldByTheOtherEnd(row, rows) : {}),
        });
      }
    });
    this.before = counters;
    const roundTrip = paths.find((path) => path.roundTrip !== null)?.roundTrip ?? null;
    return { roundTrip, paths, streams };
  }
}

function countersOf(row: Row, at: number): Counters {
  return {
    at,
    bytes: row.bytesSent ?? row.bytesReceived ?? 0,
    received: row.packetsReceived ?? 0,
    lost: row.packetsLost ?? 0,
    frozen: row.totalFreezesDuration ?? 0,
    // Between words nothing is sent (DTX), and what fills that is silence made up on purpose.
    concealed: (row.concealedSamples ?? 0) - (row.silentConcealedSamples ?? 0),
    samples: row.totalSamplesReceived ?? 0,
  };
}

function streamOf(row: Row, rows: ReadonlyMap<string, Row>) {
  const limit = row.qualityLimitationReason;
  return {
    direction: row.type === "inbound-rtp" ? ("receive" as const) : ("send" as const),
    kind: row.kind ?? ("video" as const),
    rid: row.rid ?? "",
    active: row.active !== false,
    codec: (rows.get(row.codecId ?? "")?.mimeType ?? "").replace(/^(audio|video)\//u, ""),
    jitter: row.jitter ?? null,
    roundTrip: null as number | null,
    framesPerSecond: row.framesPerSecond ?? null,
    width: row.frameWidth || null, // Firefox says 0 of a size that it does not send
    height: row.frameHeight || null,
    freezes: row.freezeCount ?? null,
    frozen: row.totalFreezesDuration ?? null,
    limitedBy: limit === "bandwidth" || limit === "cpu" ? (limit as "bandwidth" | "cpu") : null,
  };
}

function ratesOf(before: Counters, now: Counters) {
  const over = now.at - before.at;
  const seconds = over / 1000;
  const lost = Math.max(0, now.lost - before.lost);
  const share = (part: number, whole: number) => (whole > 0 ? Math.min(1, Math.max(0, part) / whole) : 0);
  return {
    over,
    bitrate: seconds > 0 ? ((now.bytes - before.bytes) * 8) / seconds : 0,
    loss: share(lost, now.received - before.received + lost) as number | null,
    freezing: share(now.frozen - before.frozen, seconds),
    concealed: share(now.concealed - before.concealed, now.samples - before.samples),
  };
}

/** The receiver's reports about what is sent: only it knows what is lost on the way. */
function toldByTheOtherEnd(row: Row, rows: ReadonlyMap<string, Row>) {
  const report = rows.get(row.remoteId ?? "");
  return {
    loss: report?.fractionLost ?? null,
    jitter: report?.jitter ?? null,
    roundTrip: report?.roundTripTime ?? null,
  };
}

function pathOf(rows: ReadonlyMap<string, Row>, key: string): PathStatistics | null {
  const pair = selectedPair([...rows.values()], rows);
  if (pair === undefined) return null;
  const local = rows.get(pair.localCandidateId ?? "");
  const remote = rows.get(pair.remoteCandidateId ?? "");
  return {
    key,
    direction: [...rows.values()].some(({ type }) => type === "outbound-rtp") ? "send" : "receive",
    transport: wayOf(local),
    local: addressOf(local),
    remote: addressOf(remote),
    roundTrip: pair.currentRoundTripTime ?? null,
    outgoing: pair.availableOutgoingBitrate ?? null,
  };
}

/** Chrome and Safari name it in the transport's row, Firefox marks it. */
function selectedPair(all: readonly Row[], rows: ReadonlyMap<string, Row>): Row | undefined {
  const named = all.find((row) => row.type === "transport" && row.selectedCandidatePairId !== undefined);
  const pairs = all.filter((row) => row.type === "candidate-pair");
  return (
    rows.get(named?.selectedCandidatePairId ?? "") ??
    pairs.find((pair) => pair.selected === true) ??
    pairs.find((pair) => pair.nominated === true && pair.state !== "failed")
  );
}

function wayOf(local: Row | undefined): string {
  if (local?.candidateType === "relay") return `relay ${local.relayProtocol ?? "udp"}`;
  return local?.protocol ?? "udp";
}

/** Browsers hide their own address until they are given a device; then only the kind of candidate is known. */
function addressOf(candidate: Row | undefined): string {
  if (candidate === undefined) return "";
  const { address = "", port, candidateType = "" } = candidate;
  if (address === "") return candidateType;
  return `${address.includes(":") ? `[${address}]` : address}:${port ?? 0} (${candidateType})`;
}
