"""Test vectors shared by the two implementations of a till."""

from tests.money.fiscal import make_vectors
from virage.money.fiscal.rules.record import FiscalRefusal


def test_the_vectors_match_the_rules() -> None:
    assert make_vectors.FILE.read_text(encoding="utf-8") == make_vectors.file_text()


def test_the_vectors_cover_every_reason_of_a_till() -> None:
    """The others are about records that another till signed, or that are unsigned, and about
    closings.
    """
    at_the_door = {
        FiscalRefusal.FORGED_RECORD,
        FiscalRefusal.INVALID_RECORD,
        FiscalRefusal.NOT_THIS_TILL,
        FiscalRefusal.PERIOD_CLOSED,
    }
    assert make_vectors.reasons() == {reason.value for reason in set(FiscalRefusal) - at_the_door}


def test_record_ids_of_the_vectors_are_unique() -> None:
    ids = [record["record"]["id"] for record in make_vectors.vectors()["records"]]
    assert len(set(ids)) == len(ids)
