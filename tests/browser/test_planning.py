"""Organisers' journeys: a session of talks from its plan until it is full, cancelled and reopened; requests;
two editors at once; saving without a network; without a mouse; axe-core on every tab.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Locator, Page, expect

from tests.browser.test_keyboard import button, tab_to
from tests.browser.test_pages import STILL, examine
from tests.support.browser import People, needs_chromium
from tests.support.demo_server import DemoServer
from tests.support.planning import Caller, mail_to, newcomer

pytestmark = [pytest.mark.browser, needs_chromium, pytest.mark.asyncio(loop_scope="module")]

TABS = ("Details", "Agenda", "Timeslots", "Seats & conditions", "Participants", "Messages")
Newcomers = Callable[[str], Awaitable[Caller]]


@pytest_asyncio.fixture(loop_scope="module")
async def newcomers(browser: Browser, server: DemoServer) -> AsyncIterator[Newcomers]:
    made: list[Caller] = []

    async def come(name: str) -> Caller:
        made.append(await newcomer(await browser.new_context(base_url=server.url), server.url, name))
        return made[-1]

    yield come
    for caller in made:
        await caller.close()


def as_caller(page: Page, server: DemoServer) -> Caller:
    return Caller(page.context, server.url, "organiser@demo.test")


async def plan(page: Page, kind: str, title: str) -> None:
    """From the list of kinds into the editor, with a title that is saved."""
    await page.goto("/sessions/new")
    await page.get_by_role("button", name=kind).click()
    await page.get_by_label("Title", exact=True).fill(title)
    await saved(page)
    await expect(page.get_by_role("heading", level=1)).to_have_text(title)


async def saved(page: Page) -> None:
    """What was typed last is on the server: it is sent, and then said to be saved."""
    await expect(page.get_by_text("Not saved yet")).to_be_hidden()
    await expect(page.get_by_text("Saving…")).to_be_hidden()
    await expect(page.get_by_text(re.compile(r"^Auto-saved \d\d:\d\d$"))).to_be_visible()


async def tab(page: Page, name: str) -> None:
    await page.get_by_role("tab", name=name).click()


def session_id(page: Page) -> str:
    found = re.search(r"/sessions/(\w+)/edit", page.url)
    assert found
    return found[1]


async def the_session(page: Page, server: DemoServer) -> dict[str, Any]:
    shown: dict[str, Any] = await as_caller(page, server).call("GET", f"/sessions/{session_id(page)}")
    return shown


def seat(page: Page, name: str) -> Locator:
    """The form of a kind of seat."""
    return page.get_by_role("listitem").filter(has=page.get_by_role("heading", name=name, level=3))


async def come_back(page: Page) -> None:
    """The page reads anew, as when somebody returns to its tab of the browser."""
    await page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")


async def test_a_session_of_talks_from_plan_to_full_and_back(
    people: People, server: DemoServer, newcomers: Newcomers
) -> None:
    page = await people.open("organiser")
    await page.goto("/")
    await page.get_by_role("button", name="Account").click()
    await page.get_by_role("menuitem", name="New session").click()
    await page.get_by_role("button", name="Talks").click()
    await page.get_by_label("Title", exact=True).fill("Tools we love")
    await page.get_by_label("Description").fill("Two short talks.")
    await page.get_by_label("Objectives").fill("Find a tool\nUse it")
    await saved(page)

    await tab(page, "Seats & conditions")
    await button(page, "Add a kind of seat").click()
    await page.get_by_role("dialog").get_by_role("button", name="Add", exact=True).click()
    await expect(page.get_by_role("heading", name="Interviewer", level=3)).to_be_visible()
    await seat(page, "Presenter").get_by_label("At most").fill("2")
    await seat(page, "Guest").get_by_label("At most").fill("2")
    await saved(page)
    await button(page, "Publish").click()
    await expect(button(page, "Close registration")).to_be_visible()
    session = await the_session(page, server)
    assert (session["label"], session["objectives"]) == ("Open", ["Find a tool", "Use it"])
    assert {one["part"]: one["max"] for one in session["seats"]} == {
        "host": 1, "presenter": 2, "guest": 2, "interviewer": 1,
    }  # fmt: skip

    casting = [("Hana Host", "host"), ("Pia First", "presenter"), ("Paul Second", "presenter"),
               ("Ivo Asks", "interviewer"), ("Gil Guest", "guest"), ("Gus Guest", "guest")]  # fmt: skip
    cast: dict[str, tuple[Caller, dict[str, Any]]] = {}
    for name, part in casting:
        caller = await newcomers(name)
        talk = {"answers": {"talkTitle": f"Talk of {name}"}} if part == "presenter" else {}
        cast[name] = caller, await caller.register(session, part, **talk)
    await mail_to(server, "gil.guest@example.test", "You are registered")
    await tab(page, "Participants")
    await come_back(page)
    await expect(page.get_by_text("Full", exact=True)).to_be_visible()  # by itself (M7)

    late = await newcomers("Wes Waits")
    assert (await late.register(session, "guest"))["status"] == "waitlisted"
    leaving, place = cast["Gil Guest"]
    await leaving.call("DELETE", f"/registrations/{place['id']}")
    await mail_to(server, late.address, "seat")
    await come_back(page)
    guests = page.get_by_role("list", name="Guest: has a seat")
    await expect(guests.get_by_text("Seat offered")).to_be_visible()
    mine = (await late.call("GET", f"/sessions/{session['id']}"))["you"]["registration"]
    await late.call("POST", f"/registrations/{mine['id']}/offer", {"accept": True})
    await come_back(page)
    await expect(guests.get_by_role("listitem").filter(has_text="Wes Waits")).to_contain_text("Registered")
    await expect(page.get_by_text("Full", exact=True)).to_be_visible()

    presenters = page.get_by_role("list", name="Presenter: has a seat").get_by_role("listitem")
    await expect(presenters.first).to_contain_text("Talk of Pia First")
    await button(page, "Move Paul Second up").click()
    await expect(presenters.first).to_contain_text("Talk of Paul Second")
    await expect(button(page, "Move Paul Second up")).to_be_focused()
    await tab(page, "Agenda")
    await expect(page.get_by_label("Title").first).to_have_value("Talk of Paul Second")
    await tab(page, "Messages")
    await expect(page.get_by_text("Seat offered, to Wes Waits")).to_be_visible()

    await page.get_by_role("checkbox", name="On the waitlist").check()
    await expect(page.get_by_text("It reaches nobody.")).to_be_visible()
    await page.get_by_role("checkbox", name="On the waitlist").uncheck()
    await page.get_by_role("checkbox", name="Facilitator", exact=True).check()
    await expect(page.get_by_text("It reaches 1 person.")).to_be_visible()
    await page.get_by_label("Subject").fill("Slides by Friday")
    await page.get_by_label("Message", exact=True).fill("Please bring them.")
    await button(page, "Send").click()
    await mail_to(server, "hana.host@example.test", "Slides by Friday")

    # people have registered: no way to delete it, but one that tells them
    await page.get_by_role("button", name="More", exact=True).click()
    await page.get_by_role("menuitem", name="Delete").click()
    dialog = page.get_by_role("alertdialog")
    await dialog.get_by_label("To confirm").fill("Tools we love")
    await dialog.get_by_role("button", name="Delete").click()
    await expect(dialog.get_by_text("Cancel the session, then archive it")).to_be_visible()
    await dialog.get_by_role("button", name="Keep it").click()

    # cancelled, with the number of mails before and the mail after; and back (M8, M9)
    await page.get_by_role("button", name="More", exact=True).click()
    await page.get_by_role("menuitem", name="Cancel the session").click()
    await expect(dialog.get_by_text("6 people get a mail, which cannot be recalled.")).to_be_visible()
    await dialog.get_by_label("Why").fill("The room is flooded.")
    await dialog.get_by_role("button", name="Cancel the session").click()
    await expect(page.get_by_text("Cancelled", exact=True)).to_be_visible()
    await mail_to(server, late.address, "ancelled")
    await button(page, "Reopen").click()
    await expect(page.get_by_text("Full", exact=True)).to_be_visible()
    await mail_to(server, late.address, "takes place")
    await button(page, "Refresh").click()
    await expect(page.get_by_text("Session takes place again, to Wes Waits")).to_be_visible()


async def test_requests_are_decided_together_and_a_series_is_planned(
    people: People, server: DemoServer, newcomers: Newcomers
) -> None:
    page = await people.open("organiser", timezone_id="Europe/Berlin")
    await plan(page, "Workshop", "Clay for beginners")
    await tab(page, "Timeslots")
    await page.get_by_label("Starts").fill("2027-03-21T18:00")
    await page.get_by_label("Time zone").select_option("Europe/Berlin")
    await page.get_by_label("Place", exact=True).select_option("hybrid")
    await page.get_by_label("Address and room").fill("Kiln Street 4")
    await saved(page)
    await button(page, "Add timeslots").click()
    dialog = page.get_by_role("dialog")
    await expect(dialog.get_by_label("Starts")).to_have_value("2027-03-28T18:00")
    await dialog.get_by_label("Repeats").select_option("WEEKLY")
    await dialog.get_by_label("Times").fill("2")
    await expect(dialog.get_by_text("Every week on Sunday, 2 times")).to_be_visible()
    dates = dialog.get_by_role("region", name="Dates of the series").get_by_role("listitem")
    await expect(dates).to_have_count(2)
    await dialog.get_by_label("The first starts").fill("2027-03-21T02:30")
    await expect(dates.nth(1)).to_contain_text("The clocks skip this time")
    await dialog.get_by_label("The first starts").fill("2027-03-21T19:00")
    await expect(dates.nth(1)).to_contain_text("The clocks have changed: UTC+2 from here")
    await dialog.get_by_role("button", name="Add the series").click()
    await expect(page.get_by_role("button", name=re.compile("March 2027.*Kiln Street 4"))).to_have_count(3)

    await tab(page, "Seats & conditions")
    await page.get_by_label("How people get a seat").select_option("ask")
    await saved(page)
    await button(page, "Publish").click()
    await expect(button(page, "Close registration")).to_be_visible()
    session = await the_session(page, server)
    assert [slot["startsAt"] for slot in session["timeslots"]] == [
        "2027-03-21T17:00:00Z", "2027-03-21T18:00:00Z", "2027-03-28T17:00:00Z",
    ]  # fmt: skip
    for name in ("Ann Asks", "Ben Asks", "Cyd Asks"):
        assert (await (await newcomers(name)).register(session, "guest"))["status"] == "pending"
    await tab(page, "Participants")
    await come_back(page)
    await expect(page.get_by_role("heading", name="3 requests")).to_be_visible()
    await button(page, "Decline Cyd Asks").click()
    await page.get_by_role("dialog").get_by_label("A word to them").fill("Next time.")
    await page.get_by_role("dialog").get_by_role("button", name="Decline").click()
    await expect(page.get_by_role("heading", name="2 requests")).to_be_visible()
    await page.get_by_role("checkbox", name="All", exact=True).check()
    await button(page, "Approve marked").click()
    await page.get_by_role("dialog").get_by_role("button", name="Approve").click()
    seated = page.get_by_role("list", name="Participant: has a seat").get_by_role("listitem")
    await expect(seated).to_have_count(2)
    await mail_to(server, "ann.asks@example.test", "Clay for beginners")

    await button(page, "Add a person").click()
    await page.get_by_role("dialog").get_by_label("Their email address").fill("nobody@example.test")
    await page.get_by_role("dialog").get_by_role("button", name="Add", exact=True).click()
    await expect(page.get_by_text("There is no account with this email address.")).to_be_visible()
    await page.get_by_label("Their email address").fill("participant@demo.test")
    await page.get_by_role("dialog").get_by_role("button", name="Add", exact=True).click()
    await expect(seated).to_have_count(3)
    await button(page, "About Sofía Álvarez").click()
    await page.get_by_role("menuitem", name="What may they do?").click()
    await expect(page.get_by_role("row", name=re.compile("^Session: edit ?: no"))).to_be_visible()
    await page.keyboard.press("Escape")
    await button(page, "About Sofía Álvarez").click()
    await page.get_by_role("menuitem", name="Remove").click()
    await page.get_by_role("alertdialog").get_by_role("button", name="Remove").click()
    await expect(seated).to_have_count(2)


async def test_roles_exceptions_and_the_roster_as_a_file(people: People, server: DemoServer) -> None:
    page = await people.open("organiser")
    await plan(page, "Training", "With exceptions")
    await tab(page, "Participants")
    await expect(page.get_by_role("heading", name="Nobody has registered yet")).to_be_visible()
    for address, chosen in (("cofacilitator@demo.test", "guest"), ("participant2@demo.test", "guest")):
        await button(page, "Add a person").click()
        await page.get_by_label("Their email address").fill(address)
        seats = page.get_by_role("dialog").get_by_label("Seat")
        await seats.select_option("Participant" if chosen == "guest" else chosen)
        await page.get_by_role("dialog").get_by_role("button", name="Add", exact=True).click()
        await expect(page.get_by_role("dialog")).to_have_count(0)
    await button(page, "Give a role").click()
    await page.get_by_label("Their email address").fill("cofacilitator@demo.test")
    await button(page, "Give it").click()
    await expect(button(page, "Take the role from Mei Tanaka")).to_be_visible()
    await button(page, "Add an exception").click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_label("Their email address").fill("participant2@demo.test")
    await dialog.get_by_label("What").select_option("chat.send")
    await dialog.get_by_label("Why").fill("Too loud")
    await dialog.get_by_role("button", name="Add", exact=True).click()
    await expect(button(page, "Remove the exception for Jonas Lindqvist")).to_be_visible()
    await button(page, "About Jonas Lindqvist").click()
    await page.get_by_role("menuitem", name="What may they do?").click()
    await expect(page.get_by_text("Denied: Chat: send")).to_be_visible()
    await expect(page.get_by_role("row", name=re.compile("^Chat: send ?: no"))).to_be_visible()
    await page.keyboard.press("Escape")

    await button(page, "About Jonas Lindqvist").click()
    await page.get_by_role("menuitemradio", name="Attended").click()
    row = page.get_by_role("listitem").filter(has_text="participant2@demo.test")
    await expect(row.get_by_text("Attended")).to_be_visible()
    await page.get_by_label("Find a person").fill("mei")
    await expect(row).to_have_count(0)
    await expect(
        page.get_by_role("listitem").filter(has_text="cofacilitator@demo.test").first
    ).to_be_visible()
    async with page.expect_download() as download:
        await page.get_by_role("link", name="CSV").click()
    text = (await (await download.value).path()).read_text()
    assert "participant2@demo.test" in text
    assert "cofacilitator@demo.test" in text
    async with page.expect_download() as download:
        await page.get_by_role("link", name="Excel").click()
    assert (await (await download.value).path()).read_bytes()[:2] == b"PK"


async def test_an_agenda_is_put_in_order_by_its_grip(people: People, server: DemoServer) -> None:
    page = await people.open("organiser")
    await plan(page, "Workshop", "By the grip")
    await tab(page, "Agenda")
    titles = page.get_by_role("tabpanel").get_by_label("Title")
    for at, title in enumerate(("First", "Second", "Third")):
        await button(page, "Add an item").click()
        await titles.nth(at).fill(title)
    await page.get_by_label("Minutes").nth(1).fill("90")
    await expect(page.get_by_text("The agenda is 10 minutes longer than the timeslot.")).to_be_visible()
    items = page.get_by_role("tabpanel").locator("li")
    await items.nth(2).locator(".agenda-grip").drag_to(items.nth(0).locator(".agenda-grip"))
    await expect(titles.first).to_have_value("Third")
    await saved(page)
    shown = await the_session(page, server)
    agenda = await as_caller(page, server).call("GET", f"/timeslots/{shown['timeslot']['id']}/agenda")
    assert [item["title"] for item in agenda["items"]] == ["Third", "First", "Second"]
    assert agenda["overMin"] == 10


async def test_two_editors_at_once_lose_nothing(people: People, server: DemoServer) -> None:
    one = await people.open("organiser")
    await plan(one, "Coaching", "First title")
    other = await people.open("organiser", **STILL)
    await other.goto(one.url)
    await expect(other.get_by_label("Title", exact=True)).to_have_value("First title")
    await one.get_by_label("Description").fill("By one.")
    await saved(one)
    await other.get_by_label("Objectives").fill("By the other")
    await saved(other)  # over a version that it did not know, since nobody else touched the field
    await expect(other.get_by_label("Description")).to_have_value("By one.")

    await one.get_by_label("Title", exact=True).fill("Title of one")
    await saved(one)
    await other.get_by_label("Title", exact=True).fill("Title of the other")
    await expect(other.get_by_text("Title of one")).to_be_visible()
    await expect(other.get_by_label("Title", exact=True)).to_have_value("Title of the other")
    assert (await the_session(one, server))["title"] == "Title of one"
    await examine(other, "a conflict")
    await button(other, "Keep mine").click()
    await saved(other)
    session = await the_session(one, server)
    assert (session["title"], session["description"]) == ("Title of the other", "By one.")
    assert session["objectives"] == ["By the other"]

    await one.get_by_label("Title", exact=True).fill("Once more by one")
    await expect(one.get_by_text("Title of the other")).to_be_visible()
    await button(one, "Take theirs").click()
    await expect(one.get_by_label("Title", exact=True)).to_have_value("Title of the other")


async def test_without_a_network_words_are_kept_and_saved_later(people: People, server: DemoServer) -> None:
    page = await people.open("organiser")
    await plan(page, "Training", "Before the tunnel")
    await page.context.set_offline(True)
    await page.get_by_label("Title", exact=True).fill("In the tunnel")
    await expect(page.get_by_text("Not saved yet. You are offline.")).to_be_visible()
    await page.get_by_role("link", name="See the session page").click()
    dialog = page.get_by_role("alertdialog", name="Leave without saving?")
    await dialog.get_by_role("button", name="Stay").click()
    await expect(page.get_by_label("Title", exact=True)).to_have_value("In the tunnel")
    await page.context.set_offline(False)
    await saved(page)
    assert (await the_session(page, server))["title"] == "In the tunnel"


async def test_leaving_at_once_saves_what_was_typed(people: People, server: DemoServer) -> None:
    page = await people.open("organiser")
    await plan(page, "Focus work", "Quiet")
    session = session_id(page)
    await page.get_by_label("Title", exact=True).fill("Very quiet")
    await page.get_by_role("link", name="See the session page").click()
    await expect(page).to_have_url(f"{server.url}/sessions/{session}")
    await expect(page.get_by_role("heading", name="Very quiet", level=1)).to_be_visible()
    shown = await as_caller(page, server).call("GET", f"/sessions/{session}")
    assert shown["title"] == "Very quiet"
    await page.get_by_role("link", name="Edit", exact=True).click()
    await page.get_by_role("button", name="More", exact=True).click()
    await page.get_by_role("menuitem", name="Delete").click()
    dialog = page.get_by_role("alertdialog")
    delete = dialog.get_by_role("button", name="Delete")
    await expect(delete).to_have_attribute("aria-disabled", "true")
    await dialog.get_by_label("To confirm").fill("Very quiet")
    await delete.click()
    await expect(page.get_by_text("The session is deleted.")).to_be_visible()


async def test_what_the_server_refuses_stands_beside_its_field(people: People, server: DemoServer) -> None:
    page = await people.open("organiser", **STILL)
    await plan(page, "Something else", "With mistakes")
    await tab(page, "Seats & conditions")
    condition = page.get_by_label("How people get a seat")
    await condition.select_option("invite")
    await expect(condition).to_have_accessible_description(re.compile("cannot be invite only"))
    await expect(page.get_by_text("Some changes are not saved")).to_be_visible()
    await expect(page.get_by_role("tab", name="Seats & conditions")).to_contain_text("To mend")
    await examine(page, "a refusal beside its field")
    await page.get_by_label("Who finds it").select_option("private")
    await saved(page)  # both together
    session = await the_session(page, server)
    assert (session["visibility"], session["joinCondition"]) == ("private", "invite")

    await button(page, "Invite").click()
    await page.get_by_label("Whom").select_option("many")
    await page.get_by_role("dialog").get_by_role("button", name="Make the link").click()
    await expect(page.get_by_role("dialog").get_by_text("/invitation#")).to_be_visible()
    await examine(page, "the link of an invitation", themes=("light",))
    await button(page, "Done").click()
    await page.get_by_role("button", name="Revoke the invitation").click()
    await page.get_by_role("alertdialog").get_by_role("button", name="Revoke").click()
    await expect(page.get_by_text("Revoked", exact=True)).to_be_visible()

    await tab(page, "Timeslots")
    await page.get_by_label("Time zone").select_option("Europe/Berlin")
    await page.get_by_label("Starts").fill("2027-03-28T02:30")
    await expect(page.get_by_text("the clocks skip it")).to_be_visible()
    await page.get_by_label("Starts").fill("2027-10-31T02:30")
    await page.get_by_label("this time comes twice").select_option("later")
    await saved(page)
    assert (await the_session(page, server))["timeslot"]["startsAt"] == "2027-10-31T01:30:00Z"


async def test_the_editor_without_a_mouse(people: People, server: DemoServer) -> None:
    page = await people.open("organiser")
    await plan(page, "Talks", "By hand")
    tabs = page.get_by_role("tab")
    await tab_to(page, page.get_by_role("tab", name="Details"), within=60)
    for name in TABS[1:]:
        await page.keyboard.press("ArrowRight")
        await expect(page.get_by_role("tab", name=name)).to_be_focused()
        await expect(page.get_by_role("tabpanel", name=name)).to_be_visible()
    await page.keyboard.press("Home")
    await expect(tabs.first).to_be_focused()
    await page.keyboard.press("ArrowRight")
    await tab_to(page, button(page, "Add an item"))
    for _ in range(3):
        await page.keyboard.press("Enter")
    titles = page.get_by_role("tabpanel").get_by_label("Title")
    await expect(titles).to_have_count(3)
    await titles.first.focus()
    await page.keyboard.press("ControlOrMeta+a")
    await page.keyboard.type("Welcome")
    await tab_to(page, button(page, "Move Welcome down"))
    await page.keyboard.press("Enter")
    await expect(titles.nth(1)).to_have_value("Welcome")
    await expect(page.get_by_text("Welcome is now number 2 of 3.")).to_be_attached()
    await expect(button(page, "Move Welcome down")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(titles.nth(2)).to_have_value("Welcome")
    await saved(page)
    shown = await the_session(page, server)
    agenda = await as_caller(page, server).call("GET", f"/timeslots/{shown['timeslot']['id']}/agenda")
    assert [item["title"] for item in agenda["items"]] == ["New item", "New item", "Welcome"]
    await button(page, "Remove Welcome").focus()
    await page.keyboard.press("Enter")
    await expect(button(page, "Add an item")).to_be_focused()
    await tab(page, "Seats & conditions")
    await button(page, "Move Guest up").focus()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", level=3).nth(1)).to_have_text("Guest")
    await expect(button(page, "Move Guest up")).to_be_focused()
    await button(page, "Add a question").focus()
    await page.keyboard.press("Enter")
    await expect(page.get_by_label("Question", exact=True)).to_be_focused()


async def test_every_tab_is_accessible(people: People) -> None:
    page = await people.open("organiser", **STILL)
    await page.goto("/sessions/new")
    await expect(page.get_by_role("heading", name="What will it be?")).to_be_visible()
    await examine(page, "new session")
    await page.goto("/")
    await page.get_by_role("link", name="Lightning talks").first.click()
    await page.get_by_role("link", name="Edit", exact=True).click()
    for name in TABS:
        await tab(page, name)
        await expect(page.get_by_role("tabpanel", name=name)).to_be_visible()
        await expect(page.locator("[aria-busy=true]")).to_have_count(0)
        await examine(page, name)
    for name, opener in (("Timeslots", "Add timeslots"), ("Seats & conditions", "Add a kind of seat"),
                         ("Participants", "Give a role"), ("Participants", "Add an exception")):  # fmt: skip
        await tab(page, name)
        await button(page, opener).click()
        await examine(page, opener, themes=("light",))
        await page.keyboard.press("Escape")


async def test_who_may_not_edit_is_told_so(people: People) -> None:
    page = await people.open("organiser")
    await plan(page, "Training", "Not yours")
    stranger = await people.open("participant", **STILL)
    await stranger.goto("/")
    await stranger.get_by_role("link", name="Quiet hour").first.click()
    await expect(stranger.get_by_role("link", name="Edit", exact=True)).to_have_count(0)
    await stranger.goto(f"{stranger.url}/edit")
    await expect(stranger.get_by_role("heading", name="You cannot edit this session")).to_be_visible()
    await examine(stranger, "not to edit")
    await stranger.goto(page.url)
    await expect(stranger.get_by_role("heading", name="This session is not here")).to_be_visible()
    await stranger.goto("/admin/settings")
    await expect(stranger.get_by_role("heading", name="Site settings are for administrators")).to_be_visible()
    facilitator = await people.open("facilitator", **STILL)
    await facilitator.goto("/")
    await facilitator.get_by_role("link", name="Feedback that lands").first.click()
    await facilitator.get_by_role("link", name="Edit", exact=True).click()
    await tab(facilitator, "Timeslots")
    await expect(button(facilitator, "Add timeslots")).to_be_disabled()
    await tab(facilitator, "Details")
    await facilitator.get_by_label("Objectives").fill("By the facilitator")
    await saved(facilitator)


async def test_an_administrator_sets_the_site(people: People, server: DemoServer) -> None:
    page = await people.open("organiser", **STILL)
    await page.goto("/")
    await page.get_by_role("button", name="Account").click()
    await page.get_by_role("menuitem", name="Site settings").click()
    await page.get_by_label("Contact email").fill("nowhere")
    await button(page, "Save").click()
    await expect(page.get_by_label("Contact email")).to_have_attribute("aria-invalid", "true")
    await examine(page, "site settings")
    await page.get_by_label("Contact email").fill("help@example.test")
    await page.get_by_label("What premium is called here").fill("Patron")
    await page.get_by_role("checkbox", name="Hosting is for premium members").check()
    await button(page, "Save").click()
    await expect(page.get_by_text("Saved.")).to_be_visible()
    site = await as_caller(page, server).call("GET", "/site")
    assert (site["contactEmail"], site["premiumLabel"], site["premiumHost"]) == (
        "help@example.test", "Patron", True,
    )  # fmt: skip
    await plan(page, "Talks", "For patrons to host")
    await tab(page, "Seats & conditions")
    await expect(seat(page, "Host").get_by_text("Patron members only")).to_be_visible()
    await page.goto("/admin/settings")
    await page.get_by_role("checkbox", name="Hosting is for premium members").uncheck()
    await button(page, "Save").click()
    await expect(page.get_by_text("Saved.")).to_be_visible()
