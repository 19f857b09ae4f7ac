"""Which packets of one stream go to one subscriber: whole frames are left out, never parts of one.

Three filters for three ways in which codecs tell of their layers; `make` chooses. Each is made while
everything passes, and asked about every packet in the order of its numbers.
"""

from __future__ import annotations

from typing import Protocol

from media.control.layers import FULL
from media.rtp.dependency import NUMBERS, Frame, Indication, Structure
from media.rtp.pictures import DescribedReader, Picture, PictureReader, Vp8Reader

TOP_TEMPORAL = 2  # of the three that browsers send at most
REMEMBERED = 256  # frames back that a frame may refer to


class LayerFilter(Protocol):
    """`aim` may be called at any time; what follows from it comes with the next frame that allows it."""

    def aim(self, spatial: int, temporal: int) -> None: ...

    def restart(self) -> None:
        """The next packet is the first of a key frame, and nothing before it has been passed."""

    def passes(self, picture: Picture) -> bool: ...

    def marks(self, picture: Picture) -> bool:
        """Whether the packet, which has passed, is now the last of its picture: what follows is left out."""

    @property
    def settled(self) -> bool:
        """Whether everything passes, and will."""

    @property
    def current(self) -> tuple[int, int]:
        """(spatial, temporal) layer up to which frames pass at present."""


def make(reader: PictureReader, apart: bool) -> LayerFilter:
    """For the codec of ``reader``; ``apart`` as in `SpatialFilter`."""
    if isinstance(reader, Vp8Reader):
        return TemporalFilter(FULL, FULL)
    if isinstance(reader, DescribedReader):
        return TargetFilter(reader)
    return SpatialFilter(apart)


class TemporalFilter:
    """VP8: temporal layers only.

    Down at the next picture; up only where the picture says that it builds on lower layers alone (Y, RFC
    7741, 4.2).
    """

    __slots__ = ("_passed", "_picture", "_rate", "target")

    def __init__(self, target: int, current: int) -> None:
        self.target = target
        self._rate = current
        self._picture = -1  # the one last asked about
        self._passed = True

    def aim(self, spatial: int, temporal: int) -> None:
        self.target = temporal

    def restart(self) -> None:
        self._picture = -1
        self._rate = self.target

    def passes(self, picture: Picture) -> bool:
        if picture.number == self._picture:
            return self._passed
        self._picture = picture.number
        if self.target < self._rate:
            self._rate = self.target
        elif self._rate < picture.temporal <= self.target and picture.syncs:
            self._rate = picture.temporal
        self._passed = picture.temporal <= self._rate
        return self._passed

    def marks(self, picture: Picture) -> bool:
        return False

    @property
    def settled(self) -> bool:
        return self.target == FULL and self._rate >= TOP_TEMPORAL

    @property
    def current(self) -> tuple[int, int]:
        return 0, self._rate


class SpatialFilter:
    """VP9 by its payload descriptor (RFC 9628, 4.2).

    Spatially down at the next picture; up at a frame that builds on no earlier picture (P not set), or on
    none that was left out. Temporally down at the next picture; up at one that the switching point (U) lets
    begin its layer, or behind a switching point of the lowest: the RFC has it that way, browsers set U on a
    picture that builds on lower layers alone. With ``apart`` (modes named _KEY) spatial layers build on each
    other in key pictures only, so that of the other pictures just one layer is sent.
    """

    __slots__ = (
        "_apart",
        "_at",
        "_dropped",
        "_dropped_before",
        "_frame",
        "_passed",
        "_rate",
        "_spatial",
        "_temporal",
        "_whole",
    )

    def __init__(self, apart: bool) -> None:
        self._apart = apart
        self._spatial = self._temporal = FULL  # aimed at
        self._at = self._rate = FULL  # what passes
        self._whole = 0xFF  # a bit for each spatial layer of which nothing is missing
        self._frame = (-1, -1)
        self._passed = True
        #: Whether a layer was left out of this picture, and of the one before.
        self._dropped = self._dropped_before = False

    def aim(self, spatial: int, temporal: int) -> None:
        self._spatial, self._temporal = spatial, temporal

    def restart(self) -> None:
        self._at, self._rate, self._whole = -1, self._temporal, 0
        self._frame = (-1, -1)

    def passes(self, picture: Picture) -> bool:
        frame = (picture.number, picture.spatial)
        if frame == self._frame or picture.number < 0:
            return self._passed
        if picture.number != self._frame[0]:
            self._new_picture(picture)
        self._frame = frame
        if picture.temporal > self._rate:
            self._passed = False
            return False
        self._passed = self._wants(picture)
        bit = 1 << picture.spatial
        if not self._passed:
            self._whole &= ~bit
            self._dropped = True
        elif not picture.predicted:
            self._whole |= bit
        return self._passed

    def _new_picture(self, picture: Picture) -> None:
        self._dropped_before, self._dropped = self._dropped, False
        if not picture.predicted and not picture.spatial:
            self._at, self._whole, self._rate = -1, 0, self._temporal
            return
        if self._temporal < self._rate or (picture.syncs and not picture.temporal):
            self._rate = self._temporal
        elif picture.syncs and self._rate < picture.temporal <= self._temporal:
            self._rate = picture.temporal
        down = self._whole >> self._spatial & 1 if self._apart else self._spatial < self._at
        if down:
            self._at = self._spatial

    def _wants(self, picture: Picture) -> bool:
        layer = picture.spatial
        if layer == self._at + 1 and layer <= self._spatial:
            known = not self._apart and self._whole >> layer & 1
            self._at += 1 if known or not picture.predicted else 0
        if self._apart and picture.predicted and self._at < FULL:
            return layer == self._at
        return layer <= self._at

    def marks(self, picture: Picture) -> bool:
        if not picture.ends:
            return False
        if not picture.predicted:
            return picture.spatial == self._spatial
        # Below what is aimed at, the layer above may yet begin in this picture, unless it was there before.
        return picture.spatial == self._at and (self._at >= self._spatial or self._dropped_before)

    @property
    def settled(self) -> bool:
        everything = self._spatial == self._temporal == self._rate == FULL
        return everything and not (self._apart or self._dropped or self._dropped_before)

    @property
    def current(self) -> tuple[int, int]:
        return self._at, self._rate


class TargetFilter:
    """By the dependency descriptor: what a decode target is made of passes.

    Another target follows with a frame that is a switch to it, if all that this frame refers to has been
    passed (A.8.2).
    """

    __slots__ = (
        "_dropped",
        "_frame",
        "_left_out",
        "_passed",
        "_reader",
        "_spatial",
        "_structure",
        "_target",
        "_temporal",
    )

    def __init__(self, reader: DescribedReader) -> None:
        self._reader = reader
        self._spatial = self._temporal = FULL
        self._structure: Structure | None = None
        self._target = -1  # what passes; -1: everything
        self._frame = -1
        self._passed = True
        self._left_out: dict[int, None] = {}  # frames, oldest first
        self._dropped = False  # whether frames of higher spatial layers are being left out

    def aim(self, spatial: int, temporal: int) -> None:
        self._spatial, self._temporal = spatial, temporal

    def restart(self) -> None:
        self._structure = None
        self._frame = -1
        self._left_out.clear()

    def passes(self, picture: Picture) -> bool:
        frame = picture.frame
        if frame is None:
            return True
        if frame.number == self._frame:
            return self._passed
        self._frame = frame.number
        wanted = frame.structure.target(self._spatial, self._temporal, self._reader.active)
        if frame.brings and frame.structure is not self._structure:
            self._target = wanted
            self._left_out.clear()
        elif wanted != self._target and self._switches(frame, wanted):
            self._target = wanted
        if wanted == self._target:
            self._dropped = False
        self._structure = frame.structure
        self._passed = self._target < 0 or frame.dtis[self._target] != Indication.ABSENT
        if not self._passed:
            self._leave_out(frame)
        return self._passed

    def _switches(self, frame: Frame, wanted: int) -> bool:
        return frame.dtis[wanted] == Indication.SWITCH and not any(
            (frame.number - back) % NUMBERS in self._left_out for back in frame.fdiffs
        )

    def _leave_out(self, frame: Frame) -> None:
        self._left_out.pop(frame.number, None)
        self._left_out[frame.number] = None
        self._dropped |= frame.spatial > frame.structure.targets[self._target][0]
        oldest = next(iter(self._left_out))
        while (frame.number - oldest) % NUMBERS > REMEMBERED:
            del self._left_out[oldest]
            oldest = next(iter(self._left_out))

    def marks(self, picture: Picture) -> bool:
        frame = picture.frame
        if frame is None or not frame.ends or self._target < 0:
            return False
        wanted = frame.structure.target(self._spatial, self._temporal, self._reader.active)
        settled = self._dropped or wanted == self._target
        return settled and frame.spatial == frame.structure.targets[self._target][0]

    @property
    def settled(self) -> bool:
        if self._spatial != FULL or self._temporal != FULL:
            return False
        if self._structure is None or self._target < 0:
            return self._target < 0
        return all(template.dtis[self._target] for template in self._structure.templates)

    @property
    def current(self) -> tuple[int, int]:
        return (
            self._structure.targets[self._target] if self._structure and self._target >= 0 else (FULL, FULL)
        )
