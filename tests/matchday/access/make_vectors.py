"""Write docs/vectors/access.json: a gate's decisions about codes, one at a time and one after the
other; and docs/vectors/identity.json: those of the identity rule, and the passes that it selects.

    python -m tests.matchday.access.make_vectors

The codes are those of tests/identity/passes/make_vectors.py, from keys that are public by purpose.
Python and TypeScript both verify each text and decide about it: neither relies on the other's
verification.
"""

import json
from base64 import b64encode
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from tests.identity.passes.make_vectors import (
    ED25519,
    EVENT,
    ISSUER,
    KEYS,
    KICK_OFF,
    NOW,
    OTHER_EVENT,
    OTHER_ISSUER,
    P256,
    STRANGER,
    claims_of,
    code_of,
    verdict_json,
)
from virage.identity.passes.rules.claims import event_short
from virage.identity.passes.rules.code import step_at, text_of
from virage.identity.passes.rules.verification import verify
from virage.matchday.access.rules.decision import (
    Admitted,
    Decision,
    EntryTerms,
    GateContext,
    NameTerms,
    PassStatus,
    Presence,
    Refused,
    RescanRequired,
    StaleCode,
    Window,
    decide,
)
from virage.matchday.access.rules.identity import is_selected

FILE = Path(__file__).parents[3] / "docs/vectors/access.json"
IDENTITY_FILE = FILE.with_name("identity.json")

SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
POST = GateContext("C3", frozenset({"N2", "S1"}), "N", EntryTerms(), windows={"MEDIA": Window(NOW - HOUR, NOW + HOUR)})
ANY = replace(POST, groups=POST.groups | {"MEDIA"})
KNOWN = PassStatus()
PENDING = Presence("pending", NOW - 20 * SECOND, "C3", NOW + 40 * SECOND)
INSIDE = Presence("inside", NOW - 10 * MINUTE, "C12")
OUTSIDE = Presence("outside", NOW - 10 * MINUTE, "C12")
STEP = step_at(NOW)

PHONE = text_of(code_of(ED25519))
OLDER_PHONE = text_of(code_of(P256, generation=3))
PAPER = text_of(ISSUER.sign_pass(claims_of(None, generation=1)))
ALONE = text_of(ISSUER.sign_pass(claims_of(ED25519.key)))
PRESS = text_of(code_of(ED25519, gate_group="MEDIA"))
BADGE = text_of(ISSUER.sign_pass(claims_of(None, generation=1, gate_group="MEDIA")))
Case = tuple[str, GateContext, PassStatus, datetime]


def at_the_gate() -> dict[str, Case]:
    """Codes with a valid proof, and the pass's status at the gate and in the venue."""
    terms = POST.terms
    return {
        "a good pass": (PHONE, POST, KNOWN, NOW),
        "a good pass of an older phone": (OLDER_PHONE, POST, KNOWN, NOW),
        "a generation above the one seen": (OLDER_PHONE, POST, PassStatus(generation=2), NOW),
        "paper": (PAPER, POST, KNOWN, NOW),
        "paper with an identity check": (PAPER, replace(POST, terms=EntryTerms(paper_identity_check=True)), KNOWN, NOW),
        "paper where none is accepted": (PAPER, replace(POST, terms=EntryTerms(paper_accepted=False)), KNOWN, NOW),
        "a phone where no paper is accepted": (
            PHONE,
            replace(POST, terms=EntryTerms(paper_accepted=False)),
            KNOWN,
            NOW,
        ),
        "a closed gate": (PHONE, replace(POST, closed=True), KNOWN, NOW),
        "a closed gate and a text of no kind": ("HELLO", replace(POST, closed=True), KNOWN, NOW),
        "another gate's group": (PHONE, replace(POST, groups=frozenset({"S1"})), KNOWN, NOW),
        "no group at all": (PHONE, replace(POST, groups=frozenset()), KNOWN, NOW),
        "a full zone": (PHONE, replace(POST, zone_full=True), KNOWN, NOW),
        "a full zone at the wrong gate": (PHONE, replace(POST, zone_full=True, groups=frozenset()), KNOWN, NOW),
        "an accreditation in its time": (PRESS, ANY, KNOWN, NOW),
        "an accreditation at a gate that is not its own": (PRESS, POST, KNOWN, NOW),
        "an accreditation before its time": (PRESS, _window(NOW + SECOND, NOW + HOUR), KNOWN, NOW),
        "an accreditation as its time begins": (PRESS, _window(NOW, NOW + HOUR), KNOWN, NOW),
        "an accreditation as its time ends": (PRESS, _window(NOW - HOUR, NOW), KNOWN, NOW),
        "a badge where no paper is accepted": (BADGE, replace(ANY, terms=EntryTerms(paper_accepted=False)), KNOWN, NOW),
        "an accreditation that is inside already": (PRESS, ANY, PassStatus(presence=INSIDE), NOW),
        "terms of another kind": (PHONE, replace(POST, terms=replace(terms, reentry=True)), KNOWN, NOW),
    }


def _window(opens_at: datetime, closes_at: datetime) -> GateContext:
    return replace(ANY, windows={"MEDIA": Window(opens_at, closes_at)})


def of_the_pass() -> dict[str, Case]:
    """The status of this pass."""
    again = replace(POST, terms=EntryTerms(reentry=True))
    elsewhere = replace(PENDING, gate="C4")
    return {
        "revoked": (PHONE, POST, PassStatus(revoked=True), NOW),
        "revoked and flagged": (PHONE, POST, PassStatus(revoked=True, flagged=True), NOW),
        "a generation below the one seen": (PHONE, POST, PassStatus(generation=1), NOW),
        "a generation below, flagged": (PHONE, POST, PassStatus(generation=1, flagged=True), NOW),
        "flagged": (PHONE, POST, PassStatus(flagged=True), NOW),
        "flagged and inside": (PHONE, POST, PassStatus(flagged=True, presence=INSIDE), NOW),
        "inside": (PHONE, POST, PassStatus(presence=INSIDE), NOW),
        "inside, at a gate that is not its own": (
            PHONE,
            replace(POST, groups=frozenset()),
            PassStatus(presence=INSIDE),
            NOW,
        ),
        "inside where one may come again": (PHONE, again, PassStatus(presence=INSIDE), NOW),
        "gone": (PHONE, POST, PassStatus(presence=OUTSIDE), NOW),
        "gone where one may come again": (PHONE, again, PassStatus(presence=OUTSIDE), NOW),
        "admitted here, not passed yet": (PHONE, POST, PassStatus(presence=PENDING), NOW),
        "admitted elsewhere, not passed yet": (PHONE, POST, PassStatus(presence=elsewhere), NOW),
        "admitted elsewhere, its time over": (PHONE, POST, PassStatus(presence=elsewhere), NOW + 40 * SECOND),
        "admitted elsewhere without an end": (
            PHONE,
            POST,
            PassStatus(presence=replace(elsewhere, pending_until=None)),
            NOW,
        ),
    }


def of_the_name() -> dict[str, Case]:
    """The event's identity rule: passes that it selects, and tickets without a name."""
    desk = replace(POST, names=NameTerms(NOW, unnamed_to_desk=True))
    selected, unnamed = PassStatus(identity_check=True), PassStatus(unnamed=True)
    return {
        "selected for a check": (PHONE, desk, selected, NOW),
        "selected, an accreditation": (PRESS, ANY, selected, NOW),
        "without a name as names are due": (PHONE, desk, unnamed, NOW),
        "without a name before names are due": (
            PHONE,
            replace(desk, names=NameTerms(NOW + SECOND, unnamed_to_desk=True)),
            unnamed,
            NOW,
        ),
        "without a name where names are optional": (
            PHONE,
            replace(desk, names=NameTerms(None, unnamed_to_desk=True)),
            unnamed,
            NOW,
        ),
        "without a name where it is admitted": (
            PHONE,
            replace(desk, names=NameTerms(NOW, unnamed_to_desk=False)),
            unnamed,
            NOW,
        ),
        "without a name, inside": (PHONE, desk, replace(unnamed, presence=INSIDE), NOW),
        "without a name at the wrong gate": (PHONE, replace(desk, groups=frozenset()), unnamed, NOW),
    }


def of_the_code() -> dict[str, Case]:
    """Codes with an invalid proof."""
    early, late = {"not_before": NOW + HOUR}, {"not_before": NOW - 2 * HOUR, "expires_at": NOW - HOUR}
    other = code_of(ED25519, issuer=OTHER_ISSUER, event=event_short(OTHER_EVENT))
    return {
        "a text of no kind": ("https://example.org/", POST, KNOWN, NOW),
        "a pass that nobody published a key for": (text_of(code_of(ED25519, issuer=STRANGER)), POST, KNOWN, NOW),
        "a changed signature of the issuer": (_flipped(PAPER), POST, KNOWN, NOW),
        "a changed signature of the phone": (_flipped(PHONE), POST, KNOWN, NOW),
        "another event": (text_of(other), POST, KNOWN, NOW),
        "not yet valid": (text_of(code_of(ED25519, **dict[str, Any](early))), POST, KNOWN, NOW),
        "no longer valid": (text_of(code_of(ED25519, **dict[str, Any](late))), POST, KNOWN, NOW),
        "as it expires": (PAPER, POST, KNOWN, KICK_OFF + 4 * HOUR),
        "a pass with a holder, alone": (ALONE, POST, KNOWN, NOW),
        "a revoked pass with a holder, alone": (ALONE, POST, PassStatus(revoked=True), NOW),
        "a screenshot of a minute ago": (PHONE, POST, KNOWN, NOW + MINUTE),
    }


def _flipped(text: str) -> str:
    """The text with one bit of its last byte changed."""
    last = text[-1]
    return text[:-1] + ("1" if last == "0" else "0")


def in_turn() -> dict[str, tuple[GateContext, PassStatus, list[tuple[str, timedelta]]]]:
    """Codes out of their time window, one after the other at the same gate: (text, time after NOW)."""
    full = replace(POST, zone_full=True)

    def steps(*shown: tuple[int, float]) -> list[tuple[str, timedelta]]:
        return [(text_of(code_of(ED25519, step=STEP + step)), timedelta(seconds=after)) for step, after in shown]

    return {
        "a phone ten minutes behind": (POST, KNOWN, steps((-20, 0), (-19, 30))),
        "a phone ten minutes ahead": (POST, KNOWN, steps((20, 0), (21, 25))),
        "a phone ten minutes behind, scanned while its code stands": (
            POST,
            KNOWN,
            steps((-20, 0), (-20, 8), (-19, 20)),
        ),
        "a phone whose reader tells each code once, just as it changes": (
            POST,
            KNOWN,
            steps((-20, 0), (-19, 2), (-18, 32)),
        ),
        "a phone whose first code was seconds on its way": (POST, KNOWN, steps((-20, 0), (-19, 10), (-18, 27.1))),
        "a picture of a code": (POST, KNOWN, steps((-20, 0), (-20, 30), (-20, 61), (-20, 95))),
        "a picture, and another that comes too soon": (POST, KNOWN, steps((-20, 0), (-17, 20))),
        "two pictures in one moment": (POST, KNOWN, steps((-20, 0), (-19, 2))),
        "one picture again and again": (POST, KNOWN, steps((-20, 0), (-20, 20), (-20, 40), (-20, 62))),
        "a picture of an earlier code": (POST, KNOWN, steps((-20, 0), (-21, 30))),
        "a phone that was set right between": (POST, KNOWN, steps((-20, 0), (1, 30))),
        "a phone seen again after three minutes": (POST, KNOWN, steps((-20, 0), (-14, 180))),
        "a phone seen again after more than three minutes": (POST, KNOWN, steps((-20, 0), (-14, 181), (-13, 211))),
        "a phone behind whose bearer is inside": (POST, PassStatus(presence=INSIDE), steps((-20, 0), (-19, 30))),
        "a phone behind before a full zone": (full, KNOWN, steps((-20, 0), (-19, 30))),
    }


def films() -> dict[str, tuple[bool, list[tuple[str, timedelta]]]]:
    """Films of two codes by their age, shown to gates with and without trusted time."""
    ages = {"of now": 0, "of five minutes": 5, "of nine minutes": 9, "of eleven minutes": 11, "of an hour": 60}
    ages |= {"of a day": 1440}
    shown = {f"a film {name}": (-2 * minutes, -2 * minutes + 1) for name, minutes in ages.items()}
    shown |= {
        "the oldest code that is taken": (-20, -19),
        "a code that is too old": (-21, -20),
        "the code furthest ahead that is taken": (21, 22),
        "a code too far ahead": (22, 23),
        "the first codes of 1970": (-STEP, 1 - STEP),
    }
    return {
        f"{name}, {'trusted' if trusted else 'untrusted'} time": (
            trusted,
            [(text_of(code_of(ED25519, step=STEP + step)), 30 * turn * SECOND) for turn, step in enumerate(steps)],
        )
        for name, steps in shown.items()
        for trusted in (True, False)
    }


def decision_json(decision: Decision) -> dict[str, Any]:
    """The decision as both implementations compare it: times in milliseconds, without the claims,
    which are in the verdict.
    """
    if isinstance(decision, Admitted):
        return {
            "type": "admitted",
            "paper": decision.paper,
            "identity_check": decision.identity_check,
            "clock_off_s": decision.clock_off_s,
        }
    if isinstance(decision, RescanRequired):
        return {"type": "again", "stale": {"step": decision.stale.step, "at": _ms(decision.stale.at)}}
    data = {name: _ms(value) if isinstance(value, datetime) else value for name, value in decision.data.items()}
    return {"type": "refused", "reason": decision.reason, "data": data}


def _post_json(post: GateContext) -> dict[str, Any]:
    windows = {group: {"opens_at": _ms(w.opens_at), "closes_at": _ms(w.closes_at)} for group, w in post.windows.items()}
    terms = {name: getattr(post.terms, name) for name in EntryTerms.__struct_fields__}
    return {
        "gate": post.gate,
        "groups": sorted(post.groups),
        "zone": post.zone,
        "terms": terms,
        "closed": post.closed,
        "zone_full": post.zone_full,
        "windows": windows,
    } | (
        {}
        if post.names is None
        else {
            "names": {
                "due_at": post.names.due_at and _ms(post.names.due_at),
                "unnamed_to_desk": post.names.unnamed_to_desk,
            }
        }
    )


def _known_json(known: PassStatus) -> dict[str, Any]:
    there = known.presence
    presence = there and {
        "state": there.state,
        "since": _ms(there.since),
        "gate": there.gate,
        "pending_until": there.pending_until and _ms(there.pending_until),
    }
    return {
        "generation": known.generation,
        "revoked": known.revoked,
        "flagged": known.flagged,
        "presence": presence,
    } | {name: True for name in ("identity_check", "unnamed") if getattr(known, name)}


def _ms(at: datetime) -> int:
    return round((at - datetime(1970, 1, 1, tzinfo=UTC)) / timedelta(milliseconds=1))


def _case(name: str, case: Case) -> dict[str, Any]:
    text, post, known, now = case
    verdict = verify(text, KEYS, now, EVENT)
    return {
        "name": name,
        "text": text,
        "post": _post_json(post),
        "known": _known_json(known),
        "now": _ms(now),
        "verdict": verdict_json(verdict),
        "decision": decision_json(decide(verdict, post, known, now)),
    }


def _sequence(
    name: str, post: GateContext, known: PassStatus, shown: list[tuple[str, timedelta]], *, trusted: bool = True
) -> dict[str, Any]:
    before: StaleCode | None = None
    codes = []
    for text, after in shown:
        verdict = verify(text, KEYS, NOW + after, EVENT)
        decision = decide(verdict, post, known, NOW + after, before, trusted=trusted)
        before = decision.stale if isinstance(decision, RescanRequired) else before
        codes.append({"text": text, "now": _ms(NOW + after), "decision": decision_json(decision)})
    return {"name": name, "post": _post_json(post), "known": _known_json(known), "codes": codes}


def vectors() -> dict[str, Any]:
    """Return all of the file's content."""
    groups = (at_the_gate(), of_the_pass(), of_the_code())
    return {
        # The module's path at that time: the file keeps its bytes.
        "about": "Written by python -m tests.access.make_vectors.",
        "event_id": str(EVENT),
        "issuers": [
            {"event_id": str(issuer.key.event_id), "keys": [issuer.jwk()]} for issuer in (ISSUER, OTHER_ISSUER)
        ],
        "cases": [_case(name, case) for group in groups for name, case in group.items()],
        "sequences": [_sequence(name, *sequence) for name, sequence in in_turn().items()],
        "films": [
            _sequence(name, POST, KNOWN, shown, trusted=trusted) | {"trusted": trusted}
            for name, (trusted, shown) in films().items()
        ],
    }


def identity_vectors() -> dict[str, Any]:
    """Return the content of the file of the identity rule."""
    secrets = (bytes(16), bytes(range(16)))
    numbers = (0, 1, 2, 7, 255, 256, 59_185, 2**32 - 1)
    return {
        "about": "Written by python -m tests.matchday.access.make_vectors.",
        "event_id": str(EVENT),
        "issuers": [{"event_id": str(ISSUER.key.event_id), "keys": [ISSUER.jwk()]}],
        "cases": [_case(name, case) for name, case in of_the_name().items()],
        "selected": [
            {
                "secret": b64encode(secret).decode(),
                "number": number,
                # The whole shares of which the pass is, by the smallest of them.
                "from_percent": next(share for share in range(1, 101) if is_selected(secret, number, share)),
            }
            for secret in secrets
            for number in numbers
        ],
    }


def refusals() -> set[str]:
    """Every reason in the files."""
    found = vectors()
    decisions = [case["decision"] for case in (*found["cases"], *identity_vectors()["cases"])]
    decisions += [
        code["decision"] for name in ("sequences", "films") for sequence in found[name] for code in sequence["codes"]
    ]
    return {str(decision["reason"]) for decision in decisions if decision["type"] == Refused.__struct_config__.tag}


def file_text(content: dict[str, Any]) -> str:
    """Return the text of a file in docs/vectors."""
    return json.dumps(content, indent=1, ensure_ascii=True) + "\n"


if __name__ == "__main__":
    FILE.write_text(file_text(vectors()), encoding="utf-8")
    IDENTITY_FILE.write_text(file_text(identity_vectors()), encoding="utf-8")
