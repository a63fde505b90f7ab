"""Commands and queries of live for other domains."""

from virage.media.live.acts.notifications import erase_person as erase_notifications
from virage.media.live.acts.publishing import EntriesPublished as EntriesPublished
from virage.media.live.acts.publishing import publish as publish
from virage.media.live.acts.publishing import set_teams as set_teams
from virage.media.live.acts.venue_updates import VenueSource as VenueSource
from virage.media.live.reads.feed import CachedFeed as CachedFeed
from virage.media.live.reads.feed import Feeds as Feeds
from virage.media.live.reads.notifications import export as export_notifications
from virage.media.live.sources.acts import publish_stats_now as publish_stats_now
from virage.media.live.sources.files import Format as Format
from virage.media.live.sources.files import MatchFile as MatchFile
from virage.media.live.sources.files import UnreadableFile as UnreadableFile
from virage.media.live.sources.files import load as load_match_file
from virage.media.live.sources.playback import PlaybackFailed as PlaybackFailed
from virage.media.live.sources.playback import play as play_match_file
