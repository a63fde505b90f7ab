"""Still images of decrypted segments; `media` is an init segment and fragments of one track."""

from fractions import Fraction
from io import BytesIO

import av
from av.codec.context import CodecContext
from av.container import InputContainer
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame

JPEG = "image/jpeg"


def jpeg(media: bytes) -> bytes:
    """Return the first frame as JPEG."""
    with av.open(BytesIO(media)) as source:
        assert isinstance(source, InputContainer)  # noqa: S101 - opened for reading
        frame: VideoFrame = next(source.decode(video=0))
    codec = CodecContext.create("mjpeg", "w")
    assert isinstance(codec, VideoCodecContext)  # noqa: S101 - a video codec
    codec.width, codec.height, codec.pix_fmt = frame.width, frame.height, "yuvj420p"
    codec.time_base = Fraction(1, 1000)
    return b"".join(bytes(packet) for packet in [*codec.encode(frame.reformat(format="yuvj420p")), *codec.encode(None)])
