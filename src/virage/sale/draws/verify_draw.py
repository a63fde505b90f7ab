"""Check the result of a draw from its published files. Needs Python 3.10 or later and nothing else.

    python3 verify_draw.py FOLDER [--code CODE] [--commitment HEX]

FOLDER has draw.json, entries.jsonl, results.jsonl and log.jsonl, as downloaded. `--commitment` is the one that you
noted before the draw, `--code` the code of your entry. It prints what it checked and exits with 0, or with 1 and
what is wrong.
"""

import argparse
import hashlib
import json
import sys
from pathlib import Path
from typing import Any

TAG = b"virage draw order 1\n"
SEED_BYTES = 32


class Wrong(Exception):
    """What does not match."""


def check_that(condition: object, what: str) -> None:
    if not condition:
        raise Wrong(what)


def canonical(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=True, sort_keys=True, separators=(",", ":")).encode()


def lines_of(name: str, raw: bytes, header_format: str) -> tuple[dict[str, Any], list[Any]]:
    """Return the header and the lines of a file, which must be written in the one canonical form."""
    check_that(raw.endswith(b"\n"), f"{name}: the last line has no end")
    parsed = []
    for number, line in enumerate(raw[:-1].split(b"\n"), 1):
        try:
            value = json.loads(line)
        except ValueError:
            raise Wrong(f"{name}, line {number}: this is not JSON") from None
        check_that(canonical(value) == line, f"{name}, line {number}: not in canonical form")
        parsed.append(value)
    header = parsed[0]
    check_that(isinstance(header, dict) and header.get("format") == header_format, f"{name}: not {header_format}")
    return header, parsed[1:]


def is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def check_entries(header: dict[str, Any], entries: list[Any]) -> None:
    quotas = header["quotas"]
    check_that(quotas and all(is_count(quota[1]) and is_count(quota[2]) for quota in quotas), "entries: invalid quotas")
    previous = ""
    for number, (code, places, spaces, wishes) in enumerate(entries, 2):
        where = f"entries, line {number}"
        check_that(code > previous, f"{where}: the codes are not in order, or one is listed twice")
        check_that(is_count(places) and is_count(spaces) and places + spaces > 0, f"{where}: invalid group")
        known = wishes and len(set(wishes)) == len(wishes) and all(is_count(w) and w < len(quotas) for w in wishes)
        check_that(known, f"{where}: invalid wishes")
        previous = code


def order(entries: list[Any], seed: bytes, public_value: str | None, digest: bytes) -> list[Any]:
    value = (public_value or "").encode()
    before = TAG + seed + len(value).to_bytes(4, "big") + value + digest
    return sorted(entries, key=lambda entry: (hashlib.sha256(before + entry[0].encode()).digest(), entry[0]))


def give(entry: Any, places: list[int], spaces: list[int]) -> int:
    """Take the first wish with room for the whole group; return its position, or -1."""
    for wish in entry[3]:
        if places[wish] >= entry[1] and spaces[wish] >= entry[2]:
            places[wish] -= entry[1]
            spaces[wish] -= entry[2]
            return int(wish)
    return -1


def check_results(drawn: list[Any], results: list[Any], places: list[int], spaces: list[int]) -> dict[str, int]:
    """Draw again and compare line by line; return the category of each entry by code."""
    check_that(len(results) == len(drawn), f"results: {len(results)} lines for {len(drawn)} entries")
    given: dict[str, int] = {}
    for number, (entry, (code, category)) in enumerate(zip(drawn, results, strict=True), 2):
        check_that(code == entry[0], f"results, line {number}: {code} is here, but {entry[0]} comes next in the order")
        expected = give(entry, places, spaces)
        check_that(
            category == expected, f"results, line {number}: {code} has {category}, but the rules give {expected}"
        )
        given[code] = category
    return given


def check_log(drawn: list[Any], log: list[Any], given: dict[str, int], places: list[int], spaces: list[int]) -> None:
    """Follow what happened after the draw: places that return go to the first of the waiting order that they fit."""
    by_code = {entry[0]: entry for entry in drawn}
    waiting = {entry[0]: entry for entry in drawn if given[entry[0]] < 0}
    for expected_number, (number, what, code, category) in enumerate(log, 1):
        where = f"log, line {expected_number + 1}"
        check_that(number == expected_number, f"{where}: number {number} instead of {expected_number}")
        check_that(code in by_code, f"{where}: no entry has the code {code}")
        entry = by_code[code]
        if what in ("released", "unseated"):
            check_that(given[code] == category >= 0, f"{where}: {code} does not have category {category}")
            if what == "released":
                places[category] += entry[1]
                spaces[category] += entry[2]
            given[code] = -1
        elif what == "left":
            check_that(waiting.pop(code, None) is not None, f"{where}: {code} is not in the waiting order")
        elif what == "offered":
            first = next(
                (one for one in waiting.values() if any(places[w] >= one[1] and spaces[w] >= one[2] for w in one[3])),
                None,
            )
            comes_first = None if first is None else first[0]
            check_that(comes_first == code, f"{where}: offered to {code}, but {comes_first} comes first")
            expected = give(entry, places, spaces)
            check_that(category == expected, f"{where}: {code} was offered {category}, but the rules give {expected}")
            given[code] = category
            del waiting[code]
        else:
            raise Wrong(f"{where}: unknown event {what!r}")


def verify(
    draw: dict[str, Any], entries_raw: bytes, results_raw: bytes, log_raw: bytes, noted: str | None = None
) -> tuple[list[Any], dict[str, int]]:
    """Return the entries in the order of the draw and the final category by code. Raises `Wrong`."""
    commitment = bytes.fromhex(draw["commitment"])
    check_that(noted is None or bytes.fromhex(noted) == commitment, "commitment: not the one that you noted")
    check_that(draw.get("seed"), "seed: not revealed yet")
    seed = bytes.fromhex(draw["seed"])
    check_that(len(seed) == SEED_BYTES, "seed: not 32 bytes")
    check_that(hashlib.sha256(seed).digest() == commitment, "seed: its SHA-256 is not the commitment")
    digest = hashlib.sha256(entries_raw).digest()
    check_that(digest.hex() == draw["entries_sha256"], "entries: the SHA-256 of the file is not the published one")
    header, entries = lines_of("entries", entries_raw, "virage-draw-entries/1")
    check_that(header["commitment"] == draw["commitment"], "entries: made for another commitment")
    check_that(header["draw"] == draw["id"], "entries: of another draw")
    named = header["public_value_name"] is not None
    check_that(named == (draw["public_value"] is not None), "public value: missing, or not named beforehand")
    check_that(header["public_value_name"] == draw["public_value_name"], "public value: another one was named")
    check_entries(header, entries)
    shown = {
        "draw": draw["id"],
        "entries_sha256": digest.hex(),
        "format": "virage-draw-results/1",
        "public_value": draw["public_value"],
        "seed": draw["seed"],
    }
    revealed, results = lines_of("results", results_raw, "virage-draw-results/1")
    check_that(revealed == shown, "results: made with other values than those in draw.json")
    drawn = order(entries, seed, draw["public_value"], digest)
    places, spaces = [quota[1] for quota in header["quotas"]], [quota[2] for quota in header["quotas"]]
    given = check_results(drawn, results, places, spaces)
    log_header, log = lines_of("log", log_raw, "virage-draw-log/1")
    check_that(log_header["draw"] == draw["id"], "log: of another draw")
    check_log(drawn, log, given, places, spaces)
    return drawn, given


def main() -> int:
    parser = argparse.ArgumentParser(description="Check the result of a draw from its published files.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--code", help="the code of your entry")
    parser.add_argument("--commitment", help="the commitment that you noted before the draw")
    asked = parser.parse_args()
    try:
        draw = json.loads((asked.folder / "draw.json").read_bytes())
        entries, results, log = (
            (asked.folder / f"{name}.jsonl").read_bytes() for name in ("entries", "results", "log")
        )
        drawn, given = verify(draw, entries, results, log, asked.commitment)
        places = [entry[0] for entry in drawn]
        check_that(asked.code is None or asked.code in given, f"No entry has the code {asked.code}.")
    except Wrong as wrong:
        print(f"WRONG  {wrong}")
        return 1
    except (OSError, ValueError, KeyError, TypeError, IndexError) as failure:
        print(f"WRONG  the files cannot be read: {failure!r}")
        return 1
    print(f"OK  the seed matches the commitment {draw['commitment']}")
    print(f"OK  the list of {len(drawn)} entries is the published one")
    print("OK  order and allocation follow from seed, public value and entries")
    print("OK  places that returned went down the waiting order")
    if asked.code is not None:
        category = given[asked.code]
        has = draw["quotas"][category][0] if category >= 0 else "no place"
        print(f"Entry {asked.code}: number {places.index(asked.code) + 1} of {len(places)}, {has}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
