"""README.md is true: every file and name of its journeys exists, and so does every folder of its map."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
FILES = sorted(
    set(re.findall(r"`((?:media|signalling|server|web|tests|deploy)/[\w./-]+\.\w+)(?::(\w+))?`", README))
)
FOLDERS = sorted(set(re.findall(r"^\| `([\w]+/)` \|", README, re.MULTILINE)))
LINKS = sorted(set(re.findall(r"\]\(([\w./-]+)\)", README)))


def test_the_journeys_name_files() -> None:
    assert len(FILES) > 20


@pytest.mark.parametrize(("file", "name"), FILES, ids=str)
def test_a_name_in_the_journeys_exists(file: str, name: str) -> None:
    source = (ROOT / file).read_text()
    if name:
        assert re.search(rf"(?:def|class) {name}\b|^{name}\b|^\w[\w *]*\b{name}\(", source, re.MULTILINE), (
            f"{name} is not in {file}"
        )


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_folder_of_the_map_exists(folder: str) -> None:
    assert (ROOT / folder).is_dir()


@pytest.mark.parametrize("target", LINKS)
def test_a_linked_file_exists(target: str) -> None:
    assert (ROOT / target).is_file()
