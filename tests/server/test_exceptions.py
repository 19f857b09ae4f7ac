"""Allowing and denying something to one person, the explanation of it, the audit log, and the exports."""

from __future__ import annotations

import csv
import io
import zipfile
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from server.registrations.export import harmless, to_csv, to_xlsx
from tests.server.scene import Cast, Scene, set_scene
from tests.support.app import Reply


async def override(cast: Cast, scene: Scene, who: str, target: str, permission: str, effect: str) -> Reply:
    body = {"email": cast.emails[target], "permission": permission, "effect": effect, "reason": "Because"}
    return await cast[who].post(f"/sessions/{scene.session_id}/overrides", body)


async def explained(cast: Cast, scene: Scene, who: str, target: str) -> Reply:
    return await cast[who].get(f"/sessions/{scene.session_id}/people/{cast.ids[target]}/permissions")


async def test_a_deny_beats_every_role_and_grant(cast: Cast) -> None:
    scene = await set_scene(cast)
    path = f"/sessions/{scene.session_id}"
    assert (await override(cast, scene, "organiser", "participant", "chat.send", "allow")).status == 201
    denied = await override(cast, scene, "organiser", "participant", "chat.send", "deny")
    assert denied.status == 201
    mine = (await cast["participant"].get(path)).body["may"]["chat.send"]
    assert (mine["allowed"], mine["rule"], mine["liftedBy"]) == (False, "deny", ["organiser"])
    assert (await override(cast, scene, "organiser", "participant", "chat.send", "deny")).code == (
        "override.exists"
    )
    removed = await cast["organiser"].delete(f"{path}/overrides/{denied.body['id']}")
    assert removed.status == 204
    assert (await cast["participant"].get(path)).body["may"]["chat.send"]["allowed"] is True


@pytest.mark.parametrize(
    ("who", "target", "permission", "effect", "code"),
    [
        ("facilitator", "participant", "chat.moderate", "allow", None),
        ("facilitator", "participant", "recording.delete", "allow", "override.not_to_give"),
        ("organiser", "participant", "session.transfer", "allow", "override.not_to_give"),
        ("facilitator", "participant", "chat.send", "deny", "permission.denied"),
        ("organiser", "facilitator", "chat.send", "deny", None),
        ("organiser", "organiser", "chat.send", "deny", "override.rank"),
    ],
)
async def test_nobody_gives_what_they_lack_or_takes_from_their_equals(
    cast: Cast, who: str, target: str, permission: str, effect: str, code: str | None
) -> None:
    scene = await set_scene(cast)
    reply = await override(cast, scene, who, target, permission, effect)
    assert (reply.status, reply.code) == ((201, None) if code is None else (403, code))


async def test_permissions_of_one_person_are_explained(cast: Cast) -> None:
    scene = await set_scene(cast)
    await override(cast, scene, "organiser", "observer", "chat.send", "allow")
    reply = await explained(cast, scene, "co_facilitator", "observer")
    assert [(role["role"], role["source"]) for role in reply.body["roles"]] == [
        ("observer", "assigned"),
        ("observer", "seat"),
    ]
    assert [(one["permission"], one["effect"]) for one in reply.body["overrides"]] == [("chat.send", "allow")]
    chat, screen = (reply.body["permissions"][key] for key in ("chat.send", "media.share_screen"))
    assert (chat["allowed"], chat["rule"]) == (True, "session_grant")
    assert (screen["allowed"], screen["rule"]) == (False, "no_role")
    assert "organiser" in screen["liftedBy"]
    assert (await explained(cast, scene, "observer", "observer")).status == 200
    assert (await explained(cast, scene, "observer", "participant")).code == "permission.denied"
    assert (await explained(cast, scene, "organiser", "stranger")).code == "account.not_found"


async def test_the_log_tells_what_was_done_page_by_page(cast: Cast) -> None:
    scene = await set_scene(cast)
    for permission in ("chat.send", "hand.raise", "poll.vote"):
        await override(cast, scene, "organiser", "participant", permission, "deny")
    await cast["participant"].delete(f"/registrations/{scene.participant_registration_id}")
    path = f"/sessions/{scene.session_id}/audit"
    everything = (await cast["facilitator"].get(path)).body
    assert [item["action"] for item in everything["items"]] == ["registration.cancel", *["override.add"] * 3]
    assert everything["items"][0]["actorName"] == "Participant"
    seen: list[Any] = []
    cursor = ""
    while True:
        page = (await cast["facilitator"].get(f"{path}?limit=1{cursor}")).body
        seen += page["items"]
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next'].replace('+', '%2B')}"
    assert seen == everything["items"]
    assert len((await cast["facilitator"].get(f"{path}?action=override.")).body["items"]) == 3
    assert (await cast["facilitator"].get(f"{path}?cursor=yesterday")).code == "validation"


# --- exports ---------------------------------------------------------------------------------------

EVIL = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", " =1", "＝1", "=cmd|'/c calc'!A0"]


@pytest.mark.parametrize("cell", EVIL)
def test_no_cell_of_a_csv_is_a_formula(cell: str) -> None:
    assert harmless(cell) == f"'{cell}"


@pytest.mark.parametrize("cell", ["", "Ann", "a=b", "1-2", "ann@example.org", "'quoted"])
def test_other_cells_stay_as_they_are(cell: str) -> None:
    assert harmless(cell) == cell


def test_a_csv_reads_back(cast: Cast) -> None:
    rows = [["Name", "Say"], ["Zoë", 'a "quoted", word\nand a line'], ["x", "=1"]]
    data = to_csv(rows)
    assert data.startswith(b"\xef\xbb\xbf")
    read = list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))
    assert read == [*rows[:2], ["x", "'=1"]]


def test_a_spreadsheet_holds_text_and_no_formula() -> None:
    data = to_xlsx([["Name"], *[[cell] for cell in EVIL], ["<b>&\x00\x1b"]])
    with zipfile.ZipFile(io.BytesIO(data)) as file:
        assert file.testzip() is None
        sheet = ET.fromstring(file.read("xl/worksheets/sheet1.xml"))  # noqa: S314 - our own
    space = {"m": "http://schemas.openxmlformats.org/spreadsheetml/2006/main"}
    assert sheet.findall(".//m:f", space) == []
    assert {cell.get("t") for cell in sheet.findall(".//m:c", space)} == {"inlineStr"}
    assert [text.text for text in sheet.findall(".//m:t", space)] == ["Name", *EVIL, "<b>&"]


async def test_the_roster_is_exported_with_its_answers(cast: Cast) -> None:
    scene = await set_scene(cast)
    async with cast["organiser"].http.get(
        f"{cast.app.url}/api/v1/timeslots/{scene.timeslot_id}/roster.csv"
    ) as response:
        assert response.headers["Content-Type"].startswith("text/csv")
        assert response.headers["Content-Disposition"].startswith('attachment; filename="roster-')
        rows = list(csv.reader(io.StringIO((await response.read()).decode("utf-8-sig"))))
    assert rows[0][:5] == ["Name", "Email", "Part", "Role", "Status"]
    assert [row[1] for row in rows[1:]] == [cast.emails["participant"], cast.emails["observer"]]
