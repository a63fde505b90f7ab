"""One spelling for one mailbox: e-mail addresses in the form in which they are stored and compared."""

import re
import unicodedata

import idna

ADDRESS_LENGTH_MAX = 254  # RFC 5321, 4.5.3.1.3 less the angle brackets
LOCAL_LENGTH_MAX = 64  # RFC 5321, 4.5.3.1.1
LABELS_MIN = 2

# The dot-atom of RFC 5322 in ASCII: nothing that could end a header, quote, or look like another letter.
_LOCAL = re.compile(r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*\Z")
_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\Z")


def normalise_address(written: str) -> str | None:
    """The address in lower case with its domain in A-labels (`fan@xn--caf-dma.example`), or None if it is none.

    Case is dropped in the local part too: no provider in use tells `Fan@` from `fan@`, and two accounts for one
    mailbox would be one mistyped letter apart. Spaces around it are a keyboard's doing and are dropped.
    """
    text = unicodedata.normalize("NFC", written.strip(" \t")).lower()
    local, at, domain = text.rpartition("@")
    if not at or len(local) > LOCAL_LENGTH_MAX or not _LOCAL.match(local):
        return None
    ascii_domain = _ascii_domain(domain)
    if ascii_domain is None or len(local) + 1 + len(ascii_domain) > ADDRESS_LENGTH_MAX:
        return None
    return f"{local}@{ascii_domain}"


def _ascii_domain(domain: str) -> str | None:
    if len(domain) > ADDRESS_LENGTH_MAX:
        return None
    try:
        name = idna.encode(domain, uts46=True).decode("ascii").lower()
    except (idna.IDNAError, UnicodeError):
        return None
    labels = name.split(".")
    if len(labels) < LABELS_MIN or not all(_LABEL.match(label) for label in labels) or labels[-1].isdigit():
        return None
    return name


_GMAIL = frozenset({"gmail.com", "googlemail.com"})


def mailbox(address: str) -> str:
    """The mailbox of an address in its stored form, for comparisons: what two spellings of one mailbox share.

    Gmail delivers `a.b+tickets@googlemail.com` to `ab@gmail.com`: it knows neither dots nor what follows a plus sign.
    Elsewhere both may be another person's.
    """
    local, _, domain = address.rpartition("@")
    if domain not in _GMAIL:
        return address
    return f"{local.partition('+')[0].replace('.', '')}@gmail.com"
