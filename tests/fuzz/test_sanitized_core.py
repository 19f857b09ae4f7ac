"""The compiled loop reads and writes nowhere it should not: built with sanitizers, under hostile bytes."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = sorted(str(path) for path in (ROOT / "media" / "core").glob("*.c"))
CHECKED = ["tests/media/test_both_loops.py", "tests/media/test_addresses.py", "tests/fuzz/test_datagrams.py"]
FLAGS = ["-std=c11", "-O1", "-g", "-fPIC", "-shared", "-fno-omit-frame-pointer"]
SANITIZERS = ["-fsanitize=address,undefined", "-fno-sanitize-recover=undefined"]


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.skipif(sys.platform != "linux", reason="the compiled loop is for Linux")
def test_nothing_is_read_or_written_out_of_bounds(tmp_path: Path) -> None:
    compiler = shutil.which("gcc")
    if compiler is None:
        pytest.skip("there is no gcc")
    runtime = subprocess.run(
        [compiler, "-print-file-name=libasan.so"], capture_output=True, text=True, check=True
    ).stdout.strip()
    if not Path(runtime).is_absolute():
        pytest.skip("gcc has no address sanitizer here")
    library = tmp_path / "core.so"
    subprocess.run([compiler, *FLAGS, *SANITIZERS, "-o", library, *SOURCES], check=True)
    environment = os.environ | {
        "LD_PRELOAD": runtime,
        "ASAN_OPTIONS": "detect_leaks=0",
        "PYTHONMALLOC": "malloc",  # so that each structure has an end that is watched
        "CONVENE_MEDIA_CORE": "compiled",
        "CONVENE_MEDIA_CORE_LIBRARY": str(library),
    }
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--timeout=0", *CHECKED]
    found = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stdout[-8000:] + found.stderr[-8000:]
