/** The chat as it is read: messages of one person close together share one heading. */

import type { ChatMessage } from "../../../protocol/messages.gen";

/** A longer pause starts a new group, so that the time in the heading stays true. */
const SAME_GROUP_SECONDS = 300;

export interface Group {
  key: string;
  participantId: string;
  author: string;
  at: number;
  messages: ChatMessage[];
}

export function groupByAuthor(messages: readonly ChatMessage[]): Group[] {
  const groups: Group[] = [];
  for (const message of messages) {
    const group = groups.at(-1);
    const previous = group?.messages.at(-1);
    const continues =
      group?.participantId === message.participantId &&
      group.author === message.authorName &&
      previous !== undefined &&
      message.at - previous.at < SAME_GROUP_SECONDS;
    if (continues) {
      group.messages.push(message);
    } else {
      groups.push({
        key: message.id,
        participantId: message.participantId,
        author: message.authorName,
        at: message.at,
        messages: [message],
      });
    }
  }
  return groups;
}
