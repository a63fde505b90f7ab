"""Structs, constants and pure functions of replay for other domains."""

from virage.media.replay.rules.alignment import CameraDelay as CameraDelay
from virage.media.replay.rules.cameras import ADVICE as ADVICE
from virage.media.replay.rules.cameras import DELAY_MS_MAX as DELAY_MS_MAX
from virage.media.replay.rules.cameras import Fault as Fault
from virage.media.replay.rules.media import CAMERA_PATTERN as CAMERA_PATTERN
from virage.media.replay.rules.media import MediaVault as MediaVault
