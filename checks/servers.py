"""Install the servers and browsers that tests run beside Virage, where one is missing: Debian's, as
root.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

LIBRARIES = f"/usr/lib/{os.uname().machine}-linux-gnu"
# Programs that tests start, and their Debian packages.
SERVERS = {
    "nginx": "nginx-light",
    "/usr/lib/nginx/modules/ngx_nchan_module.so": "libnginx-mod-nchan",
    "haproxy": "haproxy",
    "mosquitto": "mosquitto",
    "pgbouncer": "pgbouncer",
    "srt-live-transmit": "srt-tools",
    "chromium-headless-shell": "chromium-headless-shell",
    "firefox-esr": "firefox-esr",
    "WebKitWebDriver": "webkit2gtk-driver",
    "Xvfb": "xvfb",
    "/usr/lib/python3/dist-packages/gi": "python3-gi",
    f"{LIBRARIES}/girepository-1.0/WebKit2-4.1.typelib": "gir1.2-webkit2-4.1",
    f"{LIBRARIES}/gstreamer-1.0/libgstisomp4.so": "gstreamer1.0-plugins-good",
    f"{LIBRARIES}/gstreamer-1.0/libgstvideoparsersbad.so": "gstreamer1.0-plugins-bad",
    f"{LIBRARIES}/gstreamer-1.0/libgstlibav.so": "gstreamer1.0-libav",
}
SEARCHED = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin", "/usr/local/sbin"])


def missing() -> list[str]:
    """Packages whose programs or modules are not installed."""
    return [
        package
        for name, package in SERVERS.items()
        if not (Path(name).is_absolute() and Path(name).exists()) and shutil.which(name, path=SEARCHED) is None
    ]


def install(packages: list[str]) -> bool:
    """Whether Debian's packages could be installed; RUNLEVEL prevents their start."""
    apt = shutil.which("apt-get")
    if apt is None or os.geteuid() != 0:
        return False
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1"}
    steps = (["update", "-qq"], ["install", "-y", "-qq", "--no-install-recommends", *packages])
    done = [subprocess.run([apt, *step], stdout=sys.stderr, env=environment, check=False) for step in steps]
    return done[-1].returncode == 0


def main() -> None:
    """Install everything, or print what to install and fail."""
    packages = missing()
    if packages and not (install(packages) and not missing()):
        sys.exit(f"Tests start programs that are not here: install {' '.join(packages)} (names of Debian's packages).")


if __name__ == "__main__":
    main()
