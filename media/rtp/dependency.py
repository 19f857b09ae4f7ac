"""The dependency descriptor: which frames a video is made of, and what can be left out (AOM, "RTP Payload
Format For AV1", v1.0, appendix A; any codec may carry it as a header extension).

A stream's first key frame brings a *structure* with templates; each packet names its template and what
differs from it. A *decode target* is one way to watch the stream: a spatial and a temporal layer.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from media.rtp.header import Buffer

MANDATORY = 3  # bytes: flags with the template's id, and the frame's number
NUMBERS = 1 << 16  # of frames, then they begin anew
FRAME_NUMBER = 1  # its offset in the element
TEMPLATES_LIMIT = 64  # ids have six bits


class Indication(IntEnum):
    """What a frame is to a decode target (A.8.2)."""

    ABSENT = 0
    DISCARDABLE = 1
    SWITCH = 2  # from here on the target can be watched
    REQUIRED = 3


@dataclass(frozen=True, slots=True)
class Template:
    """``dtis`` by decode target; ``fdiffs`` are distances back to the frames referred to, ``chains`` to the
    last frame of each chain.
    """

    spatial: int
    temporal: int
    dtis: tuple[int, ...] = ()
    fdiffs: tuple[int, ...] = ()
    chains: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Structure:
    """``targets`` are the (spatial, temporal) layers that each decode target goes up to; ``protected_by`` the
    chain of each; ``sizes`` the (width, height) in pixels of each spatial layer, empty where not told.
    """

    offset: int
    templates: tuple[Template, ...]
    targets: tuple[tuple[int, int], ...]
    protected_by: tuple[int, ...] = ()
    sizes: tuple[tuple[int, int], ...] = ()

    @property
    def spatial(self) -> int:
        """How many spatial layers there are."""
        return max(template.spatial for template in self.templates) + 1

    @property
    def temporal(self) -> int:
        return max(template.temporal for template in self.templates) + 1

    def target(self, spatial: int, temporal: int, active: int = -1) -> int:
        """The best decode target that goes no higher than these layers and whose bit is set in ``active``;
        the least one where there is none.
        """
        fitting = [
            index
            for index, (target_spatial, target_temporal) in enumerate(self.targets)
            if target_spatial <= spatial and target_temporal <= temporal and active >> index & 1
        ]
        if fitting:
            return max(fitting, key=self.targets.__getitem__)
        return min(range(len(self.targets)), key=self.targets.__getitem__)


@dataclass(frozen=True, slots=True)
class Frame:
    """What one packet's descriptor says. ``structure`` is the one that was used; ``brings`` tells whether
    this packet carried it. ``active`` is the mask of decode targets that are being sent, -1 where this packet
    does not tell.
    """

    number: int
    begins: bool
    ends: bool
    spatial: int
    temporal: int
    dtis: tuple[int, ...]
    fdiffs: tuple[int, ...]
    chains: tuple[int, ...]
    structure: Structure
    brings: bool = False
    active: int = -1


class _Bits:
    """Reads numbers from the first bit on. Raises ValueError behind the last."""

    __slots__ = ("_at", "_end", "_value")

    def __init__(self, data: bytes) -> None:
        self._value = int.from_bytes(data, "big")
        self._end = 8 * len(data)
        self._at = 0

    def take(self, bits: int) -> int:
        self._at += bits
        if self._at > self._end:
            raise ValueError("the dependency descriptor is cut off")
        return self._value >> self._end - self._at & (1 << bits) - 1

    def below(self, limit: int) -> int:
        """A number below ``limit`` in as few bits as possible: ns(n) of the specification."""
        width = limit.bit_length()
        short = (1 << width) - limit
        value = self.take(width - 1)
        return value if value < short else (value << 1) - short + self.take(1)


def parse(data: bytes, structure: Structure | None) -> Frame:
    """The descriptor ``data``, which builds on the stream's last ``structure`` unless it brings one.

    Raises ValueError where it is malformed, or names a template that is not there.
    """
    bits = _Bits(data)
    begins, ends, template_id, number = bits.take(1), bits.take(1), bits.take(6), bits.take(16)
    brings = tells_active = custom_dtis = custom_fdiffs = custom_chains = 0
    active = -1
    if len(data) > MANDATORY:
        brings, tells_active = bits.take(1), bits.take(1)
        custom_dtis, custom_fdiffs, custom_chains = bits.take(1), bits.take(1), bits.take(1)
        if brings:
            structure = _structure(bits)
            active = (1 << len(structure.targets)) - 1
        if tells_active and structure is not None:
            active = bits.take(len(structure.targets))
    if structure is None:
        raise ValueError("a dependency descriptor before its structure")
    index = (template_id - structure.offset) % TEMPLATES_LIMIT
    if index >= len(structure.templates):
        raise ValueError(f"there is no template {template_id}")
    template = structure.templates[index]
    dtis, fdiffs, chains = template.dtis, template.fdiffs, template.chains
    if custom_dtis:
        dtis = tuple(bits.take(2) for _ in structure.targets)
    if custom_fdiffs:
        fdiffs = _frame_differences(bits)
    if custom_chains:
        chains = tuple(bits.take(8) for _ in template.chains)
    return Frame(
        number=number,
        begins=bool(begins),
        ends=bool(ends),
        spatial=template.spatial,
        temporal=template.temporal,
        dtis=dtis,
        fdiffs=fdiffs,
        chains=chains,
        structure=structure,
        brings=bool(brings),
        active=active,
    )


def brings_structure(data: Buffer) -> bool:
    """Whether the descriptor carries a structure: with it a decoder can begin."""
    return len(data) > MANDATORY and bool(data[MANDATORY] & 0x80)


def _frame_differences(bits: _Bits) -> tuple[int, ...]:
    found = []
    while size := bits.take(2):
        found.append(bits.take(4 * size) + 1)
    return tuple(found)


def _structure(bits: _Bits) -> Structure:
    offset = bits.take(6)
    count = bits.take(5) + 1  # of decode targets
    layers = _layers(bits)
    dtis = [tuple(bits.take(2) for _ in range(count)) for _ in layers]
    fdiffs = [_template_differences(bits) for _ in layers]
    chain_count = bits.below(count + 1)
    protected: tuple[int, ...] = ()
    chains: list[tuple[int, ...]] = [()] * len(layers)
    if chain_count:
        protected = tuple(bits.below(chain_count) for _ in range(count))
        chains = [tuple(bits.take(4) for _ in range(chain_count)) for _ in layers]
    templates = tuple(
        Template(spatial, temporal, *rest)
        for (spatial, temporal), *rest in zip(layers, dtis, fdiffs, chains, strict=True)
    )
    sizes: tuple[tuple[int, int], ...] = ()
    if bits.take(1):
        sizes = tuple((bits.take(16) + 1, bits.take(16) + 1) for _ in range(layers[-1][0] + 1))
    targets = tuple(_target_layers(templates, index) for index in range(count))
    return Structure(offset, templates, targets, protected, sizes)


def _layers(bits: _Bits) -> list[tuple[int, int]]:
    """(spatial, temporal) layer of each template."""
    layers: list[tuple[int, int]] = []
    spatial = temporal = 0
    while len(layers) < TEMPLATES_LIMIT:
        layers.append((spatial, temporal))
        following = bits.take(2)
        if following == 1:
            temporal += 1
        elif following == 2:
            spatial, temporal = spatial + 1, 0
        elif following == 3:
            return layers
    raise ValueError("more templates than there are ids")


def _template_differences(bits: _Bits) -> tuple[int, ...]:
    found = []
    while bits.take(1):
        found.append(bits.take(4) + 1)
    return tuple(found)


def _target_layers(templates: tuple[Template, ...], index: int) -> tuple[int, int]:
    used = [template for template in templates if template.dtis[index] != Indication.ABSENT]
    return (
        max((template.spatial for template in used), default=0),
        max((template.temporal for template in used), default=0),
    )
