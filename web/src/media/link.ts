/** One pair of WebRTC transports to the server: made, connected, restarted, closed; the only file that loads mediasoup. */

import { Device, type types as mediasoup } from "mediasoup-client";
import type { MediaCreateTransportResponse, Source } from "../protocol/messages.gen";
import type { Ask } from "../protocol/socket";
import { type PathState, worse } from "./recovery";

/** Goes with each producer from `produce()` to the request that announces it. */
export interface ProducerNotes extends mediasoup.AppData {
  source: Source;
  paused: boolean;
}

/** What this browser and this room have in common, found out once; transports of later builds reuse it. */
export class Codecs {
  private device: Promise<Device> | null = null;

  /** The welcome brings what the room can do: the browser is asked at once, in the lobby too. */
  prepare(room: mediasoup.RtpCapabilities): Promise<Device> {
    this.device ??= loaded(room);
    this.device.catch(() => {
      this.device = null; // a failure must not be remembered
    });
    return this.device;
  }

  async load(ask: Ask): Promise<Device> {
    return this.device ?? this.prepare((await ask("media.capabilities", {})).rtpCapabilities);
  }
}

async function loaded(room: mediasoup.RtpCapabilities): Promise<Device> {
  const device = await Device.factory();
  await device.load({ routerRtpCapabilities: room });
  return device;
}

export interface LinkOptions {
  ask: Ask;
  codecs: Codecs;
  /** Media takes the server's relay, where there is one, and no other way. */
  relayOnly: boolean;
  /** The worse state of both transports, at each change. */
  onState(state: PathState): void;
}

export class MediaLink {
  private readonly options: LinkOptions;
  private receiving: mediasoup.Transport | null = null;
  private sending: Promise<mediasoup.Transport> | null = null;
  private readonly transports = new Map<string, mediasoup.Transport>();
  /** Those that were told to connect. */
  private readonly started = new Set<mediasoup.Transport>();
  private closed = false;

  constructor(options: LinkOptions) {
    this.options = options;
  }

  /**
   * Resolves when receiving can begin. For those who may send, the sending transport is made at the same time; others
   * get one if ever they need it.
   */
  async open(publishing: boolean): Promise<void> {
    if (publishing) this.sender().catch(() => {}); // told to whoever wants to send
    await this.openReceiver();
  }

  get receiver(): mediasoup.Transport | null {
    return this.receiving;
  }

  sender(): Promise<mediasoup.Transport> {
    this.sending ??= this.openSender();
    this.sending.catch(() => {
      this.sending = null;
    });
    return this.sending;
  }

  owns(transportId: string): boolean {
    return this.transports.has(transportId);
  }

  /** What can be sent, for choosing a codec. Only once a sender exists. */
  async sendCapabilities(): Promise<mediasoup.RtpCapabilities> {
    return (await this.options.codecs.load(this.options.ask)).sendRtpCapabilities;
  }

  /** New ICE credentials for every transport in use; media goes on over the old pair until the new one works. */
  async restart(): Promise<void> {
    const used = [...this.transports.values()].filter((one) => one.connectionState !== "new");
    await Promise.all(used.map((transport) => this.restartOne(transport)));
  }

  /** The server is not told: it keeps one transport for each direction, so the next ones take the place of these. */
  close(): void {
    this.closed = true;
    for (const transport of this.transports.values()) transport.close();
    this.transports.clear();
  }

  async stats(): Promise<RTCStatsReport[]> {
    const used = [...this.transports.values()].filter((one) => one.connectionState === "connected");
    return Promise.all(used.map((transport) => transport.getStats()));
  }

  private async restartOne(transport: mediasoup.Transport): Promise<void> {
    const { iceParameters, iceServers } = await this.options.ask("media.restartIce", {
      transportId: transport.id,
    });
    if (transport.closed) return;
    // The relay's former credentials may have expired.
    if (iceServers.length > 0) await transport.updateIceServers({ iceServers });
    await transport.restartIce({ iceParameters });
  }

  private async openReceiver(): Promise<void> {
    const { ask, codecs } = this.options;
    const device = await codecs.load(ask);
    if (this.closed) throw new Error("the link was closed while it was being made");
    const made = await ask("media.createTransport", {
      direction: "recv",
      rtpCapabilities: device.recvRtpCapabilities,
    });
    const transport = device.createRecvTransport(this.optionsOf(made));
    this.watch(transport);
    this.receiving = transport;
  }

  private async openSender(): Promise<mediasoup.Transport> {
    const { ask, codecs } = this.options;
    const [device, made] = await Promise.all([
      codecs.load(ask),
      ask("media.createTransport", { direction: "send" }),
    ]);
    const transport = device.createSendTransport(this.optionsOf(made));
    this.watch(transport);
    transport.on("produce", ({ kind, rtpParameters, appData }, done, failed) => {
      const { source, paused } = appData as ProducerNotes;
      ask("media.produce", { transportId: transport.id, kind, source, rtpParameters, paused }).then(
        ({ producerId }) => done({ id: producerId }),
        failed,
      );
    });
    return transport;
  }

  private optionsOf({ transportId, ...made }: MediaCreateTransportResponse): mediasoup.TransportOptions {
    const relayed = this.options.relayOnly && made.iceServers.length > 0;
    return { ...made, id: transportId, iceTransportPolicy: relayed ? "relay" : "all" };
  }

  private watch(transport: mediasoup.Transport): void {
    if (this.closed) {
      transport.close();
      throw new Error("the link was closed while a transport was being made");
    }
    this.transports.set(transport.id, transport);
    transport.on("connect", ({ dtlsParameters }, done) => {
      // Not waited for: the request is on its way before the first ICE check is, and a refusal shows as a path that
      // never connects.
      this.options
        .ask("media.connectTransport", { transportId: transport.id, dtlsParameters })
        .catch(() => {});
      done();
      this.started.add(transport);
      this.options.onState(this.state());
    });
    transport.on("connectionstatechange", () => this.options.onState(this.state()));
  }

  private state(): PathState {
    let state: PathState = "new";
    for (const transport of this.transports.values()) {
      const { connectionState } = transport;
      // Where every way out is blocked, Chrome gathers no candidate and stays "new" for good.
      const stuck = connectionState === "new" && this.started.has(transport);
      if (connectionState !== "closed") state = worse(state, stuck ? "connecting" : connectionState);
    }
    return state;
  }
}
