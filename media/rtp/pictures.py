"""What a packet says of its place in the video, whatever the codec: read by those who leave packets out, and
by those who keep picture numbers unbroken over a switch.
"""

from __future__ import annotations

from typing import NamedTuple

from media.rtp import dependency
from media.rtp.codecs import vp8, vp9
from media.rtp.dependency import Frame, Structure
from media.rtp.extensions import elements
from media.rtp.header import FIXED_SIZE, Buffer

EXTENSIONS_AT = 12  # the block of header extensions, in our layout


class Picture(NamedTuple):
    """``number`` differs between neighbouring pictures, -1 where unknown. ``begins`` and ``ends`` are of the
    frame: one spatial layer of the picture. ``syncs``: one can go up to a higher temporal layer here.
    ``predicted``: the frame builds on earlier pictures. ``frame`` is what the dependency descriptor says.
    """

    number: int
    spatial: int = 0
    temporal: int = 0
    begins: bool = False
    ends: bool = False
    syncs: bool = True
    predicted: bool = True
    frame: Frame | None = None


UNKNOWN = Picture(-1)


class PictureReader:
    """Of one incoming stream. This one knows nothing of its codec: every packet is one of layer 0."""

    __slots__ = ("heights",)
    #: Its picture numbers wrap here; 0 where it has none that are rewritten.
    modulo = 0
    #: Whether it tells of more than one layer inside a stream.
    layered = False

    def __init__(self) -> None:
        #: Of the newest key frame, by spatial layer, in pixels; empty where unknown.
        self.heights: list[int] = []

    def learn(self, packet: bytes, payload: int) -> None:
        """``packet`` (in our layout, its payload from ``payload`` on) is the first of a key frame."""

    def read(self, packet: bytes, payload: int) -> Picture:
        """Never raises."""
        return UNKNOWN

    def numbering(self, packet: bytes, payload: int) -> tuple[int, int]:
        """``(picture number, number of the lowest temporal layer)``, each -1 where absent."""
        return -1, -1

    def shift(self, out: bytearray | memoryview, at: int, payload: int, end: int, by: int, tl0: int) -> None:
        """Adds to both numbers in place: of the packet at ``at`` with its payload at ``payload``."""

    @property
    def layers(self) -> tuple[int, int]:
        """How many spatial and temporal layers the newest key frame announced; (0, 0) where nothing did."""
        return 0, 0


class Vp8Reader(PictureReader):
    __slots__ = ()
    modulo = vp8.PICTURE_ID_MODULO
    layered = True

    def learn(self, packet: bytes, payload: int) -> None:
        height = vp8.height(packet, payload, len(packet))
        self.heights = [height] if height else []

    def read(self, packet: bytes, payload: int) -> Picture:
        number, temporal, syncs = vp8.temporal(packet, payload, len(packet))
        return Picture(number, 0, temporal, syncs=syncs)

    def numbering(self, packet: bytes, payload: int) -> tuple[int, int]:
        return vp8.numbering(packet, payload, len(packet))

    def shift(self, out: bytearray | memoryview, at: int, payload: int, end: int, by: int, tl0: int) -> None:
        vp8.shift_numbering(out, payload, end, by, tl0)


class Vp9Reader(PictureReader):
    __slots__ = ()
    modulo = vp9.PICTURE_ID_MODULO
    layered = True

    def learn(self, packet: bytes, payload: int) -> None:
        self.heights = vp9.heights(packet, payload, len(packet)) or self.heights

    def read(self, packet: bytes, payload: int) -> Picture:
        found = vp9.describe(packet, payload, len(packet))
        if found is None:
            return UNKNOWN
        return Picture(
            found.picture,
            found.spatial,
            found.temporal,
            found.begins,
            found.ends,
            found.syncs,
            found.predicted,
        )

    def numbering(self, packet: bytes, payload: int) -> tuple[int, int]:
        return vp9.numbering(packet, payload, len(packet))

    def shift(self, out: bytearray | memoryview, at: int, payload: int, end: int, by: int, tl0: int) -> None:
        vp9.shift_numbering(out, payload, end, by, tl0)


class DescribedReader(PictureReader):
    """By the dependency descriptor, which is the header extension ``element`` (our id) of the packets."""

    __slots__ = ("_element", "_structure", "active")
    layered = True

    def __init__(self, element: int) -> None:
        super().__init__()
        self._element = element
        self._structure: Structure | None = None
        self.active = -1  # mask of the decode targets that are being sent

    def learn(self, packet: bytes, payload: int) -> None:
        self._read(packet, payload)

    def read(self, packet: bytes, payload: int) -> Picture:
        frame = self._read(packet, payload)
        if frame is None:
            return UNKNOWN
        return Picture(
            frame.number,
            frame.spatial,
            frame.temporal,
            frame.begins,
            frame.ends,
            predicted=bool(frame.fdiffs),
            frame=frame,
        )

    def _read(self, packet: bytes, payload: int) -> Frame | None:
        start, stop = self._find(packet, payload)
        if not start:
            return None
        try:
            frame = dependency.parse(packet[start:stop], self._structure)
        except ValueError:
            return None
        if frame.brings:
            self._structure = frame.structure
            self.heights = [height for _, height in frame.structure.sizes]
        if frame.active >= 0:
            self.active = frame.active
        return frame

    def _find(self, packet: Buffer, payload: int) -> tuple[int, int]:
        """Where the element lies; (0, 0) where it does not."""
        if payload > FIXED_SIZE:
            for element, start, stop in elements(packet, EXTENSIONS_AT):
                if element == self._element:
                    return start, stop
        return 0, 0

    @property
    def layers(self) -> tuple[int, int]:
        return (self._structure.spatial, self._structure.temporal) if self._structure else (0, 0)


class Av1Reader(DescribedReader):
    """AV1 has no picture numbers of its own: the descriptor's, of frames, are what a browser goes by."""

    __slots__ = ()
    modulo = dependency.NUMBERS

    def numbering(self, packet: bytes, payload: int) -> tuple[int, int]:
        start, stop = self._find(packet, payload)
        if stop - start < dependency.MANDATORY:
            return -1, -1
        return packet[start + 1] << 8 | packet[start + 2], -1

    def shift(self, out: bytearray | memoryview, at: int, payload: int, end: int, by: int, tl0: int) -> None:
        start, stop = self._find(memoryview(out)[at:end], payload - at)
        if stop - start < dependency.MANDATORY:
            return
        start += at + dependency.FRAME_NUMBER
        number = (out[start] << 8 | out[start + 1]) + by
        out[start] = number >> 8 & 0xFF
        out[start + 1] = number & 0xFF


def reader(mime_type: str, descriptor: int) -> PictureReader:
    """For a codec (``video/vp9`` …); ``descriptor`` is our id of the dependency descriptor, 0 where the
    publisher sends none.
    """
    name = mime_type.lower()
    if name == "video/vp8":
        return Vp8Reader()
    if name == "video/vp9":
        return Vp9Reader()
    if name == "video/av1" and descriptor:
        return Av1Reader(descriptor)
    return DescribedReader(descriptor) if name == "video/h264" and descriptor else PictureReader()
