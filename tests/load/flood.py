"""Hostile datagrams from outside, at a steady rate: ``python -m tests.load.flood --port 40000 --rate 20000``.

Sent from a few sockets that never get past ICE. Each line on stdin, ``{"count": 100000}``, sends so many and
answers with what came back. The kinds are those of `tests.support.attacks`.
"""

from __future__ import annotations

import argparse
import json
import random
import socket
import sys
import time

from tests.load.batch import SLOTS, Batch
from tests.support.attacks import outside_datagrams

SOURCES = 8


class Flood:
    def __init__(self, port: int, seed: int) -> None:
        self._sockets = []
        for _ in range(SOURCES):
            opened = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            opened.setblocking(False)
            opened.connect(("127.0.0.1", port))
            self._sockets.append(opened)
        self._datagrams = outside_datagrams(random.Random(seed), SLOTS)
        self._sizes = [len(data) for data in self._datagrams]
        self._batch = Batch()
        self._batch.fill(self._datagrams)

    def run(self, count: int, rate: float) -> dict[str, float]:
        """Datagrams and bytes sent, and bytes that were answered."""
        sent = octets = answered = 0
        begin = time.monotonic()
        first = 0
        while sent < count:
            due = min(count, int((time.monotonic() - begin) * rate) + 1) - sent
            if due <= 0:
                time.sleep(0.0005)
                continue
            opened = self._sockets[sent % SOURCES]
            went = self._batch.send(opened.fileno(), first, min(due, SLOTS - first))
            if not went:  # an error of an earlier one: the port is closed
                time.sleep(0.001)
            octets += sum(self._sizes[first : first + went])
            first = (first + went) % SLOTS
            sent += went
            answered += self._answers(opened)
        time.sleep(0.2)
        answered += sum(self._answers(opened) for opened in self._sockets)
        return {"sent": sent, "bytes": octets, "answered": answered, "seconds": time.monotonic() - begin}

    def _answers(self, opened: socket.socket) -> int:
        total = 0
        try:
            while True:
                total += len(opened.recv(4096))
        except OSError:
            return total

    def close(self) -> None:
        for opened in self._sockets:
            opened.close()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.load.flood")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--rate", type=float, default=20_000.0, help="datagrams a second")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    flood = Flood(options.port, options.seed)
    try:
        for line in sys.stdin:
            print(json.dumps(flood.run(json.loads(line)["count"], options.rate)), flush=True)
    finally:
        flood.close()


if __name__ == "__main__":
    main()
