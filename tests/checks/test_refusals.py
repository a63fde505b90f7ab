"""The check that each refusal code has a message."""

from checks.refusals import NO_SCREEN, SCREENS, answered, by_module, codes_of, undeclared, unmeant, unsaid, unused

SOURCE = """
LATE = "too_late"

class Reason(StrEnum):
    FULL = "full"

def answers(number, is_early):
    Refused("too_early" if is_early else LATE, {"why": "no code"})
    Answer(number, "refused", "not_here")
    replace(before, reason=LATE)
    raise Problem("away", {"role": "steward"})
"""


def words(**of_fan: str) -> dict[str, dict[str, object]]:
    """Messages in one language, of all screens: empty tables except the fan's."""
    said: dict[str, object] = {}
    for name in {name for tables in SCREENS.values() for name in tables}:
        *path, last = name.split(".")
        at = said
        for part in path:
            at = at.setdefault(part, {})  # type: ignore[assignment]  # the tables are nested as deep as their names
        at.setdefault(last, {})
    said["common"] = {"problems": of_fan}
    return {"fr": said}


def test_codes_are_found_where_they_are_declared_and_where_they_are_answered() -> None:
    assert codes_of(SOURCE) == {"full", "too_early", "too_late", "not_here", "away"}


def test_codes_of_the_whole_server_are_seen() -> None:
    codes = answered()
    assert codes["sold_out"] >= {"", "matchday/food/"}
    assert codes["forged_scan"] == {"matchday/access/"}


def test_a_code_without_a_message_is_a_defect() -> None:
    assert list(unsaid({"sold_out": {""}}, words(sold_out="Complet."))) == []
    [fault] = unsaid({"sold_out": {""}, "too_late": {""}}, words(sold_out="Complet."))
    assert fault.startswith("too_late (anywhere) has no words in fr")


def test_messages_of_another_screen_do_not_cover_a_code() -> None:
    assert list(unsaid({"sold_out": {"matchday/access/rules/"}}, words(sold_out="Complet.")))


def test_messages_without_a_code_are_a_defect() -> None:
    codes = {code: {""} for code in NO_SCREEN}
    assert list(unmeant(codes, words(offline="Hors ligne."), 'code: "offline"')) == []
    assert list(unmeant(codes, words(offline="Hors ligne."), "")) == ["fr common.problems: nothing answers offline"]


def test_an_exception_without_a_code_is_a_fault() -> None:
    assert len(list(unmeant({}, words(), ""))) == len(NO_SCREEN)


def test_an_empty_lock_place_is_a_defect() -> None:
    assert list(unused({"": ("fan",), "sale/ticketing/": ("fan",), "tickets/": ("fan",)})) == [
        "REACHES: there is no tickets/"
    ]


def test_a_code_is_declared_by_the_module_that_answers_with_it_or_by_one_below() -> None:
    declared = [{"not_found"}, {"sold_out"}, {"kitchen_closed"}]
    assert list(undeclared([(2, "not_found"), (2, "sold_out"), (2, "kitchen_closed")], declared)) == []
    [above, spare] = undeclared([(1, "kitchen_closed"), (2, "kitchen_closed")], declared)
    assert above.startswith("kitchen_closed is declared neither")
    assert spare == "sold_out is declared, and nothing answers with it"


def test_the_answers_of_every_domain_are_seen() -> None:
    answers = set(by_module())
    assert len({place for place, _ in answers}) >= 20
    assert (0, "step_up_required") in answers
