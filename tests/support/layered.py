"""Videos with layers as publishers send them, packet by packet: payloads and descriptors written by the
specifications, each payload telling what it is of.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from media.rtp.dependency import Indication, Structure, Template

ABSENT, DISCARDABLE, SWITCH, REQUIRED = Indication

#: Temporal layer of each picture, for one, two and three of them (libvpx, libaom).
PATTERNS = {1: (0,), 2: (0, 1), 3: (0, 2, 1, 2)}


#: SPS and PPS in one packet (STAP-A), as browsers send them in front of an IDR picture.
H264_PARAMETERS = bytes.fromhex("78 0004 6742e01f 0002 68ce")


class Bits:
    """Writes numbers from the first bit on."""

    def __init__(self) -> None:
        self._text = ""

    def put(self, value: int, bits: int) -> None:
        assert 0 <= value < 1 << bits
        if bits:
            self._text += f"{value:0{bits}b}"

    def below(self, value: int, limit: int) -> None:
        """ns(n) of the AV1 specification."""
        width = limit.bit_length()
        short = (1 << width) - limit
        if value < short:
            self.put(value, width - 1)
        else:
            self.put((value + short) >> 1, width - 1)
            self.put((value + short) & 1, 1)

    def bytes(self) -> bytes:
        text = self._text + "0" * (-len(self._text) % 8)
        return int(text, 2).to_bytes(len(text) // 8, "big")


def write_structure(bits: Bits, structure: Structure) -> None:
    """template_dependency_structure() of the AV1 RTP specification, A.8.2."""
    count = len(structure.targets)
    bits.put(structure.offset, 6)
    bits.put(count - 1, 5)
    for before, after in zip(structure.templates, (*structure.templates[1:], None), strict=True):
        same = after is not None and (before.spatial, before.temporal) == (after.spatial, after.temporal)
        bits.put(3 if after is None else 0 if same else 1 if after.spatial == before.spatial else 2, 2)
    for template in structure.templates:
        for indication in template.dtis:
            bits.put(indication, 2)
    for template in structure.templates:
        for back in template.fdiffs:
            bits.put(1, 1)
            bits.put(back - 1, 4)
        bits.put(0, 1)
    chains = len(structure.templates[0].chains)
    bits.below(chains, count + 1)
    if chains:
        for chain in structure.protected_by:
            bits.below(chain, chains)
        for template in structure.templates:
            for back in template.chains:
                bits.put(back, 4)
    bits.put(bool(structure.sizes), 1)
    for width, height in structure.sizes:
        bits.put(width - 1, 16)
        bits.put(height - 1, 16)


def descriptor(
    number: int,
    template: int,
    begins: bool = True,
    ends: bool = True,
    structure: Structure | None = None,
    active: int | None = None,
    targets: int = 0,
    dtis: tuple[int, ...] | None = None,
    fdiffs: tuple[int, ...] | None = None,
    chains: tuple[int, ...] | None = None,
) -> bytes:
    """A dependency descriptor; ``targets`` is how many bits ``active`` has."""
    bits = Bits()
    bits.put(begins, 1)
    bits.put(ends, 1)
    bits.put(template, 6)
    bits.put(number & 0xFFFF, 16)
    flags = [structure is not None, active is not None, dtis is not None, fdiffs is not None]
    if any(flags) or chains is not None:
        for flag in (*flags, chains is not None):
            bits.put(flag, 1)
        if structure is not None:
            write_structure(bits, structure)
        if active is not None:
            bits.put(active, targets)
        for indication in dtis or ():
            bits.put(indication, 2)
        if fdiffs is not None:
            for back in fdiffs:
                size = (back - 1).bit_length() + 3 >> 2 or 1
                bits.put(size, 2)
                bits.put(back - 1, 4 * size)
            bits.put(0, 2)
        for back in chains or ():
            bits.put(back, 8)
    return bits.bytes()


def vp9_payload(
    picture: int,
    spatial: int = 0,
    temporal: int = 0,
    begins: bool = True,
    ends: bool = True,
    predicted: bool = True,
    syncs: bool = True,
    inter_layer: bool = False,
    tl0: int = 0,
    flexible: bool = False,
    heights: tuple[int, ...] = (),
    mark: bytes = b"",
) -> bytes:
    """A VP9 payload with a 15-bit picture id and layer indices (RFC 9628, 4.2)."""
    flags = 0xA0 | predicted << 6 | flexible << 4 | begins << 3 | ends << 2 | bool(heights) << 1
    out = bytes((flags, 0x80 | picture >> 8 & 0x7F, picture & 0xFF))
    out += bytes((temporal << 5 | syncs << 4 | spatial << 1 | inter_layer,))
    if not flexible:
        out += bytes((tl0 & 0xFF,))
    elif predicted:
        out += bytes((2 << 1,))
    if heights:
        out += bytes((len(heights) - 1 << 5 | 0x10,))
        for height in heights:
            out += (height * 16 // 9).to_bytes(2, "big") + height.to_bytes(2, "big")
    return out + mark


@dataclass(frozen=True, slots=True)
class Part:
    """One packet of a video: ``picture`` counts from 0, ``refers`` are the (picture, spatial) of the frames
    that its frame builds on.
    """

    picture: int
    spatial: int
    temporal: int
    key: bool
    first: bool  # of its frame
    last: bool
    marker: bool
    refers: tuple[tuple[int, int], ...]
    payload: bytes
    element: bytes = b""  # dependency descriptor


@dataclass(slots=True)
class Scalable:
    """A camera that encodes ``spatial`` × ``temporal`` layers; ``keyed`` as in L3T3_KEY."""

    codec: str = "vp9"
    spatial: int = 3
    temporal: int = 3
    keyed: bool = False
    packets: int = 2  # of each frame
    encoding: int = 0  # of simulcast: told in the place of the spatial layer, where there is one
    picture: int = 0
    first_id: int = 0x7FF0  # of picture ids, frame numbers: wraps soon
    _since_key: int = field(default=0, init=False)
    _frames: int = field(default=0, init=False)
    _last: dict[tuple[int, int], int] = field(
        default_factory=dict, init=False
    )  # (spatial, temporal) → picture

    def pictures(self, count: int, key: bool = False) -> Iterator[Part]:
        for index in range(count):
            if key and index == 0:
                self._since_key = 0
                self._last.clear()
            yield from self._picture(self._since_key == 0)
            self._since_key += 1
            self.picture += 1

    def _picture(self, key: bool) -> Iterator[Part]:
        pattern = PATTERNS[self.temporal]
        temporal = pattern[self._since_key % len(pattern)]
        for spatial in range(self.spatial):
            refers = self._references(spatial, temporal, key)
            for part in range(self.packets):
                yield self._part(spatial, temporal, key, part, refers)
            self._frames += 1
        for spatial in range(self.spatial):
            self._last[spatial, temporal] = self.picture

    def _references(self, spatial: int, temporal: int, key: bool) -> tuple[tuple[int, int], ...]:
        """The newest earlier picture of a lower temporal layer, and the layer below."""
        found = []
        if not key:
            lower = max(temporal, 1)
            before = [self._last[spatial, rate] for rate in range(lower) if (spatial, rate) in self._last]
            found += [(max(before), spatial)]
        if spatial and (key or not self.keyed):
            found += [(self.picture, spatial - 1)]
        return tuple(found)

    def _part(
        self, spatial: int, temporal: int, key: bool, part: int, refers: tuple[tuple[int, int], ...]
    ) -> Part:
        first, last = part == 0, part == self.packets - 1
        mark = b"|%d:%d:%d" % (self.picture, spatial + self.encoding, part)
        payload, element = mark, b""
        if self.codec == "vp9":
            payload = vp9_payload(
                self.first_id + self.picture & 0x7FFF,
                spatial,
                temporal,
                first,
                last,
                predicted=not key,
                syncs=temporal > 0 or key,  # as browsers do it
                inter_layer=spatial > 0 and (key or not self.keyed),
                tl0=self.picture // len(PATTERNS[self.temporal]),
                heights=tuple(180 << n for n in range(self.spatial)) if key and first and not spatial else (),
                mark=mark,
            )
        else:
            begins_sequence = key and first and not spatial
            if self.codec == "av1":
                payload = (b"\x08" if begins_sequence else b"\x10" if first else b"\x80") + mark
            elif self.codec == "h264":
                payload = (
                    b"\x78\x00\x04\x67\x42\xe0\x1f\x00\x02\x68\xce" if begins_sequence else b"\x61"
                ) + mark
            element = self._describe(spatial, temporal, first, last, begins_sequence, refers)
        final = last and spatial == self.spatial - 1
        return Part(self.picture, spatial, temporal, key, first, last, final, refers, payload, element)

    @property
    def structure(self) -> Structure:
        """One template for each layer; what a frame refers to is told with it."""
        targets = tuple((s, t) for s in range(self.spatial) for t in range(self.temporal))
        templates = tuple(
            Template(s, t, tuple(self._indication(s, t, *target, key=True) for target in targets))
            for s, t in targets
        )
        sizes = tuple((320 << n, 180 << n) for n in range(self.spatial))
        return Structure(5, templates, targets, (), sizes)

    def _indication(self, spatial: int, temporal: int, upto: int, rate: int, key: bool) -> int:
        """What a frame is to a decode target (as libwebrtc's structures have it)."""
        needed = spatial == upto if self.keyed and not key else spatial <= upto
        if temporal > rate or not needed:
            return ABSENT
        if spatial < upto:
            return REQUIRED
        top = spatial == self.spatial - 1 and temporal == self.temporal - 1
        return DISCARDABLE if top and not key and temporal else SWITCH

    def _describe(
        self,
        spatial: int,
        temporal: int,
        first: bool,
        last: bool,
        begins_sequence: bool,
        refers: tuple[tuple[int, int], ...],
    ) -> bytes:
        structure = self.structure
        key = self._since_key == 0
        number = self.first_id + self._frames
        backs = tuple((self.picture - p) * self.spatial + spatial - s for p, s in refers)
        return descriptor(
            number,
            (5 + spatial * self.temporal + temporal) % 64,
            first,
            last,
            structure if begins_sequence else None,
            dtis=tuple(self._indication(spatial, temporal, *target, key=key) for target in structure.targets),
            fdiffs=backs,
        )
