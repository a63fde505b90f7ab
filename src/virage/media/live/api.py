"""What other domains may do with live, and read of it."""

from virage.media.live.acts.ground import GroundSource as GroundSource
from virage.media.live.acts.notices import erased as forget_notices
from virage.media.live.acts.telling import EntriesTold as EntriesTold
from virage.media.live.acts.telling import set_teams as set_teams
from virage.media.live.acts.telling import tell as tell
from virage.media.live.reads.feed import Feeds as Feeds
from virage.media.live.reads.feed import Known as Known
from virage.media.live.reads.notices import export as export_notices
from virage.media.live.sources.acts import tell_stats_at_once as tell_stats_at_once
from virage.media.live.sources.files import Format as Format
from virage.media.live.sources.files import MatchFile as MatchFile
from virage.media.live.sources.files import NotReadable as NotReadable
from virage.media.live.sources.files import load as load_match_file
from virage.media.live.sources.player import NotPlayed as NotPlayed
from virage.media.live.sources.player import play as play_match_file
