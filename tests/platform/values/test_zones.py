from zoneinfo import ZoneInfo

from virage.platform.values.zones import zone_city, zone_note


def test_a_zone_is_stated_only_where_readers_expect_another_one() -> None:
    paris, new_york = ZoneInfo("Europe/Paris"), ZoneInfo("America/New_York")
    assert zone_note(paris, paris) == ""
    assert zone_note(new_york, paris) == "America/New_York"


def test_a_zone_is_named_by_its_city_in_each_language() -> None:
    assert zone_city("America/New_York", "fr") == "New York"
    assert zone_city("Europe/London", "fr") == "Londres"
    assert zone_city("Europe/London", "en") == "London"
    assert zone_city("UTC", "en") == "UTC"
