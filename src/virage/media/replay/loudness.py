"""Loudness of a segment of audio, decoded with FFmpeg."""

from io import BytesIO

import av
import numpy as np
from av.container import InputContainer
from numpy.typing import NDArray

from virage.media.replay.rules.moments import loudness


def level_db(init: bytes, segment: bytes) -> float | None:
    """Return the level of an audio segment in dBFS over all channels; None if it cannot be decoded."""
    try:
        with av.open(BytesIO(init + segment)) as container:
            samples = _samples(container) if isinstance(container, InputContainer) else []
    except av.FFmpegError:
        return None
    return loudness(np.concatenate(samples)) if samples else None


def _samples(container: InputContainer) -> list[NDArray[np.float32]]:
    frames = container.decode(audio=0)
    return [frame.to_ndarray().astype(np.float32).mean(axis=0) for frame in frames]
