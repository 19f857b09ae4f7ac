"""libFuzzer over the parsers, by way of atheris: ``python -m tests.fuzz [target …] [--seconds 60]``.

Each target (`tests.fuzz.targets`) runs in a process of its own, as libFuzzer ends the process it runs in.
With ``--runs`` instead of ``--seconds`` and always the same seed a run says the same as the last; that is how
the tests use it. ``--corpus`` keeps what was found interesting for the next time.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

import atheris

PARSERS = ["media.rtp", "media.net.stun", "media.framing", "media.wire"]

with atheris.instrument_imports(include=PARSERS, enable_loader_override=False):
    from tests.fuzz.targets import TARGETS

FUZZ_ONE = "--one"
LONGEST_INPUT = 2048  # bytes; no datagram is longer


def fuzz(name: str, options: list[str]) -> None:
    """Never returns. Exits with 0, or with libFuzzer's code for a finding."""
    target = TARGETS[name]
    atheris.Setup([name, *options], target.run)
    atheris.Fuzz()


def run(name: str, limit: str, corpus: Path, findings: Path) -> int:
    """The exit code of one target's process."""
    folder = corpus / name
    folder.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(TARGETS[name].seeds):
        (folder / f"seed-{number}").write_bytes(seed)
    longest = max(LONGEST_INPUT, *map(len, TARGETS[name].seeds))
    options = [limit, "-seed=1", f"-max_len={longest}", "-timeout=10", "-verbosity=0"]
    command = [sys.executable, "-m", "tests.fuzz", FUZZ_ONE, name, *options]
    command += [f"-artifact_prefix={findings}/{name}-", str(folder)]
    return subprocess.run(command, check=False).returncode


def main() -> int:
    if sys.argv[1:2] == [FUZZ_ONE]:
        fuzz(sys.argv[2], sys.argv[3:])
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("targets", nargs="*", metavar="target", help=f"of {', '.join(TARGETS)}; all if none")
    parser.add_argument("--seconds", type=int, default=60, help="for each target")
    parser.add_argument("--runs", type=int, help="so many inputs instead")
    parser.add_argument("--corpus", type=Path, help="folder to begin with and to add to")
    options = parser.parse_args()
    unknown = set(options.targets) - TARGETS.keys()
    if unknown:
        parser.error(f"no such target: {', '.join(sorted(unknown))}")
    limit = f"-runs={options.runs}" if options.runs else f"-max_total_time={options.seconds}"
    failed = []
    with tempfile.TemporaryDirectory() as temporary:
        for name in options.targets or TARGETS:
            findings = options.corpus or Path(temporary)
            print(f"── {name}", flush=True)
            if run(name, limit, options.corpus or Path(temporary) / "corpus", findings):
                failed.append(name)
    if failed:
        print(f"found something in: {', '.join(failed)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
