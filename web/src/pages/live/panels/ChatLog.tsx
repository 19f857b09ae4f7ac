import { ArrowDown, MessageSquare } from "lucide-preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { Outgoing, RoomSession } from "../../../session";
import { Avatar, Button, EmptyState, Icon, Spinner } from "../../../ui";
import { reader } from "../../viewer";
import { timeOfDay } from "../clock";
import { tell } from "../room/tell";
import { MessageText } from "./MessageText";
import { type Group, groupByAuthor } from "./threads";

/** This near to the end counts as reading along. */
const AT_END_PX = 48;

/** What was said, oldest first. It follows the latest message unless one has scrolled up to read. */
export function ChatLog({ session }: { session: RoomSession }) {
  const { chat } = session;
  const messages = chat.messages.value;
  const outgoing = chat.outgoing.value;
  const you = session.you.value?.id;
  const { log, following, onScroll, toEnd } = useFollowing(messages[0]?.id, messages.length, outgoing.length);
  const unread = chat.unread.value;

  useEffect(() => {
    const read = () => {
      if (following && unread > 0 && document.visibilityState === "visible") chat.markRead();
    };
    read();
    document.addEventListener("visibilitychange", read);
    return () => document.removeEventListener("visibilitychange", read);
  }, [following, unread]);

  return (
    <div class="chat">
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so the keyboard must reach it */}
      <div class="chat-log" role="log" aria-label="Chat" tabIndex={0} ref={log} onScroll={onScroll}>
        {chat.hasOlder.value && (
          <div class="chat-older">
            <Button
              size="small"
              kind="quiet"
              busy={chat.loadingOlder.value}
              onClick={() => tell(chat.loadOlder())}
            >
              Show older
            </Button>
          </div>
        )}
        {messages.length === 0 && outgoing.length === 0 && (
          <EmptyState icon={MessageSquare} title="Nothing written yet">
            What you write is seen by everyone in the room.
          </EmptyState>
        )}
        {groupByAuthor(messages).map((group) => (
          <MessageGroup key={group.key} group={group} own={group.participantId === you} />
        ))}
        {outgoing.map((message) => (
          <OutgoingMessage key={message.clientId} session={session} message={message} />
        ))}
      </div>
      {!following && unread > 0 && (
        <button type="button" class="chat-new" onClick={toEnd}>
          <Icon of={ArrowDown} size={16} /> {unread === 1 ? "1 new" : `${unread} new`}
        </button>
      )}
    </div>
  );
}

/** Keeps the end in view while one reads along, and the line being read in place when older ones appear above. */
function useFollowing(first: string | undefined, count: number, outgoing: number) {
  const log = useRef<HTMLDivElement>(null);
  const [following, setFollowing] = useState(true);
  const before = useRef({ first, height: 0, outgoing });

  useLayoutEffect(() => {
    const element = log.current;
    if (element === null) return;
    const grewAbove = before.current.first !== first && before.current.first !== undefined;
    const sentNow = outgoing > before.current.outgoing;
    if (sentNow || (following && !grewAbove)) element.scrollTop = element.scrollHeight;
    else if (grewAbove) element.scrollTop += element.scrollHeight - before.current.height;
    before.current = { first, height: element.scrollHeight, outgoing };
  }, [first, count, outgoing]);

  useEffect(() => {
    const element = log.current;
    if (element === null || !following) return;
    const observer = new ResizeObserver(() => {
      element.scrollTop = element.scrollHeight;
    });
    observer.observe(element);
    return () => observer.disconnect();
  }, [following]);

  return {
    log,
    following,
    onScroll: () => {
      const element = log.current;
      if (element === null) return;
      setFollowing(element.scrollHeight - element.scrollTop - element.clientHeight < AT_END_PX);
    },
    toEnd: () => {
      log.current?.scrollTo({ top: log.current.scrollHeight });
      setFollowing(true);
    },
  };
}

function MessageGroup({ group, own }: { group: Group; own: boolean }) {
  return (
    <article class="message-group">
      <Avatar name={group.author} size={28} />
      <div class="message-body">
        <header class="message-head">
          <span class="message-author" dir="auto">
            {group.author}
          </span>
          {own && <span class="message-own">(You)</span>}
          <time class="message-time" dateTime={new Date(group.at * 1000).toISOString()}>
            {timeOfDay(group.at, reader())}
          </time>
        </header>
        {group.messages.map((message) => (
          <MessageText key={message.id} text={message.text} />
        ))}
      </div>
    </article>
  );
}

function OutgoingMessage({ session, message }: { session: RoomSession; message: Outgoing }) {
  const you = session.you.value;
  const { chat } = session;
  return (
    <article class="message-group message-outgoing">
      <Avatar name={you?.name ?? ""} size={28} />
      <div class="message-body">
        <MessageText text={message.text} />
        {message.state === "sending" ? (
          <p class="message-state">
            <Spinner size={12} /> On its way
          </p>
        ) : (
          <div class="message-failed">
            <p>Not sent. {message.problem?.message}</p>
            <div class="message-failed-actions">
              <Button size="small" onClick={() => void chat.retry(message.clientId)}>
                Try again
              </Button>
              <Button size="small" kind="quiet" onClick={() => chat.discard(message.clientId)}>
                Discard
              </Button>
            </div>
          </div>
        )}
      </div>
    </article>
  );
}
