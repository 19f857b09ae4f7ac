"""The numbers that one subscriber sees: an unbroken row, whatever was left out of the publisher's (RFC 3550,
5.1).

A *run* is a stretch of the source's packets that were forwarded under one set of offsets. A new run begins
when a consumer (re)starts, when the source changes, and behind each packet that was left out on purpose.
Packets that are lost stay gaps: the subscriber asks for them.
"""

from __future__ import annotations

FAR = 1 << 62  # above every number
RUNS = 256  # remembered: late packets and resends older than that are not served


class Run:
    """Source numbers ``start`` … ``end - 1`` and what is added to each (extended numbers throughout).

    ``marked`` is the source number of the packet that is the last of its picture only because what followed
    it was left out.
    """

    __slots__ = (
        "end",
        "marked",
        "picture_offset",
        "sequence_offset",
        "start",
        "timestamp_offset",
        "tl0_offset",
    )

    def __init__(
        self, start: int, sequence_offset: int, timestamp_offset: int, picture_offset: int, tl0_offset: int
    ) -> None:
        self.start = start
        self.end = 1 << 62  # open
        self.sequence_offset = sequence_offset
        self.timestamp_offset = timestamp_offset
        self.picture_offset = picture_offset
        self.tl0_offset = tl0_offset
        self.marked = -1


class Rewriter:
    """The runs of one consumer.

    ``run`` is the current one; packets older than its start go through `find`.
    """

    __slots__ = (
        "_next",
        "_runs",
        "diverted",
        "first",
        "run",
        "sequence_offset",
        "source_is_new",
        "timestamp_offset",
    )

    def __init__(self, first_sequence: int) -> None:
        """``first_sequence``: the extended number that the first packet sent is to have."""
        self._runs: list[Run] = []
        self._next = first_sequence
        self.run = Run(1 << 62, 0, 0, 0, 0)
        #: Start of the current run: a source number below it needs `find`. Nothing is at or above it before
        #: `begin`.
        self.first = self.run.start
        #: The current run's offsets, at hand for the packet path.
        self.sequence_offset = 0
        self.timestamp_offset = 0
        #: Whether the next run has another source than the last one, and so another clock.
        self.source_is_new = False
        #: Every packet is to take the way of the late ones, where a filter looks at it: `first` stays out of
        #: reach.
        self.diverted = False

    def begin(
        self, source: int, timestamp_offset: int = 0, picture_offset: int = 0, tl0_offset: int = 0
    ) -> None:
        """A run starts with source packet ``source``, under the number after everything sent so far."""
        self._open(Run(source, self._next - source, timestamp_offset, picture_offset, tl0_offset))

    def stop(self, end: int) -> None:
        """The current run ends: no source packet at or above ``end`` has been sent in it."""
        if not self._runs:
            return
        self.run.end = max(min(self.run.end, end), self.run.start)
        self._next = self.run.end + self.run.sequence_offset

    def skip(self, source: int, pictures: int = 0) -> None:
        """Leaves out ``source``, which is newer than everything sent: what follows moves up by one, and the
        picture ids by ``pictures``.
        """
        run = self.run
        if run.start == source and run.end > source:  # nothing has been sent in it
            run.start += 1
            run.sequence_offset -= 1
            run.picture_offset -= pictures
            self.first = FAR if self.diverted else run.start
            self.sequence_offset = run.sequence_offset
            return
        self.stop(source)
        self._open(
            Run(
                source + 1,
                self._next - source - 1,
                run.timestamp_offset,
                run.picture_offset - pictures,
                run.tl0_offset,
            )
        )

    def divert(self, diverted: bool) -> None:
        """Sets `diverted`."""
        self.diverted = diverted
        if self._runs:
            self.first = FAR if diverted else self.run.start

    def detach(self) -> list[Run]:
        """Another source follows: forgets this one and returns its runs, for resends."""
        runs = self._runs.copy()
        self.forget_source()
        return runs

    def forget_source(self) -> None:
        """The source numbers start anew (another SSRC):

        none of the old ones can be asked for or come late.
        """
        self._runs.clear()
        self.first = FAR
        self.source_is_new = True

    def _open(self, run: Run) -> None:
        self._runs.append(run)
        del self._runs[:-RUNS]
        self.run = run
        self.first = FAR if self.diverted else run.start
        self.sequence_offset = run.sequence_offset
        self.timestamp_offset = run.timestamp_offset
        self.source_is_new = False

    def find(self, source: int) -> Run | None:
        """The run in which ``source`` is or would have been sent; None where it is in none that is
        remembered.
        """
        for run in reversed(self._runs):
            if source >= run.start:
                return run if source < run.end else None
        return None

    def source_of(self, sequence: int) -> int:
        """The source number behind the extended ``sequence`` sent to the subscriber; -1 where unknown."""
        for run in reversed(self._runs):
            source = sequence - run.sequence_offset
            if source >= run.start:
                return source if source < run.end else -1
        return -1
