"""The demonstration's yesterday: three tills sold, the office has figures, shifts and a closing; once and for ever."""

from datetime import timedelta
from typing import Any

import pytest

from tests.concessions.board import NOW
from virage.concessions.acts.archives import Archives
from virage.concessions.jobs.closing import ClosingJobs
from virage.concessions.reads.catalogue import Catalogues
from virage.concessions.reads.judging import Judge
from virage.concessions.rules.fiscal.record import TenderKind, read_record
from virage.demo import load
from virage.demo.concessions import load_concessions
from virage.demo.people import CASHIER, FAN, load_people
from virage.demo.programme import load_programme, planned
from virage.demo.tills import POSTS
from virage.demo.yesterday import DIFFERENCES, SALES, evening_before, load_yesterday
from virage.kernel.database import Database
