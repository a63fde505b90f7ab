"""The letters that we write: plain text, in the reader's language; of theirs, headers hold the address alone."""

from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from urllib.parse import parse_qs, unquote, urlsplit
from uuid import UUID

from msgspec import Struct

from virage.people.rules.grants import RoleName
from virage.people.rules.persons import Locale

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
DEFAULT_PORTS = {"smtp": 587, "smtps": 465}


class Mail(Struct, frozen=True):
    """One letter to one address, in plain text. After `expires_at` it would only mislead and is not sent any more."""

    to: str
    subject: str
    text: str
    expires_at: datetime


class Letter(Struct, frozen=True):
    """A letter in the demonstration's mailbox."""

    id: UUID
    recipient: str
    subject: str
    body: str
    arrived_at: datetime


class MailDue(Struct, frozen=True):
    """The job's payload: the id alone, for a job may lie in the queue or among the dead letters for long."""

    mail_id: UUID


class SmtpServer(Struct, frozen=True):
    """A mail server out of its URL. `start_tls`: True requires it, None takes it where offered, False never."""

    host: str
    port: int
    use_tls: bool
    start_tls: bool | None
    username: str | None
    password: str | None


ROLE_WORDS: dict[Locale, dict[RoleName, str]] = {
    Locale.FR: {
        RoleName.ADMIN: "administration",
        RoleName.PROGRAMME: "programmation",
        RoleName.BOX_OFFICE: "billetterie",
        RoleName.FINANCE: "finances",
        RoleName.STEWARD: "stadier",
        RoleName.SUPERVISOR: "superviseur des portes",
        RoleName.CASHIER: "caisse",
        RoleName.KITCHEN: "cuisine",
        RoleName.MATCH_DESK: "régie du match",
        RoleName.MEDIA_DESK: "régie des images",
        RoleName.MODERATOR: "modération",
        RoleName.DESCRIBER: "audiodescription",
    },
    Locale.EN: {
        RoleName.ADMIN: "administration",
        RoleName.PROGRAMME: "programme",
        RoleName.BOX_OFFICE: "box office",
        RoleName.FINANCE: "finance",
        RoleName.STEWARD: "steward",
        RoleName.SUPERVISOR: "gate supervisor",
        RoleName.CASHIER: "cashier",
        RoleName.KITCHEN: "kitchen",
        RoleName.MATCH_DESK: "match desk",
        RoleName.MEDIA_DESK: "media desk",
        RoleName.MODERATOR: "moderator",
        RoleName.DESCRIBER: "audio describer",
    },
}


def code_mail(to: str, code: str, locale: Locale, *, club: str, expires_at: datetime) -> Mail:
    """The letter with a sign-in code; the code stands in the subject too, where a phone's notification shows it."""
    if locale is Locale.FR:
        subject = f"{code} : votre code de connexion, {club}"
        text = (
            f"Bonjour,\n\nVotre code de connexion est : {code}\n\n"
            "Il est valable 10 minutes et ne sert qu'une fois.\n"
            "Si vous n'avez rien demandé, ignorez ce message : sans ce code, personne ne peut se connecter.\n"
            f"Nous ne vous demanderons jamais ce code par téléphone.\n\n{club}\n"
        )
    else:
        subject = f"{code}: your sign-in code, {club}"
        text = (
            f"Hello,\n\nYour sign-in code is: {code}\n\n"
            "It is valid for 10 minutes and works once.\n"
            "If you did not ask for it, ignore this message: nobody can sign in without the code.\n"
            f"We never ask for this code on the phone.\n\n{club}\n"
        )
    return Mail(to, subject, text, expires_at)


def open_code_mail(to: str, code: str, locale: Locale, *, club: str, expires_at: datetime) -> Mail:
    """The letter with the code that works in every browser, for an address that many codes are asked for."""
    shown = " ".join((code[:4], code[4:8], code[8:]))
    if locale is Locale.FR:
        subject = f"{shown} : votre code de connexion, {club}"
        text = (
            f"Bonjour,\n\nVotre code de connexion est : {shown}\n\n"
            "Il est plus long que d'habitude, car beaucoup de codes ont été demandés pour cette adresse.\n"
            "Il fonctionne dans votre navigateur, quel qu'il soit, est valable 20 minutes et ne sert qu'une fois.\n"
            "Si vous n'avez rien demandé, ignorez ce message : sans ce code, personne ne peut se connecter.\n"
            f"Nous ne vous demanderons jamais ce code par téléphone.\n\n{club}\n"
        )
    else:
        subject = f"{shown}: your sign-in code, {club}"
        text = (
            f"Hello,\n\nYour sign-in code is: {shown}\n\n"
            "It is longer than usual, because many codes were asked for with this address.\n"
            "It works in whichever browser you use, is valid for 20 minutes and works once.\n"
            "If you did not ask for it, ignore this message: nobody can sign in without the code.\n"
            f"We never ask for this code on the phone.\n\n{club}\n"
        )
    return Mail(to, subject, text, expires_at)


def invitation_mail(to: str, link: str, role: RoleName, locale: Locale, *, club: str, expires_at: datetime) -> Mail:
    """The letter that invites somebody to the staff."""
    word = ROLE_WORDS[locale][role]
    if locale is Locale.FR:
        subject = f"Invitation : {word}, {club}"
        text = (
            f"Bonjour,\n\nVous êtes invité·e à rejoindre l'équipe de {club} ({word}).\n\n"
            f"Connectez-vous avec cette adresse, puis ouvrez ce lien :\n{link}\n\n"
            "Il est valable 7 jours et ne sert qu'une fois. Si vous n'attendiez pas ce message, ignorez-le.\n"
        )
    else:
        subject = f"Invitation: {word}, {club}"
        text = (
            f"Hello,\n\nYou are invited to join the staff of {club} ({word}).\n\n"
            f"Sign in with this address, then open this link:\n{link}\n\n"
            "It is valid for 7 days and works once. If you did not expect this message, ignore it.\n"
        )
    return Mail(to, subject, text, expires_at)


def invitation_link(public_url: str, code: str) -> str:
    """Where an invitation is accepted. The code stands in the fragment, which no server's log ever sees."""
    return f"{public_url}/office/invitation#{code}"


def compose(mail: Mail, mail_id: UUID, sender: str, club: str, now: datetime) -> EmailMessage:
    """The letter as a message. Its id makes the Message-ID, so that a letter sent twice is shown once.

    Raises ValueError for an address or subject that would end its header.
    """
    message = EmailMessage(policy=SMTP)
    message["From"] = Address(display_name=club, addr_spec=sender)
    message["To"] = Address(addr_spec=mail.to)
    message["Subject"] = mail.subject
    message["Date"] = format_datetime(now)
    message["Message-ID"] = f"<{mail_id}@{sender.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no holiday answers
    message.set_content(mail.text)
    return message


def smtp_server(url: str) -> SmtpServer:
    """The server that `smtp://user:password@host:port/?starttls=1` names; user and password may be percent-encoded.

    `smtps` speaks TLS from the first byte. Without `starttls` the connection is encrypted where the server offers
    it, and demanded where there is a password and another machine to send it to; `starttls=1` demands it always,
    `starttls=0` does without. Raises ValueError for any other URL.
    """
    parts = urlsplit(url)
    if parts.scheme not in DEFAULT_PORTS or not parts.hostname:
        raise ValueError("A mail server's URL is smtp://host:port or smtps://host:port.")
    implicit = parts.scheme == "smtps"
    wish = parse_qs(parts.query).get("starttls", [""])[-1]
    start_tls = False if implicit else {"1": True, "0": False}.get(wish)
    if start_tls is None and parts.username is not None and parts.hostname not in LOOPBACK:
        start_tls = True
    return SmtpServer(
        host=parts.hostname,
        port=parts.port or DEFAULT_PORTS[parts.scheme],
        use_tls=implicit,
        start_tls=start_tls,
        username=None if parts.username is None else unquote(parts.username),
        password=None if parts.password is None else unquote(parts.password),
    )
