"""The compiled loop's table of addresses: what is bound is found, what is unbound is not."""

from __future__ import annotations

import random
from typing import Any

import pytest

from media import core
from media.core import NAME, ffi
from media.net.udp import pack_address

pytestmark = pytest.mark.skipif(core.library is None, reason="the compiled loop of media/core is not built")


class Table:
    def __init__(self, places: int, name_size: int) -> None:
        self._kept = [ffi.new("struct binding[]", places), ffi.new("struct batches *")]
        self.state: Any = ffi.new("struct core *")
        self.state.bindings, self.state.batches = self._kept
        self.state.binding_mask = places - 1
        self.state.batches.name_size = name_size

    def bind(self, address: bytes, transport: Any) -> None:
        core.library.core_bind(self.state, address.ljust(NAME, b"\0"), transport)

    def unbind(self, address: bytes) -> None:
        core.library.core_unbind(self.state, address.ljust(NAME, b"\0"))

    def content(self) -> dict[bytes, Any]:
        size = self.state.batches.name_size
        places = self.state.binding_mask + 1
        bound = [self.state.bindings[at] for at in range(places) if self.state.bindings[at].transport]
        return {bytes(place.name)[:size]: place.transport for place in bound}

    def find(self, address: bytes) -> Any:
        return core.library.core_find(self.state, address.ljust(NAME, b"\0"))


@pytest.mark.parametrize(("host", "size"), [("127.0.0.1", 8), ("::1", 28)])
@pytest.mark.parametrize("seed", range(5))
def test_a_table_is_what_was_done_to_it(host: str, size: int, seed: int) -> None:
    chance = random.Random(seed)
    table, expected = Table(64, size), dict[bytes, Any]()
    transports = [ffi.new("struct transport *") for _ in range(8)]
    addresses = [pack_address(host, port) for port in range(1000, 1060)]
    for _ in range(3000):
        address = chance.choice(addresses)
        if len(expected) < 32 and chance.random() < 0.5:
            expected[address] = chance.choice(transports)
            table.bind(address, expected[address])
        else:
            expected.pop(address, None)
            table.unbind(address)
        assert all(table.find(known) == expected.get(known, ffi.NULL) for known in addresses[::7])
    assert table.content() == expected
