"""Commands and queries of tracking for other domains."""

from virage.media.tracking.ball import BallListener as BallListener
from virage.media.tracking.ball import Broker as Broker
from virage.media.tracking.ball import broker_of as broker_of
