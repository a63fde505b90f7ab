"""Functions and classes of replay for other domains and the command line."""

from virage.media.replay.acts.clips import on_feed_entries as suggest_clips
from virage.media.replay.footage import Footage as Footage
from virage.media.replay.ingest.camera import Ingest as Ingest
from virage.media.replay.ingest.measuring import measure as measure
from virage.media.replay.ingest.synthetic import send as send
from virage.media.replay.ingest.transports import PASSPHRASE_LENGTH_MIN as PASSPHRASE_LENGTH_MIN
from virage.media.replay.ingest.transports import SCHEMES as SCHEMES
from virage.media.replay.ingest.transports import SRT_PROGRAM as SRT_PROGRAM
from virage.media.replay.ingest.transports import Source as Source
from virage.media.replay.ladder.encoder import Ladder as Ladder
from virage.media.replay.reads.cameras import cameras as cameras
