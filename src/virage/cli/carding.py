"""`virage cards`: personalise, show and block contactless cards."""

import asyncio
import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final
from uuid import UUID

import msgspec

from virage.app.opening import clock_of, opened
from virage.cli.deployment import configuration_of_running, console, database, fail
from virage.money.wallet.cards import api as cards_api
from virage.money.wallet.cards.api import CardSecrets
from virage.money.wallet.cards.types import (
    KEYS,
    UID_BYTES,
    BlockReason,
    Card,
    NewCard,
    OwnedCard,
    as_code,
    settings,
    shown_code,
    template,
)
from virage.platform.data.database import Connection
from virage.platform.settings.config import Config
from virage.platform.values.ids import new_id
from virage.platform.values.refusals import Refused

PAGE: Final = "/tap"
"""Path of the fan's app in the URL of a card."""
_OWNER_ONLY: Final = 0o600
_UID: Final = re.compile(rf"[0-9A-Fa-f]{{{2 * UID_BYTES}}}")


def personalise(uids: Sequence[str], keys_file: Path, wallet_id: UUID | None) -> None:
    """Make chips cards and print what an encoder writes. What must stay secret goes to a new file of mode 0600 alone.

    The same chips again are the same cards with the same keys and codes, so that a lost file is made again.
    """
    chips = [_uid(written) for written in uids]
    config = configuration_of_running()
    secrets = _secrets(config)
    try:
        made = template(config.public_url + PAGE)
        file = os.open(keys_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _OWNER_ONLY)
    except (ValueError, OSError) as error:
        raise fail(str(error)) from None
    try:
        with database(config) as opened:
            cards = asyncio.run(_personalise(opened, secrets, chips, wallet_id))
        os.write(file, msgspec.json.format(msgspec.json.encode([_secret(secrets, card) for card in cards])) + b"\n")
    except BaseException:
        keys_file.unlink()
        raise
    finally:
        os.close(file)
    chip = settings(made)
    rows = [
        ("address", made.address),
        ("NDEF file (file 2)", made.ndef),
        ("UIDOffset", str(made.uid_offset)),
        ("SDMReadCtrOffset", str(made.counter_offset)),
        ("SDMMACInputOffset", str(made.mac_input_offset)),
        ("SDMMACOffset", str(made.mac_offset)),
        ("ChangeFileSettings, file 2", chip.file_settings),
        ("key version", str(chip.key_version)),
        *((f"key {number}", purpose) for number, purpose in sorted(chip.keys.items())),
        *((f"chip {card.uid.hex().upper()}", f"card {card.id}, wallet {card.wallet_id}") for card in cards),
        ("keys and codes", str(keys_file)),
    ]
    _print(rows)


def show(written: str) -> None:
    """Print the details of a card."""
    config = configuration_of_running()
    secrets = _secrets(config)
    with database(config) as opened:
        owned = asyncio.run(_found(opened, secrets, written))
    card = owned.card
    blocked = (
        "no" if card.blocked_reason is None else f"{card.blocked_reason}, since {card.blocked_at:%d %B %Y %H:%M} UTC"
    )
    _print(
        [
            ("card", str(card.id)),
            ("chip", card.uid.hex().upper()),
            ("wallet", str(card.wallet_id)),
            ("linked", "no" if owned.owner_id is None else "yes"),
            ("blocked", blocked),
            ("replaced by", "" if card.replaced_by is None else str(card.replaced_by)),
            ("last counter", str(card.counter)),
            ("daily limit", "none" if card.daily_limit_cents is None else f"{card.daily_limit_cents} cents"),
            ("key version", str(card.key_version)),
            ("personalised", f"{card.personalised_at:%d %B %Y %H:%M} UTC"),
        ]
    )


def block(written: str, reason: str) -> None:
    """Block a card for a staff reason."""
    config = configuration_of_running()
    secrets = _secrets(config)
    with database(config) as opened:
        owned = asyncio.run(_found(opened, secrets, written))
        refusal = asyncio.run(_block(opened, cards_api.Block(owned.card.id, BlockReason(reason), None)))
    if refusal is not None:
        raise fail(f"Refused: {refusal.reason}.")
    console.print(f"Card {owned.card.id} is blocked.", markup=False)


def _secrets(config: Config) -> CardSecrets:
    secrets = cards_api.open_card_secrets(config)
    if secrets is None:
        raise fail("This deployment has no cards: set VIRAGE_CARD_KEY to 16 random bytes in hexadecimal, and keep it.")
    return secrets


def _uid(written: str) -> bytes:
    if not _UID.fullmatch(written):
        raise fail(f"{written!r} is not the UID of a chip: it has {2 * UID_BYTES} hexadecimal digits.")
    return bytes.fromhex(written)


def _secret(secrets: CardSecrets, card: Card) -> dict[str, object]:
    return {
        "uid": card.uid.hex().upper(),
        "card_id": card.id,
        "printed_code": shown_code(secrets.codes.printed(card.uid)),
        "keys": {str(number): secrets.keys.of(card.uid, number).hex().upper() for number in range(KEYS)},
    }


async def _personalise(
    config: Config, secrets: CardSecrets, chips: Sequence[bytes], wallet_id: UUID | None
) -> list[Card]:
    wishes = [NewCard(new_id(), uid, secrets.codes.hash(secrets.codes.printed(uid)), wallet_id) for uid in chips]

    async def personalise(conn: Connection) -> list[Card]:
        outcomes = await cards_api.personalise(conn, wishes, who=None, now=clock_of(config).now())
        refused = [
            f"{uid.hex().upper()}: {outcome.reason}"
            for uid, outcome in zip(chips, outcomes, strict=True)
            if isinstance(outcome, Refused)
        ]
        if refused:  # raised inside the transaction: all chips are registered, or none
            raise fail("\n".join(("Refused. No card was created:", *refused)))
        return [outcome for outcome in outcomes if isinstance(outcome, Card)]

    async with opened(config) as db:
        return await db.transact(personalise)


async def _found(config: Config, secrets: CardSecrets, written: str) -> OwnedCard:
    code = as_code(written)
    async with opened(config) as db, db.connection() as conn:
        if _UID.fullmatch(written):
            owned = await cards_api.card_of_uid(conn, bytes.fromhex(written))
        else:
            owned = None if code is None else await cards_api.card_of_code(conn, secrets.codes.hash(code))
    if owned is None:
        raise fail("There is no such card.")
    return owned


async def _block(config: Config, wish: cards_api.Block) -> Refused | None:
    async with opened(config) as db:
        (outcome,) = await db.transact(cards_api.block_cards, [wish], clock_of(config).now())
    return outcome


def _print(rows: Sequence[tuple[str, str]]) -> None:
    """Print a line per row, unwrapped, for copying into an encoder."""
    for name, value in rows:
        console.print(f"{name}: {value}", markup=False, highlight=False, soft_wrap=True)
