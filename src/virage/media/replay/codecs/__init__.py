"""Pictures and sound as files, by FFmpeg's libraries: bytes in, bytes out, in a thread of the caller's."""
