"""A broker, and the messages of a connected ball."""

import os
import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import aiomqtt
import numpy as np

from tests.ports import free_ports
from virage.media.tracking.rules.imu import ACCELERATION_UNIT, AXES, HEADER, MAGIC, TURN_UNIT, VERSION

SBIN = ("/usr/sbin", "/usr/local/sbin")
HZ = 500
BATCH = 25
CONTACT = 5  # samples: a hundredth of a second
GRAVITY = 9.81


class Mosquitto:
    """A real broker on this machine, which may be killed and started again."""

    def __init__(self, folder: Path) -> None:
        (self.port,) = free_ports(1)
        self._file = folder / "mosquitto.conf"
        self._file.write_text(f"listener {self.port} 127.0.0.1\nallow_anonymous true\n")
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"mqtt://127.0.0.1:{self.port}"

    def start(self) -> None:
        found = shutil.which("mosquitto", path=os.pathsep.join([os.environ["PATH"], *SBIN]))
        assert found, "make test installs it (checks/servers.py)"
        self._process = subprocess.Popen(  # noqa: S603 - the tested server
            [found, "-c", str(self._file)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        while not self._answers():
            threading.Event().wait(0.02)

    def _answers(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self.port), 1).close()
        except OSError:
            return False
        return True

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait(10)

    async def say(self, *messages: tuple[str, bytes]) -> None:
        """Publish each message to its topic, in order; return once the broker has them."""
        async with aiomqtt.Client("127.0.0.1", self.port) as client:
            for topic, payload in messages:
                await client.publish(topic, payload, qos=1)


@contextmanager
def broker(folder: Path) -> Iterator[Mosquitto]:
    mosquitto = Mosquitto(folder)
    mosquitto.start()
    try:
        yield mosquitto
    finally:
        mosquitto.kill()


def payloads(
    began: datetime, seconds: float, kicks: Sequence[tuple[float, float]] = (), *, size: int = BATCH
) -> list[bytes]:
    """The messages of a ball kicked so many seconds after `began`, each time at so many m/s."""
    count = round(seconds * HZ)
    chance = np.random.default_rng(5)
    acceleration = chance.normal(0, 3, (count, 3)) + np.array([0, 0, GRAVITY])
    turning = chance.normal(0, 40, (count, 3))
    for at_s, speed in kicks:
        begin = round(at_s * HZ)
        pulse = np.sin(np.pi * (np.arange(CONTACT) + 0.5) / CONTACT)
        direction = np.array([0.8, 0.5, 0.33])
        acceleration[begin : begin + CONTACT] += np.outer(
            pulse / pulse.sum() * speed * HZ, direction / np.linalg.norm(direction)
        )
        turning[begin + CONTACT : begin + 60] += 360 * 6
    samples = np.hstack([acceleration / ACCELERATION_UNIT, turning / TURN_UNIT]).clip(-32768, 32767).astype("<i2")
    began_us = round(began.timestamp() * 1_000_000)
    return [
        HEADER.pack(MAGIC, VERSION, AXES, HZ, began_us + place * 1_000_000 // HZ)
        + samples[place : place + size].tobytes()
        for place in range(0, count, size)
    ]
