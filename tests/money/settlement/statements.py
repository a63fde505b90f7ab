"""Bank statements for tests, written as banks write them."""

from collections.abc import Sequence
from datetime import date

VERSIONS = ("02", "04", "08", "13")


def camt053(
    lines: Sequence[tuple[date, int, str]],
    *,
    version: str = "08",
    opening: int = 100_000,
    closing: int | None = None,
    account: str = "FR76 3000 6000 0112 3456 7890 189",
    references: bool = True,
) -> bytes:
    """A statement with these lines in cents of a euro; each has a reference of the bank unless the test wants none."""
    total = opening + sum(cents for _, cents, _ in lines) if closing is None else closing
    entries = "\n".join(
        _entry(number, *line, version=version, references=references) for number, line in enumerate(lines, 1)
    )
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.{version}">
 <BkToCstmrStmt>
  <GrpHdr><MsgId>1</MsgId><CreDtTm>2026-05-12T06:00:00</CreDtTm></GrpHdr>
  <Stmt>
   <Id>1</Id>
   <Acct><Id><IBAN>{account}</IBAN></Id><Ccy>EUR</Ccy></Acct>
   {_balance("OPBD", opening)}
   {_balance("CLBD", total)}
{entries}
  </Stmt>
 </BkToCstmrStmt>
</Document>
""".encode()


def _balance(kind: str, cents: int) -> str:
    return f"<Bal><Tp><CdOrPrtry><Cd>{kind}</Cd></CdOrPrtry></Tp>{_money(cents)}<Dt><Dt>2026-05-11</Dt></Dt></Bal>"


def _money(cents: int) -> str:
    direction = "CRDT" if cents >= 0 else "DBIT"
    return f'<Amt Ccy="EUR">{abs(cents) / 100:.2f}</Amt><CdtDbtInd>{direction}</CdtDbtInd>'


def _entry(number: int, day: date, cents: int, text: str, *, version: str, references: bool) -> str:
    status = "<Sts>BOOK</Sts>" if version < "08" else "<Sts><Cd>BOOK</Cd></Sts>"
    reference = f"<AcctSvcrRef>BANK{day:%m%d}{number}</AcctSvcrRef>" if references else ""
    return (
        f"   <Ntry>{_money(cents)}{status}<BookgDt><Dt>{day}</Dt></BookgDt><ValDt><Dt>{day}</Dt></ValDt>{reference}"
        f"<BkTxCd/><NtryDtls><TxDtls><RmtInf><Ustrd>{text}</Ustrd></RmtInf></TxDtls></NtryDtls></Ntry>"
    )
