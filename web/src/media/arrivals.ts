/** When media last came, over everything that is being received. */

/** The part of `RTCRtpReceiver` that tells. */
export type Receiver = Pick<RTCRtpReceiver, "getSynchronizationSources">;

export class Arrivals {
  private readonly latest = new WeakMap<Receiver, { rtpTimestamp: number; at: number }>();

  /**
   * Milliseconds since the newest packet of `receivers` was first seen here, by calls a fraction of a second apart; null
   * where nothing has come from any of them. `now` in milliseconds.
   */
  ago(receivers: Iterable<Receiver>, now: number): number | null {
    let newest = Number.NEGATIVE_INFINITY;
    for (const receiver of receivers) newest = Math.max(newest, this.arrival(receiver, now));
    return newest === Number.NEGATIVE_INFINITY ? null : now - newest;
  }

  private arrival(receiver: Receiver, now: number): number {
    const rtpTimestamp = receiver.getSynchronizationSources()[0]?.rtpTimestamp;
    const before = this.latest.get(receiver);
    if (rtpTimestamp === undefined || rtpTimestamp === before?.rtpTimestamp) {
      return before?.at ?? Number.NEGATIVE_INFINITY;
    }
    this.latest.set(receiver, { rtpTimestamp, at: now });
    return now;
  }
}
