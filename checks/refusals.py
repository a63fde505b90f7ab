"""Each refusal code has a message in English and in French on the screens that it reaches, and each
message has a code.

`python -m checks.refusals --write` writes the codes into `web/src/shared/api/codes.ts`: with them
the compiler of the web detects a code without a message in a language.

Codes are the members of the enums in `REFUSAL_ENUMS`, and the literals in `Refused(...)`, `Problem(...)`,
`Answer(..., "refused", ...)`, `RecordAnswer(...)`, `ScanAnswer(...)`, `reason=` and `refusal =`.
"""

import ast
import importlib
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from virage.app.domains import MODULES
from virage.platform.web.problems import STATUS

REFUSAL_ENUMS = frozenset(
    {
        "AccountRefusal",
        "Reason",
        "PageReason",
        "PointsRefusal",
        "BookingRefusal",
        "ConcessionaireRefusal",
        "DeviationReason",
        "DrawRefusal",
        "FiscalRefusal",
        "HandoverRefusal",
        "MembershipRefusal",
        "PackageRefusal",
        "SeasonRefusal",
        "PaymentRefusal",
        "ReaderRefusal",
        "CardReaderRefusal",
        "CardPaymentDefect",
        "RefusalReason",
        "PassRefusal",
        "OverrideRefusal",
        "SettlementRefusal",
        "ExchangeRefusal",
        "TransferRefusal",
        "WaitingRefusal",
        "NameRefusal",
        "IncidentRefusal",
        "InstructionRefusal",
        "BroadcastRefusal",
        "TeamRefusal",
        "ProcedureRefusal",
        "RequestRefusal",
        "AlertRefusal",
    }
)
CODE = Path("src/virage")
WEB = Path("web/src")
CODES = WEB / "shared/api/codes.ts"
CODES_MIN = 200
ALL = ("common.problems", "refusals")
# The message tables in which a screen looks up a code, in this order.
SCREENS = {
    "fan": ALL,
    "office": ("office.problems", *ALL),
    "gate": ("access.reasons",),
    "order": ("food.refusals", *ALL),
    "kitchen": ("kitchen.refusals", *ALL),
    "till": ("till.refusals",),
    "stopped till": ("till.stopped.reasons",),
    "wallet": ("wallet.refusals", *ALL),
    "automatic top-up": ("wallet.auto.refusals", "wallet.refusals", *ALL),
    "cards": ("cards.refusals", *ALL),
    "phone that pays": ("pay.refusals", *ALL),
    "match desk": ("matchDesk.reasons", *ALL),
    "media desk": ("mediaDesk.reasons", *ALL),
    "describer": ("describe.reasons", *ALL),
    "replay": ("replay.refused", *ALL),
    "deviations": ("foodMoney.deviations.reasons",),
    "control room": ALL,
}
# The screens that a code may reach, by the module that declares it; the longest prefix decides, one
# screen is enough.
REACHES = {
    "": ("fan", "office"),
    "control/books/": ("office",),
    "control/safety/": ("control room",),
    "matchday/access/": ("gate", "office"),
    "matchday/access/rules/": ("gate",),
    "matchday/food/": ("order", "kitchen", "till", "office"),
    "matchday/food/till/rules/deviations.py": ("deviations",),
    "media/live/": ("match desk", "office"),
    "media/replay/": ("media desk",),
    "media/replay/acts/descriptions.py": ("describer",),
    "media/replay/rules/rights.py": ("replay", "media desk"),
    "money/card_readers/": ("till", "office"),
    "money/fiscal/": ("office",),
    "money/fiscal/rules/": ("till", "stopped till"),
    "money/payments/": ("fan", "office", "automatic top-up"),
    "money/payments/readers.py": ("till", "office"),
    "money/settlement/": ("office",),
    "money/wallet/": ("wallet", "cards", "phone that pays", "office"),
    "money/wallet/funding/rules/auto_top_ups.py": ("automatic top-up",),
    "money/wallet/cards/rules/cards.py": ("cards", "till", "office"),
    "money/wallet/funding/rules/desk.py": ("till",),
    "money/wallet/cards/rules/virtual_cards.py": ("phone that pays", "till"),
    "sale/points/rules/handovers.py": ("till",),
}
# Codes that reach no screen, and where they go. `refusals` has short messages for them too.
NO_SCREEN = {
    "account_not_found": "the ledger's callers make no such entry",
    "admin_exists": "a command",
    "amount_mismatch": "the order that it fails says the state of its payment",
    "exceeds_hold": "the ledger's callers make no such entry",
    "hold_ended": "the ledger's callers make no such entry",
    "hold_not_found": "the ledger's callers make no such entry",
    "not_acceptable": "programs; the web takes what its addresses answer",
    "method_not_allowed": "programs; the web asks each address as the contract says",
    "pairing_invalid": "the form for pairing says `code_wrong` of its device",
    "payment_id_taken": "the server makes these ids",
    "period_closed": "a command",
    "refund_id_taken": "the server makes these ids",
    "signature_invalid": "the payment provider",
    "transfer_id_taken": "the ledger's callers make no such entry",
    "uid_taken": "a command",
}
OTHER_PROGRAMS = ("cli/", "demo/")


def codes_of(source: str) -> set[str]:
    """Return the refusal codes that a module declares or returns."""
    tree = ast.parse(source)
    constants = {
        ast.unparse(target): node.value
        for node in tree.body
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
    }

    def texts(node: ast.expr) -> set[str]:
        match node:
            case ast.Constant(value=str(code)):
                return {code}
            case ast.IfExp():
                return texts(node.body) | texts(node.orelse)
            case ast.Name(id=name) if name in constants:
                return texts(constants[name])
        return set()

    found: set[str] = set()
    for node in ast.walk(tree):
        match node:
            case ast.ClassDef(name=name) if name in REFUSAL_ENUMS:
                found |= {
                    code
                    for statement in node.body
                    if isinstance(statement, ast.Assign)
                    for code in texts(statement.value)
                }
            case ast.Call(func=ast.Name(id="Refused" | "Problem"), args=[code, *_]):
                found |= texts(code)
            case ast.Call(
                func=ast.Name(id="Answer" | "RecordAnswer" | "ScanAnswer"),
                args=[_, ast.Constant(value="refused"), code],
            ):
                found |= texts(code)
            case ast.keyword(arg="reason") | ast.Assign(targets=[ast.Name(id="refusal")]):
                found |= texts(node.value)
    return found


def written(codes: Iterable[str]) -> str:
    """Return the web module that lists the codes."""
    members = "".join(f'\n  | "{code}"' for code in sorted(codes))
    about = "/** Every refusal code of the server. Written by `make api`. */"
    return f"{about}\nexport type RefusalCode ={members};\n"


def answered() -> dict[str, set[str]]:
    """Return each code of the server with the keys of `REACHES` that declare or return it."""
    found: dict[str, set[str]] = {}
    for path in CODE.rglob("*.py"):
        name = path.relative_to(CODE).as_posix()
        if not name.startswith(OTHER_PROGRAMS):
            place = max((prefix for prefix in REACHES if name.startswith(prefix)), key=len)
            for code in codes_of(path.read_text(encoding="utf-8")):
                found.setdefault(code, set()).add(place)
    return found


def by_module(code: Path = CODE) -> Iterator[tuple[int, str]]:
    """Yield each code that a file returns, and the rank of its module among all, from 1; 0 is the
    platform.

    Code above the domains may return any code.
    """
    for path in code.rglob("*.py"):
        if path.relative_to(code).as_posix().startswith(OTHER_PROGRAMS):
            continue
        home = next((folder for folder in path.parents if (folder / "module.py").exists()), None)
        if home is None:
            place = len(MODULES)
        elif home.name == "platform":
            place = 0
        else:
            name = ".".join(("virage", *home.relative_to(code).parts, "module"))
            place = MODULES.index(importlib.import_module(name).module) + 1
        yield from ((place, found) for found in codes_of(path.read_text(encoding="utf-8")))


def undeclared(answers: Iterable[tuple[int, str]], declared: Sequence[Iterable[str]]) -> Iterator[str]:
    """Codes that neither their module nor one below it declares; declared codes that are never
    returned.
    """
    owners = {code: place for place, codes in enumerate(declared) for code in codes}
    found = set(answers)
    for place, code in sorted(found):
        if owners.get(code, place + 1) > place:
            yield f"{code} is declared neither by the module that answers with it ({place}) nor by one below"
    spare = set().union(*declared[1:]) - {code for _, code in found}
    yield from (f"{code} is declared, and nothing answers with it" for code in sorted(spare))


def unused(reaches: Mapping[str, Sequence[str]], code: Path = CODE) -> Iterator[str]:
    """Keys of `REACHES` without a module: a moved module would silently use a shorter prefix."""
    yield from (f"REACHES: there is no {place}" for place in reaches if not (code / place).exists())


def table(words: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """Return one message table by its dotted name."""
    for part in name.split("."):
        words = words[part]
    return words


def unsaid(codes: Mapping[str, set[str]], words: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """Codes without a message in a language."""
    for code, places in sorted(codes.items()):
        for place in [""] if code in NO_SCREEN else sorted(places):
            tables = ALL if code in NO_SCREEN else [name for screen in REACHES[place] for name in SCREENS[screen]]
            for locale, said in words.items():
                if not any(code in table(said, name) for name in tables):
                    yield f"{code} ({place or 'anywhere'}) has no words in {locale}: {', '.join(dict.fromkeys(tables))}"


def unmeant(codes: Mapping[str, set[str]], words: Mapping[str, Mapping[str, Any]], web: str) -> Iterator[str]:
    """Messages for codes that neither the server nor the web uses."""
    for name in sorted({name for tables in SCREENS.values() for name in tables}):
        for locale, said in words.items():
            for code in table(said, name):
                if code not in codes and not re.search(rf"[\"'.]{code}\b", web):
                    yield f"{locale} {name}: nothing answers {code}"
    yield from (f"NO_SCREEN: nothing answers {code}" for code in sorted(NO_SCREEN.keys() - codes.keys()))


def main() -> None:
    """Print every fault and fail if there is one, or if too few codes were found."""
    node = shutil.which("node")
    if node is None:
        sys.exit("node is not on PATH")
    words = json.loads(subprocess.run([node, "web/words.mjs"], capture_output=True, check=True).stdout)
    sources = (path for path in WEB.rglob("*") if path.suffix in {".ts", ".svelte"} and path.name != "schema.d.ts")
    web = "\n".join(path.read_text(encoding="utf-8") for path in sources if "i18n" not in path.parts)
    codes = answered()
    declared = [STATUS, *(module.refusals for module in MODULES)]
    known = set(codes).union(*declared)
    if sys.argv[1:] == ["--write"]:
        CODES.write_text(written(known), encoding="utf-8")
    codes |= {code: {""} for code in known - codes.keys()}
    found = [*undeclared(by_module(), declared), *unused(REACHES), *unsaid(codes, words), *unmeant(codes, words, web)]
    if CODES.read_text(encoding="utf-8") != written(known):
        found.append(f"{CODES} is not of these codes: run python -m checks.refusals --write")
    if len(codes) < CODES_MIN:
        found.append(f"only {len(codes)} refusal codes were seen, at least {CODES_MIN} are there")
    print("\n".join(found) if found else f"{len(codes)} refusal codes have words")
    sys.exit(bool(found))


if __name__ == "__main__":
    main()
