"""Who closes whom, arrow by arrow, as written at the top of `media.room`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from media.consumer import Consumer
from media.producer import Producer
from media.protocol import ConsumerClosed
from media.transport import Transport
from tests.support.sfu import Sfu


@dataclass
class Scene:
    """Two people who send to each other: a sends sound to b, and b to a."""

    sfu: Sfu
    up: Transport  # of a
    down: Transport  # of b
    mic: Producer  # of a, on up
    heard: Consumer  # of mic, on down
    other_up: Transport
    other_down: Transport
    other_mic: Producer
    other_heard: Consumer

    def closed(self) -> set[str]:
        """What is closed, by its name above."""
        names = ("up", "down", "mic", "heard", "other_up", "other_down", "other_mic", "other_heard")
        return {name for name in names if getattr(self, name).closed}

    def told(self) -> list[str]:
        """Ids of the consumers of which the other side was told that they are closed."""
        return [note.consumer_id for note in self.sfu.notes if isinstance(note, ConsumerClosed)]


async def build(sfu: Sfu) -> Scene:
    a, b = sfu.room.create_peer("a"), sfu.room.create_peer("b")
    up, other_down = a.create_transport("a-up", "send"), a.create_transport("a-down", "recv")
    other_up, down = b.create_transport("b-up", "send"), b.create_transport("b-down", "recv")
    mic, other_mic = sfu.produce_audio(up), sfu.produce_audio(other_up)
    heard, other_heard = sfu.consume(down, mic), sfu.consume(other_down, other_mic)
    return Scene(sfu, up, down, mic, heard, other_up, other_down, other_mic, other_heard)


OF_A = {"up", "other_down", "mic", "other_heard"}
ARROWS: dict[str, tuple[Callable[[Scene], None], set[str], set[str]]] = {
    # what is closed, what goes with it, and which consumers are told of: those of somebody else
    "consumer": (lambda scene: scene.heard.close(), {"heard"}, set()),
    "producer -> its consumers": (lambda scene: scene.mic.close(), {"mic", "heard"}, {"heard"}),
    "transport -> producer": (lambda scene: scene.up.close(), {"up", "mic", "heard"}, {"heard"}),
    "transport -> consumer": (lambda scene: scene.down.close(), {"down", "heard"}, set()),
    "peer -> transport": (lambda scene: scene.up.peer.close(), OF_A | {"heard"}, {"heard"}),
}


@pytest.mark.parametrize("arrow", ARROWS)
async def test_closing_takes_along_what_is_below_and_nothing_else(arrow: str) -> None:
    close, expected, told = ARROWS[arrow]
    async with Sfu() as sfu:
        scene = await build(sfu)
        close(scene)
        assert scene.closed() == expected
        assert scene.told() == [getattr(scene, name).id for name in told]
        close(scene)  # twice does nothing
        assert scene.closed() == expected
        assert len(scene.told()) == len(told)
        assert len(sfu.ctx.transports) == 4 - len(expected & {"up", "down", "other_up", "other_down"})


async def test_a_room_closes_its_peers() -> None:
    async with Sfu() as sfu:
        scene = await build(sfu)
        sfu.room.close()
        assert len(scene.closed()) == 8
        assert not sfu.room.peers
        assert not sfu.ctx.rooms
        with pytest.raises(ValueError, match="closed"):
            sfu.room.create_peer("late")


async def test_the_context_closes_its_rooms() -> None:
    async with Sfu() as sfu:
        scene = await build(sfu)
        await sfu.ctx.close()
        assert len(scene.closed()) == 8
        assert sfu.room.closed


async def test_a_closed_parent_takes_no_children() -> None:
    async with Sfu() as sfu:
        scene = await build(sfu)
        peer = scene.up.peer
        scene.up.close()
        with pytest.raises(ValueError, match="no producers"):
            sfu.produce_audio(scene.up)
        peer.close()
        with pytest.raises(ValueError, match="closed"):
            peer.create_transport("late", "send")
