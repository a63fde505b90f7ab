"""What was tried with each payment provider: `python -m checks.conformance` runs the suites, and prints a table.

A case has a column for each provider that it ran with; localstripe is asked in place of Stripe.
"""

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from xml.etree.ElementTree import Element

import pytest
from defusedxml import ElementTree

SUITES = ["tests/money/payments/test_conformance.py", "tests/money/payments/test_localstripe.py"]
PROVIDERS = ["sandbox", "stripe", "localstripe"]


def results(report: Path) -> Iterator[tuple[str, str, str]]:
    """Yield case, provider and result of each test."""
    for test in ElementTree.parse(report).iter("testcase"):
        name, _, values = str(test.get("name")).partition("[")
        case = name.removeprefix("test_").replace("_", " ")
        parameters = [value for value in values.removesuffix("]").split("-") if value]
        provider = next((value for value in parameters if value in PROVIDERS), "localstripe")
        others = [value for value in parameters if value not in PROVIDERS]
        yield f"{case} ({', '.join(others)})" if others else case, provider, result_of(test)


def result_of(test: Element) -> str:
    """Return "passed", "failed" or "skipped"."""
    for tag, result in (("failure", "failed"), ("error", "failed"), ("skipped", "skipped")):
        if test.find(tag) is not None:
            return result
    return "passed"


def main() -> int:
    """Run the suites; return pytest's exit code."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        code = pytest.main(["-q", "-n", "0", "-p", "no:cacheprovider", f"--junitxml={report}", *SUITES])
        table: dict[str, dict[str, str]] = {}
        for case, provider, result in results(report):
            table.setdefault(case, {})[provider] = result
    print(f"| case | {' | '.join(PROVIDERS)} |\n|---|{'---|' * len(PROVIDERS)}")
    for case, found in table.items():
        print(f"| {case} | {' | '.join(found.get(provider, '') for provider in PROVIDERS)} |")
    return int(code)


if __name__ == "__main__":
    sys.exit(main())
