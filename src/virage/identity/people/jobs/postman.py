"""Sending one letter: load what it tells, compose it, hand it to the mail server, say that it left."""

import asyncio
import ssl
from collections.abc import Mapping
from email.policy import SMTP

from virage.identity.people.reads import LetterComposer
from virage.identity.people.rules.letters import FORGOTTEN, Content, Kind, Letter, LetterDue, State
from virage.identity.people.rules.letters.dress import render
from virage.identity.people.rules.secrets import secrets_of
from virage.identity.people.settings import PeopleSettings
from virage.identity.people.store import letters
from virage.platform.data.database import Database
from virage.platform.host.background import in_background
from virage.platform.mail.messages import Rendered, Signer, compose, return_path, signed
from virage.platform.mail.reports import Report
from virage.platform.mail.sending import SmtpServer, send, smtp_server
from virage.platform.settings.config import Config
from virage.platform.settings.logs import log
from virage.platform.values.clock import Clock


class NoMailServer(Exception):
    """There is neither VIRAGE_SMTP_URL nor a demonstration whose mailbox would do."""


class Postman:
    """Sends one letter a job: to the mail server, or into the mailbox of a demonstration that has none.

    A server that is away or says "later" makes the job fail, which the queue tries again. Sent twice after a crash in
    between, a letter keeps its Message-ID.
    """

    def __init__(
        self,
        db: Database,
        config: Config,
        clock: Clock,
        composers: Mapping[Kind, LetterComposer],
        tls_context: ssl.SSLContext | None = None,
    ) -> None:
        self._db = db
        self._config = config
        self._clock = clock
        self._composers = composers
        self._tls_context = tls_context
        self._keys = [secrets_of(secret) for secret in (config.secret, *config.secrets_previous)]
        self._settings = settings = config.of(PeopleSettings)
        self._server = None if settings.smtp_url is None else smtp_server(settings.smtp_url)
        self._signer = None
        if settings.dkim_key is not None:
            self._signer = Signer(settings.dkim_selector, settings.dkim_key.read_bytes())

    async def __call__(self, due: LetterDue) -> None:
        """Send the letter unless it was sent, was erased, came too late, or its address does not exist."""
        async with self._db.connection() as conn:
            letter = await letters.letter(conn, self._keys, due.letter_id)
        if letter is None:
            return
        if letter.expires_at is not None and letter.expires_at <= self._clock.now():
            log.warning("letter_too_late", letter=letter.id, kind=letter.kind)
            await self._drop(letter)
        elif letter.blocked:
            await self._mark(letter, Report("bounced", "blocked"))
        elif self._server is not None:
            await self._send(self._server, letter)
        elif self._config.demo:
            await self._deliver(letter)
        else:
            raise NoMailServer("Set VIRAGE_SMTP_URL.")

    async def _send(self, server: SmtpServer, letter: Letter) -> None:
        settings = self._settings
        path = settings.mail_from
        if settings.bounce_domain is not None:
            path = return_path(self._keys[0].bounce, letter.id, settings.bounce_domain)

        async def message() -> bytes | None:
            content = await self._content(letter)
            return None if content is None else await self._message(letter, content)

        outcome = await send(
            server,
            message,
            return_path=path,
            to=letter.to,
            reports=settings.bounce_domain is not None,
            tls_context=self._tls_context,
        )
        if outcome == "dropped":
            await self._drop(letter)
        else:
            await self._mark(letter, None if outcome == "sent" else outcome)

    async def _content(self, letter: Letter) -> Content | None:
        async with self._db.connection() as conn:
            return await self._composers[letter.kind](conn, letter)

    async def _rendered(self, letter: Letter, content: Content) -> Rendered:
        elsewhere = asyncio.to_thread if content.receipt is None else in_background
        return await elsewhere(render, letter, content, self._config)

    async def _message(self, letter: Letter, content: Content) -> bytes:
        rendered, sender = await self._rendered(letter, content), self._settings.mail_from

        def written() -> bytes:
            message = compose(letter, rendered, sender, self._config.club.name, self._clock.now())
            plain = message.as_bytes(policy=SMTP)
            return plain if self._signer is None else signed(plain, self._signer, sender)

        return await asyncio.to_thread(written)

    async def _deliver(self, letter: Letter) -> None:
        """Put a letter into the demonstration's mailbox."""
        content = await self._content(letter)
        if content is None:
            await self._drop(letter)
            return
        rendered = await self._rendered(letter, content)
        now = self._clock.now()
        async with self._db.transaction() as conn:
            await letters.deliver(conn, letter.id, letter.to, rendered, now)
            kept = None if letter.kind in FORGOTTEN else letter.to
            await letters.mark_sent(conn, self._keys[0], letter.id, kept, state="delivered", reason=None, now=now)

    async def _mark(self, letter: Letter, refused: Report | None) -> None:
        now, keys = self._clock.now(), self._keys[0]
        kept = None if letter.kind in FORGOTTEN else letter.to
        state: State = "sent" if refused is None else refused.state
        reason = None if refused is None else refused.reason
        if refused is not None:
            log.warning("letter_undeliverable", letter=letter.id, reason=reason)
        async with self._db.transaction() as conn:
            await letters.mark_sent(conn, keys, letter.id, kept, state=state, reason=reason, now=now)
            if refused is not None and refused.blocks and kept is not None:
                await letters.block(conn, keys, kept, letter.id, reason=refused.reason, now=now)

    async def _drop(self, letter: Letter) -> None:
        async with self._db.transaction() as conn:
            await letters.drop_letter(conn, letter.id)
