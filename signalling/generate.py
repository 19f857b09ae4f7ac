"""Writes what is generated from messages.py: the TypeScript types of the web client and docs/protocol.md.

``python -m signalling.generate`` from a checkout. Both files are checked in; a test fails when they are
stale.
"""

from __future__ import annotations

from pathlib import Path

from signalling import reference, typescript

ROOT = Path(__file__).parent.parent


def outputs() -> dict[Path, str]:
    """Each generated file with the text that it should hold."""
    return {
        ROOT / "web/src/protocol/messages.gen.ts": typescript.render(),
        ROOT / "signalling/docs/protocol.md": reference.render(),
    }


def main() -> None:
    for path, text in outputs().items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
