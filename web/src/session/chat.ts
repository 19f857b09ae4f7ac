/** The chat panel's side: messages in order, older ones on demand, and yours until the server has them. */

import { batch, type ReadonlySignal, signal } from "@preact/signals-core";
import type { ChatMessage, Snapshot } from "../protocol/messages.gen";
import { isConnectionLost, problemOf } from "../protocol/problem";
import type { Ask } from "../protocol/socket";
import { CHAT_IN_SNAPSHOT } from "./reducer";
import type { Chat, Outcome, Outgoing } from "./types";

/** Both lists as one, by number and each message once. */
export function merged(one: readonly ChatMessage[], other: readonly ChatMessage[]): ChatMessage[] {
  const bySeq = new Map([...one, ...other].map((message) => [message.seq, message]));
  return [...bySeq.values()].sort((a, b) => a.seq - b.seq);
}

/** Whether the snapshot's messages, the latest there are, continue what is shown; if not, some in between are missing. */
export function continues(shown: readonly ChatMessage[], latest: readonly ChatMessage[]): boolean {
  const last = shown.at(-1);
  return last === undefined || latest.length < CHAT_IN_SNAPSHOT || latest.some((one) => one.id === last.id);
}

export class RoomChat implements Chat {
  readonly messages: ReadonlySignal<readonly ChatMessage[]>;
  readonly outgoing: ReadonlySignal<readonly Outgoing[]>;
  readonly unread: ReadonlySignal<number>;
  readonly hasOlder: ReadonlySignal<boolean>;
  readonly loadingOlder: ReadonlySignal<boolean>;
  private readonly messagesNow = signal<readonly ChatMessage[]>([]);
  private readonly outgoingNow = signal<readonly Outgoing[]>([]);
  private readonly unreadNow = signal(0);
  private readonly hasOlderNow = signal(false);
  private readonly loadingNow = signal(false);
  private readonly ask: Ask;
  private readonly you: () => string | null;
  private sending: Promise<void> = Promise.resolve();

  constructor(ask: Ask, you: () => string | null) {
    this.ask = ask;
    this.you = you;
    this.messages = this.messagesNow;
    this.outgoing = this.outgoingNow;
    this.unread = this.unreadNow;
    this.hasOlder = this.hasOlderNow;
    this.loadingOlder = this.loadingNow;
  }

  /** A snapshot came, the first one or one in the place of missed events. */
  begin({ chat }: Snapshot): void {
    const shown = this.messagesNow.value;
    if (shown.length > 0 && continues(shown, chat)) {
      this.messagesNow.value = merged(shown, chat);
    } else {
      this.messagesNow.value = chat;
      this.hasOlderNow.value = chat.length >= CHAT_IN_SNAPSHOT;
    }
  }

  posted(message: ChatMessage): void {
    batch(() => {
      this.messagesNow.value = merged(this.messagesNow.value, [message]);
      if (message.participantId !== this.you()) this.unreadNow.value += 1;
      else this.confirmed((one) => one.state === "sending" && one.text === message.text);
    });
  }

  /** The socket is back: what waited goes out now. */
  connected(): void {
    void this.flush();
  }

  async send(text: string): Outcome {
    const trimmed = text.trim();
    if (trimmed === "") return null;
    const clientId = newId();
    const outgoing: Outgoing = { clientId, text: trimmed, state: "sending", problem: null };
    this.outgoingNow.value = [...this.outgoingNow.value, outgoing];
    return this.outcome(clientId);
  }

  async retry(clientId: string): Outcome {
    this.change(clientId, { state: "sending", problem: null });
    return this.outcome(clientId);
  }

  discard(clientId: string): void {
    this.outgoingNow.value = this.outgoingNow.value.filter((one) => one.clientId !== clientId);
  }

  async loadOlder(): Outcome {
    const first = this.messagesNow.value[0];
    if (first === undefined || this.loadingNow.value || !this.hasOlderNow.value) return null;
    this.loadingNow.value = true;
    try {
      const { messages, more } = await this.ask("chat.history", { before: first.seq });
      this.messagesNow.value = merged(messages, this.messagesNow.value);
      this.hasOlderNow.value = more;
      return null;
    } catch (error) {
      return problemOf(error);
    } finally {
      this.loadingNow.value = false;
    }
  }

  markRead(): void {
    this.unreadNow.value = 0;
  }

  private async outcome(clientId: string): Outcome {
    await this.flush();
    return this.outgoingNow.value.find((one) => one.clientId === clientId)?.problem ?? null;
  }

  private flush(): Promise<void> {
    this.sending = this.sending.then(() => this.sendWaiting());
    return this.sending;
  }

  /** One after the other, so that they arrive in the order in which they were written. */
  private async sendWaiting(): Promise<void> {
    for (;;) {
      const next = this.outgoingNow.value.find((one) => one.state === "sending");
      if (next === undefined) return;
      const { clientId, text } = next;
      try {
        const { message } = await this.ask("chat.send", { text, clientId });
        batch(() => {
          this.messagesNow.value = merged(this.messagesNow.value, [message]);
          this.confirmed((one) => one.clientId === clientId);
        });
      } catch (error) {
        const problem = problemOf(error);
        if (isConnectionLost(problem)) return; // sent again when the socket is back, under the same id
        this.change(clientId, { state: "failed", problem });
      }
    }
  }

  /** Takes away the first one that is meant; the event and the acknowledgement come in either order. */
  private confirmed(meant: (one: Outgoing) => boolean): void {
    const found = this.outgoingNow.value.find(meant);
    if (found !== undefined) this.discard(found.clientId);
  }

  private change(clientId: string, change: Partial<Outgoing>): void {
    this.outgoingNow.value = this.outgoingNow.value.map((one) =>
      one.clientId === clientId ? { ...one, ...change } : one,
    );
  }
}

/** Not crypto.randomUUID, which exists on secure pages only. */
function newId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(12));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
