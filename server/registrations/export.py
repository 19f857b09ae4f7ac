"""The roster as a table to take away: CSV and XLSX. Nothing in it is ever read as a formula.

Spreadsheets run what begins with = + - or @ in a CSV file; such cells get an apostrophe in front (OWASP, "CSV
injection"). In XLSX every cell is typed as text, so nothing needs to be changed.
"""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Iterable, Sequence
from typing import Any
from xml.sax.saxutils import escape

from sqlalchemy import select

from server.accounts.tables import Account
from server.call import Call, Download
from server.registrations.tables import Registration
from server.sessions.conditions import Conditions
from server.sessions.tables import SeatKind

CSV = "text/csv; charset=utf-8"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

_RUNS = re.compile(r"\s*[=+\-@\uff1d\uff0b\uff0d\uff20]|[\t\r\n]")
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_ANSWERS = {
    "talkTitle": "Talk",
    "talkDescription": "About the talk",
    "topics": "Topics",
    "questions": "Questions",
}

Row = Sequence[str]


async def export_csv(call: Call[None]) -> Download:
    return Download(to_csv(await _table(call)), f"roster-{call.scope.timeslot.slug}.csv")


async def export_xlsx(call: Call[None]) -> Download:
    return Download(to_xlsx(await _table(call)), f"roster-{call.scope.timeslot.slug}.xlsx")


def to_csv(rows: Iterable[Row]) -> bytes:
    """With a byte order mark: without it Excel takes UTF-8 for something else."""
    text = io.StringIO()
    csv.writer(text).writerows([harmless(cell) for cell in row] for row in rows)
    return text.getvalue().encode("utf-8-sig")


def harmless(cell: str) -> str:
    return f"'{cell}" if _RUNS.match(cell) else cell


def to_xlsx(rows: Iterable[Row]) -> bytes:
    """One sheet of text cells: the four parts that ECMA-376 asks for."""
    body = "".join(f"<row>{''.join(map(_cell, row))}</row>" for row in rows)
    parts = {
        "[Content_Types].xml": _CONTENT_TYPES,
        "_rels/.rels": _relations("officeDocument", "xl/workbook.xml"),
        "xl/workbook.xml": _WORKBOOK,
        "xl/_rels/workbook.xml.rels": _relations("worksheet", "worksheets/sheet1.xml"),
        "xl/worksheets/sheet1.xml": f'{_XML}<worksheet xmlns="{_MAIN}">{_SHEET.format(body)}</worksheet>',
    }
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in parts.items():
            file.writestr(name, content)
    return packed.getvalue()


def _cell(text: str) -> str:
    shown = escape(_NOT_XML.sub("", text)[:32_767])  # a cell holds no more
    return f'<c t="inlineStr"><is><t xml:space="preserve">{shown}</t></is></c>'


async def _table(call: Call[None]) -> list[Row]:
    questions = Conditions.model_validate(call.scope.session.conditions or {}).questions
    rows = await call.db.execute(
        select(Registration, SeatKind, Account)
        .join(SeatKind, SeatKind.id == Registration.seat_kind_id)
        .join(Account, Account.id == Registration.account_id)
        .where(Registration.timeslot_id == call.scope.timeslot.id)
        .order_by(SeatKind.position, Registration.talk_order, Registration.created_at)
    )
    head = ["Name", "Email", "Part", "Role", "Status", "Order", "Registered", *_ANSWERS.values()]
    table: list[Row] = [[*head, *(question.label for question in questions), "Consents", "Payment"]]
    for registration, kind, account in rows:
        answers, responses = registration.answers or {}, registration.responses or {}
        table.append(
            [
                account.name,
                account.email,
                kind.name,
                kind.role.value,
                registration.status.value,
                _text(registration.talk_order),
                registration.created_at.isoformat(timespec="seconds"),
                *(_text(answers.get(key)) for key in _ANSWERS),
                *(_text(responses.get(question.id)) for question in questions),
                ", ".join(registration.consents or []),
                _text((registration.payment or {}).get("state")),
            ]
        )
    return table


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "; ".join(map(str, value)) if isinstance(value, list) else str(value)


_XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_KIND = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_CONTENT_TYPES = (
    f'{_XML}<Types xmlns="{_PACKAGE}/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    f'<Override PartName="/xl/workbook.xml" ContentType="{_KIND}.sheet.main+xml"/>'
    f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{_KIND}.worksheet+xml"/></Types>'
)
_SHEET = "<sheetData>{}</sheetData>"
_WORKBOOK = (
    f'{_XML}<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}">'
    '<sheets><sheet name="Roster" sheetId="1" r:id="rId1"/></sheets></workbook>'
)


def _relations(kind: str, target: str) -> str:
    return (
        f'{_XML}<Relationships xmlns="{_PACKAGE}/relationships">'
        f'<Relationship Id="rId1" Type="{_OFFICE}/{kind}" Target="{target}"/></Relationships>'
    )
