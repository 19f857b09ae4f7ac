import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import type { ConsumerMedia, PersonMedia, ProducerMedia, TransportMedia } from "../../protocol/roomMedia";
import { Avatar, Badge } from "../../ui";
import {
  consumerKey,
  idleInWords,
  layerInWords,
  lossInWords,
  milliseconds,
  needsAttention,
  pathState,
  type Rates,
  rateInWords,
  sourceName,
  streamKey,
} from "./report";

interface PersonProps {
  person: PersonMedia;
  rates: Rates;
  /** By participant id. */
  names: ReadonlyMap<string, string>;
}

/** One participant: the paths, what they send, what they receive. */
export function Person({ person, rates, names }: PersonProps) {
  const { name, connected, transports, producers, consumers } = person;
  const [opened] = useState(() => needsAttention(person)); // from then on whoever looks decides
  return (
    <section class="person" aria-label={name}>
      <header class="person-head">
        <Avatar name={name} />
        <h2>
          <bdi>{name}</bdi>
        </h2>
        {!connected && <Badge tone="warning">Reconnecting</Badge>}
      </header>
      {transports.length === 0 ? (
        <p class="person-nothing">Neither sends nor receives anything yet.</p>
      ) : (
        <ul class="person-paths">
          {transports.map((transport) => (
            <Path key={transport.direction} transport={transport} />
          ))}
        </ul>
      )}
      {producers.length > 0 && <Sent name={name} producers={producers} rates={rates} />}
      {consumers.length > 0 && (
        <details class="person-received" open={opened}>
          <summary>Receives {consumers.length === 1 ? "one stream" : `${consumers.length} streams`}</summary>
          <Received name={name} consumers={consumers} rates={rates} names={names} />
        </details>
      )}
    </section>
  );
}

function Path({ transport }: { transport: TransportMedia }) {
  const { words, tone } = pathState(transport);
  return (
    <li class="path">
      <span class="path-name">{transport.direction === "send" ? "Sending" : "Receiving"}</span>
      <Badge tone={tone}>{words}</Badge>
      {transport.address !== null && <span class="numbers">{transport.address}</span>}
      {transport.srtpProfile !== null && <span class="path-detail">{transport.srtpProfile}</span>}
      {transport.direction === "recv" && (
        <span class="path-detail numbers">
          {transport.estimate === null ? "no limit met" : `carries about ${rateInWords(transport.estimate)}`}
          {transport.loss !== null && `, loses ${(transport.loss * 100).toFixed(1)} %`}
        </span>
      )}
    </li>
  );
}

function Table({
  caption,
  heads,
  children,
}: {
  caption: string;
  heads: string[];
  children: ComponentChildren;
}) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by keyboard (WCAG 2.1.1)
    <section class="figures" aria-label={caption} tabIndex={0}>
      <table>
        <caption class="ui-visually-hidden">{caption}</caption>
        <thead>
          <tr>
            {heads.map((head) => (
              <th key={head} scope="col">
                {head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </section>
  );
}

function Sent({ name, producers, rates }: { name: string; producers: ProducerMedia[]; rates: Rates }) {
  return (
    <Table
      caption={`What ${name} sends`}
      heads={["What", "Encoding", "Rate", "Lost", "Repaired", "Jitter", "Watched by"]}
    >
      {producers.flatMap((producer) =>
        producer.streams.map((stream, at) => (
          <tr key={streamKey(producer, at)}>
            <th scope="row">
              {sourceName(producer.source)} <span class="figures-codec">{codec(producer)}</span>
              {producer.paused && <Badge>Paused</Badge>}
            </th>
            <td>{stream.rid ?? (producer.streams.length > 1 ? at + 1 : "only one")}</td>
            <td>{rateInWords(rates.get(streamKey(producer, at)))}</td>
            <td>{lossInWords(stream.lost, stream.packets)}</td>
            <td>{stream.repaired}</td>
            <td>{milliseconds(stream.jitter)}</td>
            <td>{producer.consumers}</td>
          </tr>
        )),
      )}
    </Table>
  );
}

const codec = ({ mimeType }: ProducerMedia): string => mimeType.split("/")[1] ?? mimeType;

interface ReceivedProps extends Omit<PersonProps, "person"> {
  name: string;
  consumers: ConsumerMedia[];
}

function Received({ name, consumers, rates, names }: ReceivedProps) {
  return (
    <Table
      caption={`What ${name} receives`}
      heads={["From", "What", "Encoding", "Rate", "Lost", "Sent again", "Round trip"]}
    >
      {consumers.map((consumer) => (
        <tr key={consumer.id}>
          <th scope="row">
            <bdi>{names.get(consumer.sender) ?? "somebody who left"}</bdi>
          </th>
          <td>{sourceName(consumer.source)}</td>
          <td>{layerInWords(consumer)}</td>
          <td>
            {consumer.idle === null
              ? rateInWords(rates.get(consumerKey(consumer)))
              : idleInWords(consumer.idle)}
          </td>
          <td>{lossInWords(consumer.lost, consumer.packets - consumer.lost)}</td>
          <td>{consumer.resent}</td>
          <td>{milliseconds(consumer.rtt)}</td>
        </tr>
      ))}
    </Table>
  );
}
