"""Structs and pure functions of safety that other packages may import."""

from virage.control.safety.rules.entry_record import BacktestSummary as BacktestSummary
from virage.control.safety.rules.entry_record import EntryCheck as EntryCheck
from virage.control.safety.rules.entry_record import summary as summary
from virage.control.safety.rules.verifying import LogDamage as LogDamage
from virage.control.safety.rules.verifying import LogFinding as LogFinding
from virage.control.safety.rules.verifying import NotALog as NotALog
from virage.control.safety.rules.verifying import verify as verify_log
