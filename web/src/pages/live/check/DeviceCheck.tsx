import { useEffect, useRef, useState } from "preact/hooks";
import { createLocalMedia, type LocalMedia } from "../../../media/local";
import type { RoomCard } from "../../../protocol/api";
import { Avatar, Banner, Button, highestRole, RoleBadge } from "../../../ui";
import { Page } from "../../shell/Page";
import { viewer } from "../../viewer";
import { DeviceChoices } from "./DeviceChoices";
import { Faults } from "./Faults";
import { Preview } from "./Preview";
import { RouteChoice } from "./RouteChoice";
import "./check.css";

interface DeviceCheckProps {
  card: RoomCard;
  /** With the devices as they stand; from then on they belong to the room. Observers have none. */
  onJoin(local: LocalMedia | null): void;
}

/** The last look before going in: who you will be, how you look and sound. */
export function DeviceCheck({ card, onJoin }: DeviceCheckProps) {
  const role = highestRole(card.you.roles) ?? "participant";
  const observer = role === "observer";
  const local = useDevices(!observer);
  const name = card.you.name ?? ownName();
  return (
    <Page title={`Join ${card.title}`}>
      <div class={observer ? "check check-observer" : "check"}>
        {local.media !== null && <Preview local={local.media} name={name} />}
        <div class="check-side">
          <header class="check-head">
            <h1 class="check-title" dir="auto">
              {card.title}
            </h1>
            <p class="check-state">{stateInWords(card)}</p>
          </header>
          <p class="check-you">
            <Avatar name={name} size={36} />
            <span class="check-you-words">
              You join as <bdi class="check-name">{name}</bdi>
            </span>
            <RoleBadge role={role} />
          </p>
          {observer && <Banner>You join as an observer: you see and hear, and are not seen or heard.</Banner>}
          {local.media !== null && <Faults local={local.media} />}
          {local.media !== null && <DeviceChoices local={local.media} />}
          {card.relay && <RouteChoice />}
          <Button
            class="check-join"
            kind="primary"
            size="large"
            wide
            onClick={() => onJoin(local.handOver())}
          >
            Join
          </Button>
        </div>
      </div>
    </Page>
  );
}

interface Devices {
  media: LocalMedia | null;
  /** Gives the devices away; leaving this page then no longer closes them. */
  handOver(): LocalMedia | null;
}

function useDevices(wanted: boolean): Devices {
  const [media, setMedia] = useState<LocalMedia | null>(null);
  const given = useRef(false);
  useEffect(() => {
    if (!wanted) return;
    const made = createLocalMedia();
    setMedia(made);
    void made.start();
    return () => {
      if (!given.current) made.close();
    };
  }, [wanted]);
  return {
    media,
    handOver: () => {
      given.current = true;
      return media;
    },
  };
}

function ownName(): string {
  const now = viewer.value;
  return now.state === "in" ? now.me.name : "You";
}

function stateInWords(card: RoomCard): string {
  if (card.phase === "live") return "The session is running.";
  const who = card.facilitator === null ? "the facilitator" : card.facilitator;
  return `The session starts when ${who} arrives.`;
}
