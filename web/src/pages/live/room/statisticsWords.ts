/** Statistics in words and numbers with units, for the dialog and for pasting into a message. Pure. */

import type { MediaStatistics, PathStatistics, StreamStatistics } from "../../../media/statistics";
import type { Source } from "../../../protocol/messages.gen";

/** A label and a value, as shown side by side. */
export type Fact = readonly [label: string, value: string];

export interface Entry {
  key: string;
  title: string;
  facts: readonly Fact[];
}

export interface Section {
  title: string;
  entries: readonly Entry[];
}

const SOURCES: Record<Source, string> = {
  microphone: "microphone",
  camera: "camera",
  screen: "screen",
  "screen-audio": "sound of the screen",
};

const SIZES: Record<string, string> = { r0: "small", r1: "medium", r2: "large" };

export function sectionsOf(statistics: MediaStatistics): Section[] {
  const { paths, streams } = statistics;
  const section = (title: string, direction: StreamStatistics["direction"]): Section => ({
    title,
    entries: streams
      .filter((stream) => stream.direction === direction)
      .sort((one, other) => one.kind.localeCompare(other.kind) || one.rid.localeCompare(other.rid))
      .map(entryOf),
  });
  const connection = {
    title: "Connection",
    entries: paths.map((path) => ({
      key: path.key,
      title: path.direction === "send" ? "To the server" : "From the server",
      facts: factsOfPath(path),
    })),
  };
  return [connection, section("You send", "send"), section("You receive", "receive")].filter(
    ({ entries }) => entries.length > 0,
  );
}

/** The same as plain text, one line per stream. `at` says when, `browser` in what. */
export function textOf(statistics: MediaStatistics, at: Date, browser: string): string {
  const lines = [`Connection statistics, ${at.toISOString()}`, browser];
  for (const { title, entries } of sectionsOf(statistics)) {
    lines.push("", title);
    for (const entry of entries) {
      lines.push(`- ${entry.title}: ${entry.facts.map(([label, value]) => `${label} ${value}`).join(", ")}`);
    }
  }
  return `${lines.join("\n")}\n`;
}

function factsOfPath(path: PathStatistics): Fact[] {
  return facts(
    ["Over", wayInWords(path.transport)],
    ["Round trip", milliseconds(path.roundTrip)],
    ["Room to send", path.outgoing === null ? null : bitrate(path.outgoing)],
    ["Here", path.local],
    ["Server", path.remote],
  );
}

function entryOf(stream: StreamStatistics): Entry {
  return { key: stream.key, title: titleOf(stream), facts: factsOf(stream) };
}

function titleOf({ direction, name, source, kind, rid }: StreamStatistics): string {
  const what = source === null ? (kind === "audio" ? "sound" : "video") : SOURCES[source];
  if (direction === "receive") return name === "" ? `Somebody's ${what}` : `${name}'s ${what}`;
  return rid === "" ? `Your ${what}` : `Your ${what}, ${SIZES[rid] ?? rid}`;
}

function factsOf(stream: StreamStatistics): Fact[] {
  if (!stream.active) return [["State", "not watched, so not sent"]];
  const { kind, width, height, framesPerSecond, freezes, frozen, layer, limitedBy } = stream;
  const video = kind === "video";
  return facts(
    ["Codec", stream.codec],
    ["Size", video && width !== null && height !== null ? `${width} × ${height}` : null],
    ["Frames", video && framesPerSecond !== null ? `${Math.round(framesPerSecond)}/s` : null],
    ["Rate", bitrate(stream.bitrate)],
    ["Loss", stream.loss === null ? null : percent(stream.loss)],
    ["Jitter", milliseconds(stream.jitter)],
    ["Round trip", milliseconds(stream.roundTrip)],
    ["Layer", layer == null ? null : (SIZES[`r${layer}`] ?? `${layer}`)],
    [
      "Freezes",
      video && freezes !== null ? `${freezes}${frozen ? `, ${frozen.toFixed(1)} s in all` : ""}` : null,
    ],
    ["Made up", kind === "audio" && stream.direction === "receive" ? percent(stream.concealed) : null],
    [
      "Limited by",
      limitedBy === "cpu" ? "this computer" : limitedBy === "bandwidth" ? "the connection" : null,
    ],
  );
}

/** Those that there is something to say about. */
function facts(...all: (readonly [string, string | null])[]): Fact[] {
  return all.filter((fact): fact is Fact => fact[1] !== null && fact[1] !== "");
}

export function bitrate(bitsPerSecond: number): string {
  if (bitsPerSecond >= 1e6) return `${(bitsPerSecond / 1e6).toFixed(1)} Mbit/s`;
  return `${Math.round(bitsPerSecond / 1000)} kbit/s`;
}

function percent(share: number): string {
  const hundredths = share * 100;
  return `${hundredths > 0 && hundredths < 10 ? hundredths.toFixed(1) : Math.round(hundredths)} %`;
}

function milliseconds(seconds: number | null): string | null {
  return seconds === null ? null : `${Math.round(seconds * 1000)} ms`;
}

function wayInWords(transport: string): string {
  const [way = "", relayed] = transport.split(" ");
  return relayed === undefined ? way.toUpperCase() : `a relay (${relayed.toUpperCase()})`;
}
