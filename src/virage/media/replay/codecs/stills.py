"""What segments that were opened show: `media` is an init segment and what follows it of one track."""

from fractions import Fraction
from io import BytesIO

import av
from av.codec.context import CodecContext
from av.container import InputContainer
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame

JPEG = "image/jpeg"


def jpeg(media: bytes) -> bytes:
    """Its first frame as a JPEG."""
    with av.open(BytesIO(media)) as source:
        assert isinstance(source, InputContainer)  # noqa: S101 - it was opened for reading
        frame: VideoFrame = next(source.decode(video=0))
    codec = CodecContext.create("mjpeg", "w")
    assert isinstance(codec, VideoCodecContext)  # noqa: S101 - it is one of pictures
    codec.width, codec.height, codec.pix_fmt = frame.width, frame.height, "yuvj420p"
    codec.time_base = Fraction(1, 1000)
    return b"".join(bytes(packet) for packet in [*codec.encode(frame.reformat(format="yuvj420p")), *codec.encode(None)])
