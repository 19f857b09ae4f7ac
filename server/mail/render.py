"""From facts to the finished mail: text, HTML and, where the calendar is to follow, its entry (RFC 6047)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from email.utils import format_datetime
from pathlib import Path

import idna
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from server.calendars.ics import Method
from server.mail.facts import Facts
from server.mail.tables import Kind
from server.mail.words import Letter, letter

# What the reader's calendar is told, if they have or had a place.
CALENDAR: dict[Kind, Method] = {
    Kind.CONFIRMED: Method.REQUEST,
    Kind.APPROVED: Method.REQUEST,
    Kind.ROLE_CHANGED: Method.REQUEST,
    Kind.SESSION_CHANGED: Method.REQUEST,
    Kind.REINSTATED: Method.REQUEST,
    Kind.REGISTRATION_CANCELLED: Method.CANCEL,
    Kind.SESSION_CANCELLED: Method.CANCEL,
}


class Undeliverable(Exception):
    """This mail can never be sent; the text says why."""


@dataclass(frozen=True, slots=True)
class Body:
    letter: Letter
    text: str
    html: str


def _quoted(value: str) -> str:
    return "\n".join(f"> {line}".rstrip() for line in value.splitlines())


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["quoted"] = _quoted
    return environment


_TEMPLATES = _environment()


def body(facts: Facts) -> Body:
    written = letter(facts)
    values = {"letter": written, "site": facts.site, "reader": facts.reader}
    return Body(
        letter=written,
        text=_TEMPLATES.get_template("mail.txt").render(values),
        html=_TEMPLATES.get_template("mail.html").render(values),
    )


def message(
    facts: Facts, *, sender: str, message_id: str, date: datetime, entry: bytes | None = None
) -> EmailMessage:
    """The whole mail. ``entry`` is the calendar for `CALENDAR`'s method. Raises Undeliverable."""
    written = body(facts)
    to = address(facts.reader.email, facts.reader.name)
    mail = EmailMessage(policy=SMTP if to.username.isascii() else SMTPUTF8)
    mail["Subject"] = one_line(written.letter.subject)
    mail["From"] = address(sender, facts.site.name)
    mail["To"] = to
    if facts.site.contact:
        mail["Reply-To"] = address(facts.site.contact)
    mail["Date"] = format_datetime(date)
    mail["Message-ID"] = message_id
    mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: no holiday replies, please
    mail.set_content(written.text, cte="quoted-printable")
    mail.add_alternative(written.html, subtype="html", cte="quoted-printable")
    if entry is not None:
        _attach(mail, entry, CALENDAR[facts.kind])
    return mail


def _attach(mail: EmailMessage, entry: bytes, method: Method) -> None:
    """As an alternative, which mail programs act on, and as a file for those that do not."""
    mail.add_alternative(entry.decode(), subtype="calendar", cte="base64")
    *_, added = mail.iter_parts()
    added.set_param("method", method.value)
    mail.add_attachment(entry, maintype="application", subtype="ics", filename="invite.ics")


def address(email: str, name: str = "") -> Address:
    """An address that can stand in a header: no line breaks, the domain in ASCII. Raises Undeliverable."""
    username, _, domain = email.rpartition("@")
    try:
        if not username or not domain or one_line(email) != email or " " in email:
            raise ValueError("not an address")
        ascii_domain = domain if domain.isascii() else idna.encode(domain, uts46=True).decode()
        return Address(display_name=one_line(name), username=username, domain=ascii_domain)
    except (ValueError, idna.IDNAError, IndexError) as error:
        raise Undeliverable(f"{email!r} is no address that mail can be sent to") from error


def one_line(value: str) -> str:
    """Nothing that a person typed can begin a header of its own."""
    return " ".join("".join(c if c.isprintable() else " " for c in value).split())
