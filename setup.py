"""The one compiled part: media/core, built where there is a compiler and done without where there is none."""

from __future__ import annotations

from pathlib import Path

from setuptools import Extension, setup

CORE = Path("media/core")

setup(
    ext_modules=[
        Extension(
            # Not a module to import: a plain library that media/core/__init__.py opens.
            "media.core._core",
            sources=sorted(str(path) for path in CORE.glob("*.c")),
            depends=sorted(str(path) for path in CORE.glob("*.h")),
            extra_compile_args=["-std=c11", "-O2", "-Wall", "-Wextra"],
            optional=True,
        )
    ]
)
