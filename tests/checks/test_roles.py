"""The check that the lists of roles agree."""

from checks.roles import asked_for, faults, written

ROLES = {"admin", "steward"}


def test_each_list_of_roles_is_found() -> None:
    lists = written()
    assert len(lists) == 14
    assert all("supervisor" in roles for roles in lists.values())


def test_lists_that_agree_have_no_fault() -> None:
    assert (
        list(
            faults(ROLES, {"web": ROLES}, {"page": "Staff with the role `steward`, and a device with the role `gate`."})
        )
        == []
    )


def test_a_list_that_lacks_a_role_or_names_another_is_a_fault() -> None:
    assert list(faults(ROLES, {"web": {"admin", "usher"}}, {})) == [
        "web lacks steward",
        "web names usher, which no module declares",
    ]


def test_a_page_with_an_unknown_role_is_a_defect() -> None:
    assert list(faults(ROLES, {}, {"page": "The role `usher` opens it."})) == [
        "page names the role usher, which no module declares"
    ]


def test_roles_are_found_wherever_a_guard_or_a_handler_asks_for_them() -> None:
    source = """
READERS: Final[tuple[Role, ...]] = ("finance", "programme")
guards = [staff("steward"), staff_of_venue("supervisor", "usher")]
require(principal, "kitchen", scope="outlet")
allowed = holds(principal, "cashier")
other("barber", 7)
"""
    assert asked_for(source) == {"finance", "programme", "steward", "supervisor", "usher", "kitchen", "cashier"}
