"""Print the browser that the tests drive: an installed one, else Debian's as root, else
Playwright's download.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
PLACES = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
)


def installed() -> str | None:
    """The path of a Chrome or Chromium on this machine, VIRAGE_CHROMIUM first."""
    named = os.environ.get("VIRAGE_CHROMIUM")
    if named:
        return named
    found = next((path for name in NAMES if (path := shutil.which(name))), None)
    return found or next((place for place in PLACES if Path(place).exists()), None)


def by_apt() -> str | None:
    """Debian's chromium, for root where apt is installed."""
    apt = shutil.which("apt-get")
    if apt is None or os.name != "posix" or os.geteuid() != 0:
        return None
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    for arguments in (["update", "-qq"], ["install", "-y", "-qq", "chromium"]):
        if subprocess.run([apt, *arguments], stdout=sys.stderr, env=environment, check=False).returncode:
            return None
    return installed()


def by_playwright() -> str | None:
    """Playwright's own build."""
    command = [sys.executable, "-m", "playwright", "install", "chromium"]
    if subprocess.run(command, stdout=sys.stderr, check=False).returncode:
        return None
    ask = "from playwright.sync_api import sync_playwright as p\nwith p() as b: print(b.chromium.executable_path)"
    answer = subprocess.run([sys.executable, "-c", ask], capture_output=True, text=True, check=False)
    path = answer.stdout.strip()
    return path if path and Path(path).exists() else None


def main() -> None:
    """Print the path, or print what to install and fail."""
    path = installed() or by_apt() or by_playwright()
    if path is None:
        sys.exit("No browser for the tests: install chromium (or Google Chrome), or set VIRAGE_CHROMIUM to its path.")
    print(path)


if __name__ == "__main__":
    main()
