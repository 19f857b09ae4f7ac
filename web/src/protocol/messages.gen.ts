// Generated from signalling/messages.py by `python -m signalling.generate`; do not edit.

import type { types as mediasoup } from 'mediasoup-client';

export type MediaKind = 'audio' | 'video';

export type IceState = 'new' | 'connected' | 'disconnected' | 'closed';

export type Source = 'microphone' | 'camera' | 'screen' | 'screen-audio';

export type PausedBy = 'self' | 'staff';

/** What a decision rests on: the step of the policy order that matched, or why no role granted. */
export type Rule =
  | 'deny'
  | 'revoked'
  | 'granted'
  | 'part'
  | 'lock'
  | 'role'
  | 'session_grant'
  | 'policy'
  | 'not_confirmed'
  | 'not_host'
  | 'not_leading'
  | 'scope'
  | 'owner_only'
  | 'no_role';

/** What a person may do, from most to least (S61). Assigned per session, never inherited (S65). */
export type Role =
  | 'organiser'
  | 'facilitator'
  | 'co_facilitator'
  | 'participant'
  | 'observer';

/**
 * IDLE: nobody is there. LOBBY: people wait for a host. LIVE: a run is open, with people or without.
 * ENDED: over.
 */
export type Phase =
  | 'idle'
  | 'lobby'
  | 'live'
  | 'ended';

/** Every permission there is; a member is its key upper-cased. The matrix has one row for each. */
export type Permission =
  | 'session.view'
  | 'session.view_details'
  | 'session.join'
  | 'media.share_screen'
  | 'chat.send'
  | 'reaction.send'
  | 'session.host'
  | 'session.moderate'
  | 'resource.create'
  | 'recording.control'
  | 'breakout.manage'
  | 'participants.view'
  | 'participants.manage'
  | 'session.end'
  | 'session.edit'
  | 'breakout.self_select'
  | 'registrations.view'
  | 'media.publish_audio'
  | 'media.publish_video'
  | 'media.mute_others'
  | 'media.stop_video'
  | 'media.ask_unmute'
  | 'lobby.admit'
  | 'lobby.bypass'
  | 'room.lock'
  | 'room.remove'
  | 'room.ban'
  | 'room.return_to_lobby'
  | 'chat.read'
  | 'chat.private'
  | 'chat.private_to_staff'
  | 'chat.moderate'
  | 'hand.raise'
  | 'hand.manage'
  | 'stage.invite'
  | 'poll.vote'
  | 'poll.manage'
  | 'poll.view_votes'
  | 'qa.ask'
  | 'qa.upvote'
  | 'qa.moderate'
  | 'whiteboard.draw'
  | 'whiteboard.clear'
  | 'notes.edit'
  | 'file.share'
  | 'file.moderate'
  | 'caption.provide'
  | 'caption.enable_auto'
  | 'stream.control'
  | 'recording.view'
  | 'recording.download'
  | 'recording.publish'
  | 'recording.delete'
  | 'role.assign'
  | 'session.transfer'
  | 'invite.create'
  | 'timer.control'
  | 'agenda.advance'
  | 'layout.follow_me'
  | 'spotlight.set'
  | 'broadcast.send'
  | 'breakout.visit'
  | 'breakout.help_request'
  | 'analytics.view'
  | 'attendance.export'
  | 'audit.view';

/** Why a request was refused: a stable code, a sentence to show, and the field at fault if any. */
export interface Problem {
  code: string;
  message: string;
  field?: string;
}

/**
 * One permission as it stands for you. When refused: the rule that decides, a sentence, and who can lift
 * it.
 */
export interface Permit {
  allowed: boolean;
  rule: Rule;
  message: string;
  liftedBy: Role[];
}

/**
 * A person in the room. `role` is the highest of `roles`; "reconnecting" means the socket dropped a
 * moment ago.
 */
export interface Participant {
  id: string;
  name: string;
  role: Role;
  roles: Role[];
  state: 'present' | 'reconnecting';
  joinedAt: number;
  handRaisedAt?: number;
}

/** Something a participant sends. `pausedBy` says whether they muted it themselves or staff did. */
export interface Producer {
  id: string;
  participantId: string;
  source: Source;
  kind: MediaKind;
  paused: boolean;
  pausedBy?: PausedBy;
}

/** `seq` orders messages within the room; `authorName` stays readable after the author has left. */
export interface ChatMessage {
  id: string;
  seq: number;
  participantId: string;
  authorName: string;
  text: string;
  at: number;
}

export interface RoomInfo {
  timeslotId: string;
  sessionId: string;
  slug: string;
  title: string;
  sessionType: string;
  phase: Phase;
  startsAt: number;
  endsAt: number;
  startedAt?: number;
}

export interface You {
  participantId: string;
  permissions: Record<Permission, Permit>;
}

/**
 * All that a participant may see of the room, as of event number `seq`; `chat` holds the latest 100
 * messages.
 */
export interface Snapshot {
  seq: number;
  room: RoomInfo;
  participants: Participant[];
  producers: Producer[];
  chat: ChatMessage[];
}

export interface Resume {
  participantId: string;
  seq: number;
}

/**
 * The Socket.IO `auth` object. A ticket is used once: every connection attempt fetches a fresh one
 * over REST.
 *
 * With `resume`, what was missed since `seq` is sent as `event`s after `Resumed`; when that is no
 * longer possible, `Welcome` with a fresh snapshot comes instead. Refusals arrive as a Socket.IO connect
 * error whose `data` is a `Problem`: `ticket.invalid`, `ticket.expired`, `ticket.used`, `room.ended`,
 * `room.removed`, `permission.denied`, `session.not_found`, `validation`. A foreign Origin is refused
 * before that, with HTTP 400.
 */
export interface Connect {
  ticket: string;
  resume?: Resume;
}

/** Asks for a fresh snapshot, for a client that saw a gap in the numbers. */
export type RoomSync = Empty;

/**
 * Leaves for good: no grace period, media is released at once. The server closes the socket after the
 * ack.
 */
export type RoomLeave = Empty;

/** Ends the session for everyone. */
export type RoomEnd = Empty;

export interface ChatSendResponse {
  message: ChatMessage;
}

/**
 * `clientId` is chosen by the sender; sending the same one again gives the first message back, not a
 * second.
 */
export interface ChatSend {
  text: string;
  clientId: string;
}

export interface ChatHistoryResponse {
  messages: ChatMessage[];
  more: boolean;
}

/** Up to `limit` messages older than `before` (a message's `seq`), oldest first. */
export interface ChatHistory {
  before: number;
  limit?: number;
}

/** One of the reactions that `REACTIONS` lists. */
export interface ReactionSend {
  emoji: string;
}

export type HandRaise = Empty;

/** One's own hand, or with `hand.manage` somebody else's. */
export interface HandLower {
  participantId?: string;
}

/**
 * Pauses somebody's microphone (`media.mute_others`) or camera or screen (`media.stop_video`); only they
 * can resume.
 */
export interface ModerationMute {
  participantId: string;
  source: Source;
}

export interface MediaCapabilitiesResponse {
  rtpCapabilities: mediasoup.RtpCapabilities;
}

export type MediaCapabilities = Empty;

/**
 * A TURN server that relays media, with credentials good for some minutes. An `RTCIceServer` as browsers
 * know it.
 */
export interface IceServer {
  urls: string[];
  username: string;
  credential: string;
}

export interface MediaCreateTransportResponse {
  transportId: string;
  iceParameters: mediasoup.IceParameters;
  iceCandidates: mediasoup.IceCandidate[];
  dtlsParameters: mediasoup.DtlsParameters;
  iceServers: IceServer[];
}

/**
 * "recv" carries the browser's `rtpCapabilities`; from then on the server offers consumers by itself.
 *
 * One transport per direction: a newer one replaces the older, with its producers or consumers.
 * `iceServers` is empty where the server has no relay.
 */
export interface MediaCreateTransport {
  direction: 'send' | 'recv';
  rtpCapabilities?: mediasoup.RtpCapabilities;
}

export interface MediaConnectTransport {
  transportId: string;
  dtlsParameters: mediasoup.DtlsParameters;
}

export interface MediaProduceResponse {
  producerId: string;
}

/**
 * Needs `media.publish_audio`, `media.publish_video` or `media.share_screen`, by source. One producer
 * per source, but any number of screens.
 */
export interface MediaProduce {
  transportId: string;
  kind: MediaKind;
  source: Source;
  rtpParameters: mediasoup.RtpParameters;
  paused?: boolean;
}

export interface MediaConsumeResponse {
  consumer: ConsumerOffer;
}

/**
 * Asks for a consumer of one producer, when its offer was lost or its consumer was closed by this
 * browser.
 */
export interface MediaConsume {
  producerId: string;
}

/** Pauses one's own producer or consumer; exactly one id is given (likewise in resume and close). */
export interface MediaPause {
  producerId?: string;
  consumerId?: string;
}

/** A consumer's first resume says that the browser is ready; only then packets flow. */
export interface MediaResume {
  producerId?: string;
  consumerId?: string;
}

/**
 * What the page shows of a video: `height` in device pixels, 0 for as large as there is. What is not
 * visible is not sent.
 */
export interface MediaSetLayers {
  consumerId: string;
  height?: number;
  visible?: boolean;
  pinned?: boolean;
}

/** `transportId` releases a transport that the browser gave up (it rebuilds with a new one). */
export interface MediaClose {
  producerId?: string;
  consumerId?: string;
  transportId?: string;
}

export interface MediaRestartIceResponse {
  iceParameters: mediasoup.IceParameters;
  iceServers: IceServer[];
}

/** New ICE credentials for a transport, and for the relay, whose former ones may have expired. */
export interface MediaRestartIce {
  transportId: string;
}

export interface MediaStatsResponse {
  transports: Record<string, unknown>[];
  producers: Record<string, unknown>[];
  consumers: Record<string, unknown>[];
}

/** Counters of one's own transports, producers and consumers. */
export type MediaStats = Empty;

export interface ParticipantJoined {
  type: 'participant.joined';
  seq: number;
  at: number;
  participant: Participant;
}

/** Anything about a participant but their hand: connection state, name, roles. */
export interface ParticipantChanged {
  type: 'participant.changed';
  seq: number;
  at: number;
  participant: Participant;
}

/** "lost" means that they did not come back in time after their connection dropped. */
export interface ParticipantLeft {
  type: 'participant.left';
  seq: number;
  at: number;
  participantId: string;
  reason: 'left' | 'lost' | 'removed' | 'ended';
}

export interface ChatPosted {
  type: 'chat.posted';
  seq: number;
  at: number;
  message: ChatMessage;
}

export interface ReactionSent {
  type: 'reaction.sent';
  seq: number;
  at: number;
  participantId: string;
  emoji: string;
}

export interface HandRaised {
  type: 'hand.raised';
  seq: number;
  at: number;
  participantId: string;
}

export interface HandLowered {
  type: 'hand.lowered';
  seq: number;
  at: number;
  participantId: string;
}

export interface ProducerAdded {
  type: 'producer.added';
  seq: number;
  at: number;
  producer: Producer;
}

/** Paused or resumed. */
export interface ProducerChanged {
  type: 'producer.changed';
  seq: number;
  at: number;
  producer: Producer;
}

export interface ProducerRemoved {
  type: 'producer.removed';
  seq: number;
  at: number;
  producerId: string;
  participantId: string;
}

export interface PhaseChanged {
  type: 'room.phaseChanged';
  seq: number;
  at: number;
  phase: Phase;
  startedAt?: number;
}

/** The plan was edited while people are here: title or times. */
export interface RoomChanged {
  type: 'room.changed';
  seq: number;
  at: number;
  title: string;
  startsAt: number;
  endsAt: number;
}

/** Something happened that this person may not see; it keeps the numbers without gaps. */
export interface Withheld {
  type: 'room.withheld';
  seq: number;
  at: number;
}

/** The last event of a room; sockets are closed after it. */
export interface RoomEnded {
  type: 'room.ended';
  seq: number;
  at: number;
  by?: string;
  reason: 'host' | 'empty' | 'overrun' | 'organiser';
}

/**
 * The first message after a fresh connection, or after a resume that came too late.
 *
 * `rtpCapabilities` are the answer to `media.capabilities`, in the lobby too: the browser can prepare its
 * media, and ask for transports at once when the room is live.
 */
export interface Welcome {
  type: 'welcome';
  you: You;
  snapshot: Snapshot;
  rtpCapabilities: mediasoup.RtpCapabilities;
}

/** The first message after a resume that worked; the missed events follow. Media is as it was. */
export interface Resumed {
  type: 'resumed';
  you: You;
  seq: number;
}

/** Where `participants.view` or `chat.read` changed, what is to be seen did too: ask for `room.sync`. */
export interface PermissionsChanged {
  type: 'permissions.changed';
  you: You;
}

/** What mediasoup-client's `transport.consume()` takes, and whose it is. */
export interface ConsumerOffer {
  consumerId: string;
  producerId: string;
  participantId: string;
  source: Source;
  kind: MediaKind;
  rtpParameters: mediasoup.RtpParameters;
  producerPaused: boolean;
}

/**
 * Offers that were not yet taken up (`media.resume`) come again after `Resumed`; a known consumer id is
 * ignored.
 */
export interface ConsumerOffered {
  type: 'media.consumerOffered';
  consumer: ConsumerOffer;
}

export interface ConsumerClosed {
  type: 'media.consumerClosed';
  consumerId: string;
}

/**
 * A video that this browser shows is held back: its path does not carry it beside the sound and what goes
 * first (`starved`), or carries it again. The page should say so in words rather than show a frozen
 * picture; nothing has to be asked for.
 */
export interface ConsumerStarved {
  type: 'media.consumerStarved';
  consumerId: string;
  starved: boolean;
}

/**
 * Nobody watches the encodings of this producer above `spatial`, 0 being the smallest: this is for
 * mediasoup-client's `setMaxSpatialLayer`.
 */
export interface LayersWanted {
  type: 'media.layersWanted';
  producerId: string;
  spatial: number;
}

/** As seen from the server, so that a browser that still believes in a dead path restarts ICE. */
export interface TransportStateChanged {
  type: 'media.transportState';
  transportId: string;
  ice: IceState;
}

/** Who is speaking, sent on change. `active` is the one to look at: it stays through silence. */
export interface RoomSpeaking {
  type: 'room.speaking';
  active?: string;
  speaking: string[];
}

/** The room's media worker was replaced: transports, producers, consumers are gone. Build them anew. */
export interface MediaReset {
  type: 'media.reset';
}

/**
 * The server restarts when the sessions that run now are over, at `latest` (seconds since the epoch).
 * Nothing is to be done: whoever is still here then is brought back by reconnecting.
 */
export interface ServerRestarting {
  type: 'server.restarting';
  message: string;
  latest: number;
}

/** This person joined from somewhere else; this connection is closed and must not reconnect by itself. */
export interface Replaced {
  type: 'replaced';
}

/**
 * This connection is closed by the server: `room.removed`, `permission.denied` (the place was lost) or
 * `flood`.
 */
export interface Removed {
  type: 'removed';
  message: string;
  code: string;
}

export type RoomEvent =
  | ParticipantJoined
  | ParticipantChanged
  | ParticipantLeft
  | ChatPosted
  | ReactionSent
  | HandRaised
  | HandLowered
  | ProducerAdded
  | ProducerChanged
  | ProducerRemoved
  | PhaseChanged
  | RoomChanged
  | Withheld
  | RoomEnded;

export type DirectMessage =
  | Welcome
  | Resumed
  | PermissionsChanged
  | ConsumerOffered
  | ConsumerClosed
  | ConsumerStarved
  | LayersWanted
  | TransportStateChanged
  | RoomSpeaking
  | MediaReset
  | ServerRestarting
  | Replaced
  | Removed;

/** Every request by its event name: what is sent, and what the acknowledgement carries. */
export interface Requests {
  'room.sync': { request: RoomSync; response: Snapshot };
  'room.leave': { request: RoomLeave; response: Empty };
  'room.end': { request: RoomEnd; response: Empty };
  'chat.send': { request: ChatSend; response: ChatSendResponse };
  'chat.history': { request: ChatHistory; response: ChatHistoryResponse };
  'reaction.send': { request: ReactionSend; response: Empty };
  'hand.raise': { request: HandRaise; response: Empty };
  'hand.lower': { request: HandLower; response: Empty };
  'moderation.mute': { request: ModerationMute; response: Empty };
  'media.capabilities': { request: MediaCapabilities; response: MediaCapabilitiesResponse };
  'media.createTransport': { request: MediaCreateTransport; response: MediaCreateTransportResponse };
  'media.connectTransport': { request: MediaConnectTransport; response: Empty };
  'media.produce': { request: MediaProduce; response: MediaProduceResponse };
  'media.consume': { request: MediaConsume; response: MediaConsumeResponse };
  'media.pause': { request: MediaPause; response: Empty };
  'media.resume': { request: MediaResume; response: Empty };
  'media.setLayers': { request: MediaSetLayers; response: Empty };
  'media.close': { request: MediaClose; response: Empty };
  'media.restartIce': { request: MediaRestartIce; response: MediaRestartIceResponse };
  'media.stats': { request: MediaStats; response: MediaStatsResponse };
}

export const REACTIONS = ['👍', '👏', '❤️', '😂', '😮', '🎉', '🤔', '👋'] as const;

/** What every request is acknowledged with. */
export type Ack<Answer> = ({ ok: true } & Answer) | { ok: false; error: Problem };

/** What a request that tells nothing new is answered with. */
export type Empty = Record<never, never>;
