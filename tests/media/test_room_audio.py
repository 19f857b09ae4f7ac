"""Speakers and large rooms over real sockets: who is told of, who is heard, and unbroken numbers for those
who are.
"""

from __future__ import annotations

import pytest

from media.core import VOICE_UNKNOWN
from media.protocol import ActiveSpeaker, AudioLevels
from media.room_audio import RoomAudio
from tests.media.test_forwarding import settle
from tests.support import sfu as numbers
from tests.support.rtc_peer import RtcPeer, rtp_packet
from tests.support.sfu import Sfu

pytestmark = pytest.mark.usefixtures("packet_path")

SPEECH, SILENCE = 0x80 | 25, 127


async def speak(peer: RtcPeer, ssrc: int, first: int, count: int, level: int, mid: str = "1") -> None:
    for number in range(first, first + count):
        await peer.send_rtp(
            rtp_packet(
                ssrc,
                number,
                number * 960,
                b"opus",
                numbers.AUDIO_TYPE,
                extensions={numbers.MID_ID: mid.encode(), numbers.LEVEL_ID: bytes((level,))},
            )
        )


async def test_the_room_tells_who_speaks_and_how_loud() -> None:
    async with Sfu() as sfu:
        sender, publisher = await sfu.join("send")
        ann = sfu.produce_audio(sender)
        bob = sfu.produce_audio(sender, 3000, "2")
        start = sfu.ctx.now
        for frame in range(60):  # a second of speech, its arrival times being the frames' own
            stamp = start + frame * 0.02
            sfu.room.audio.heard(ann.streams[0], b"\xa0\x19\0\0", False, stamp)
            sfu.room.audio.heard(bob.streams[0], b"\xa0\x7f\0\0", False, stamp)
        sfu.room.tick(start + 1.2)
        await speak(publisher, 2000, 0, 1, SPEECH)
        told = [note for note in sfu.notes if isinstance(note, ActiveSpeaker | AudioLevels)]
        assert told[:2] == [ActiveSpeaker("room", ann.id), AudioLevels("room", {ann.id: 25})]
        ann.close()
        sfu.room.tick(start + 2)
        assert ActiveSpeaker("room", None) in sfu.notes


async def test_levels_reach_the_room_from_packets_and_a_paused_producer_is_silent() -> None:
    async with Sfu() as sfu:
        sender, publisher = await sfu.join("send")
        producer = sfu.produce_audio(sender)
        await speak(publisher, 2000, 0, 3, SPEECH)
        await settle(sfu, 3)
        sfu.room.tick(sfu.ctx.now)
        assert AudioLevels("room", {producer.id: 25}) in sfu.notes
        sfu.room.tick(sfu.ctx.now)
        sfu.notes.clear()
        producer.pause()
        await speak(publisher, 2000, 3, 3, SPEECH)
        await settle(sfu, 6)
        sfu.room.tick(sfu.ctx.now)
        assert not [note for note in sfu.notes if isinstance(note, AudioLevels)]


async def test_sound_that_is_no_voice_is_neither_speaker_nor_left_out() -> None:
    async with Sfu() as sfu:
        sfu.room.audio = RoomAudio(sfu.room, 1)
        sender, publisher = await sfu.join("send")
        receiver, subscriber = await sfu.join("recv")
        film, voice = sfu.produce_audio(sender), sfu.produce_audio(sender, 3000, "2")
        film.source = "screen-audio"
        sfu.consume(receiver, film)
        await speak(publisher, 3000, 0, 2, SPEECH, "2")
        await speak(publisher, 2000, 0, 5, SILENCE)
        await subscriber.until(lambda: len(subscriber.rtp) == 5)
        sfu.room.tick(sfu.ctx.now)
        assert AudioLevels("room", {voice.id: 25}) in sfu.notes


async def test_in_a_large_room_a_voice_is_heard_from_its_first_packet_in_unbroken_numbers() -> None:
    async with Sfu() as sfu:
        sfu.room.audio = RoomAudio(sfu.room, 1)
        sender, publisher = await sfu.join("send")
        receiver, subscriber = await sfu.join("recv")
        first = sfu.produce_audio(sender)
        second = sfu.produce_audio(sender, 3000, "2")
        heard = sfu.consume(receiver, second)
        sfu.consume(receiver, first)
        await speak(publisher, 2000, 0, 2, SPEECH)
        await speak(publisher, 3000, 100, 5, SILENCE, "2")
        await settle(sfu, 7)
        assert {packet.ssrc for packet in subscriber.rtp} != {heard.ssrc}
        assert sfu.ctx.drops() == {"audio_not_loudest": 5}
        first.pause()  # falls silent; the second may speak once a pause has passed
        sfu.room.audio.remove(first.id)
        await speak(publisher, 3000, 105, 3, SPEECH, "2")
        await subscriber.until(lambda: sum(p.ssrc == heard.ssrc for p in subscriber.rtp) == 3)
        rows = [packet for packet in subscriber.rtp if packet.ssrc == heard.ssrc]
        assert [packet.timestamp // 960 for packet in rows] == [105, 106, 107]
        assert [(packet.sequence - rows[0].sequence) & 0xFFFF for packet in rows] == [0, 1, 2]


async def test_who_is_silenced_and_speaks_again_goes_on_unbroken() -> None:
    async with Sfu() as sfu:
        sender, publisher = await sfu.join("send")
        receiver, subscriber = await sfu.join("recv")
        producer = sfu.produce_audio(sender)
        sfu.consume(receiver, producer)
        await speak(publisher, 2000, 0, 5, SILENCE)
        await subscriber.until(lambda: len(subscriber.rtp) == 5)
        sfu.room.audio = producer.streams[0].audio = RoomAudio(sfu.room, 1)
        producer.streams[0].state.voice = VOICE_UNKNOWN
        other = sfu.produce_audio(sender, 3000, "2")
        await speak(publisher, 3000, 0, 2, SPEECH, "2")
        await speak(publisher, 2000, 5, 20, SILENCE)
        await settle(sfu, 27)
        assert len(subscriber.rtp) == 5
        other.close()
        await speak(publisher, 2000, 25, 5, SILENCE)
        await subscriber.until(lambda: len(subscriber.rtp) == 10)
        first = subscriber.rtp[0].sequence
        assert [(packet.sequence - first) & 0xFFFF for packet in subscriber.rtp] == list(range(10))
        assert [packet.timestamp // 960 for packet in subscriber.rtp[5:]] == list(range(25, 30))
