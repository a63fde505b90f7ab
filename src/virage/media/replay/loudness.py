"""How loud what a camera sent is: its sound is opened and decoded, a segment at a time."""

from io import BytesIO

import av
import numpy as np
from av.container import InputContainer
from numpy.typing import NDArray

from virage.media.replay.rules.moments import loudness


def level_db(init: bytes, segment: bytes) -> float | None:
    """The level of a segment of sound in dBFS, its channels together; None for what cannot be decoded."""
    try:
        with av.open(BytesIO(init + segment)) as container:
            samples = _samples(container) if isinstance(container, InputContainer) else []
    except av.FFmpegError:
        return None
    return loudness(np.concatenate(samples)) if samples else None


def _samples(container: InputContainer) -> list[NDArray[np.float32]]:
    frames = container.decode(audio=0)
    return [frame.to_ndarray().astype(np.float32).mean(axis=0) for frame in frames]
