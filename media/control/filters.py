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
    none that was left out. Temporally down at the next picture; up behind a switching point (U) of the
    lowest layer, as the RFC has it, or one layer further at one of the next layer, as browsers have it: they
    set U where a picture builds on lower layers alone. With ``apart`` (modes named _KEY) spatial layers build
    on each other in key pictures only, so that of the other pictures just one layer is sent.
    """

    __slots__ = (
        "_aimed",
        "_apart",
        "_at",
        "_closed",
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
        self._aimed = (FULL, FULL)
        self._spatial = self._temporal = FULL  # aimed at when the present picture began
        self._at = self._rate = FULL  # what passes
        self._whole = 0xFF  # a bit for each spatial layer of which nothing is missing
        self._frame = (-1, -1)
        self._passed = True
        self._closed = False  # whether a packet has been marked as the last of the present picture
        #: Whether a layer was left out of this picture, and of the one before.
        self._dropped = self._dropped_before = False

    def aim(self, spatial: int, temporal: int) -> None:
        self._aimed = (spatial, temporal)

    def restart(self) -> None:
        self._at, self._whole = -1, 0
        self._rate = self._aimed[1]
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
        self._spatial, self._temporal = self._aimed
        self._closed = False
        if not picture.predicted and not picture.spatial:
            self._at, self._whole, self._rate = -1, 0, self._temporal
        else:
            self._change_rate(picture)
            down = self._whole >> self._spatial & 1 if self._apart else self._spatial < self._at
            if down:
                self._at = self._spatial
        if picture.temporal <= self._rate:
            self._dropped_before, self._dropped = self._dropped, False

    def _change_rate(self, picture: Picture) -> None:
        if self._temporal < self._rate or (picture.syncs and not picture.temporal):
            self._rate = self._temporal
        elif picture.syncs and self._rate + 1 == picture.temporal <= self._temporal:
            self._rate += 1

    def _wants(self, picture: Picture) -> bool:
        layer = picture.spatial
        if layer == self._at + 1 and layer <= self._spatial and not self._closed:
            known = not self._apart and self._whole >> layer & 1
            self._at += 1 if known or not picture.predicted else 0
        if self._apart and picture.predicted and self._at < FULL:
            return layer == self._at
        return layer <= self._at

    def marks(self, picture: Picture) -> bool:
        if not picture.ends:
            return False
        if not picture.predicted:
            last = picture.spatial == self._spatial
        else:
            # Below what is aimed at, the layer above may yet begin in this picture, unless it was there
            # before.
            reached = self._at >= self._spatial or self._dropped_before
            last = picture.spatial == self._at and reached
        self._closed |= last
        return last

    @property
    def settled(self) -> bool:
        everything = self._spatial == self._temporal == FULL and self._rate >= TOP_TEMPORAL
        return everything and not (self._apart or self._dropped or self._dropped_before)

    @property
    def current(self) -> tuple[int, int]:
        return self._at, self._rate


class TargetFilter:
    """By the dependency descriptor: what a decode target is made of passes.

    Another target follows with a frame that is a switch to it, if all that this frame refers to has been
    passed (A.8.2); one with more spatial layers where the picture has not been ended below them.
    """

    __slots__ = (
        "_aimed",
        "_closed",
        "_dropped",
        "_frame",
        "_layer",
        "_left_out",
        "_passed",
        "_reader",
        "_structure",
        "_target",
        "_wanted",
    )

    def __init__(self, reader: DescribedReader) -> None:
        self._reader = reader
        self._aimed = (FULL, FULL)
        self._structure: Structure | None = None
        self._target = -1  # what passes; -1: everything
        self._wanted = -1  # aimed at when the present picture began
        self._frame = -1
        self._layer = FULL  # spatial layer of the frame last asked about
        self._passed = True
        self._left_out: dict[int, None] = {}  # frames, oldest first
        self._closed = False  # whether a packet has been marked as the last of the present picture
        self._dropped = False  # whether frames of higher spatial layers are being left out

    def aim(self, spatial: int, temporal: int) -> None:
        self._aimed = (spatial, temporal)

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
        if frame.spatial <= self._layer or self._wanted < 0:
            self._closed = False
            self._wanted = frame.structure.target(*self._aimed, self._reader.active)
        self._layer = frame.spatial
        if frame.brings and frame.structure is not self._structure:
            self._target = self._wanted = frame.structure.target(*self._aimed, self._reader.active)
            self._left_out.clear()
        elif self._wanted != self._target and not self._closed and self._switches(frame):
            self._target = self._wanted
        self._structure = frame.structure
        if self._wanted == self._target:
            self._dropped = False
        self._passed = self._target < 0 or frame.dtis[self._target] != Indication.ABSENT
        if not self._passed:
            self._leave_out(frame)
        return self._passed

    def _switches(self, frame: Frame) -> bool:
        return frame.dtis[self._wanted] == Indication.SWITCH and not any(
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
        targets = frame.structure.targets
        top = targets[self._target][0]
        last = frame.spatial == top and (self._dropped or targets[self._wanted][0] <= top)
        self._closed |= last
        return last

    @property
    def settled(self) -> bool:
        if self._aimed != (FULL, FULL):
            return False
        if self._structure is None or self._target < 0:
            return self._target < 0
        return all(template.dtis[self._target] for template in self._structure.templates)

    @property
    def current(self) -> tuple[int, int]:
        return (
            self._structure.targets[self._target] if self._structure and self._target >= 0 else (FULL, FULL)
        )
