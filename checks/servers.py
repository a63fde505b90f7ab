"""Install the servers that tests run beside Virage, where one is missing: Debian's, when root."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

# What tests start, and the package of Debian that brings it.
SERVERS = {
    "nginx": "nginx-light",
    "/usr/lib/nginx/modules/ngx_nchan_module.so": "libnginx-mod-nchan",
    "mosquitto": "mosquitto",
    "srt-live-transmit": "srt-tools",
}
SEARCHED = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin", "/usr/local/sbin"])


def missing() -> list[str]:
    """Packages whose programs or modules are not on this machine."""
    return [
        package
        for name, package in SERVERS.items()
        if not (Path(name).is_absolute() and Path(name).exists()) and shutil.which(name, path=SEARCHED) is None
    ]


def install(packages: list[str]) -> bool:
    """Whether Debian's packages could be installed; RUNLEVEL keeps them from being started."""
    apt = shutil.which("apt-get")
    if apt is None or os.geteuid() != 0:
        return False
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1"}
    steps = (["update", "-qq"], ["install", "-y", "-qq", "--no-install-recommends", *packages])
    done = [subprocess.run([apt, *step], stdout=sys.stderr, env=environment, check=False) for step in steps]
    return done[-1].returncode == 0


def main() -> None:
    """Leave nothing missing, or say what to install and fail."""
    packages = missing()
    if packages and not (install(packages) and not missing()):
        sys.exit(f"Tests start servers that are not here: install {' '.join(packages)} (names of Debian's packages).")


if __name__ == "__main__":
    main()
