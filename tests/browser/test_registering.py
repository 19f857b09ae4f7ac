"""The participants' pages: finding a session, asking, waiting, an offer, an invitation, second thoughts."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from playwright.async_api import Page, expect

from tests.browser.test_pages import STILL, examine
from tests.support.browser import People, needs_chromium
from tests.support.organiser import Organiser, moment

pytestmark = [pytest.mark.browser, needs_chromium, pytest.mark.asyncio(loop_scope="module")]


async def register(page: Page, button: str = "Register") -> None:
    await page.get_by_role("button", name=button, exact=True).click()


async def test_asking_to_join_a_hybrid_workshop_at_one_of_two_times(people: People) -> None:
    """ikigize's journey: two timeslots, hybrid seats, questions, approval, the talk over it by REST."""
    organiser = await Organiser.come(people)
    session = await organiser.plan(
        "Find your ikigai",
        joinCondition="ask",
        maxParticipants=8,
        conditions={
            "questions": [
                {"id": "why", "kind": "long_text", "label": "Why do you come?", "required": True},
                {"id": "diet", "kind": "choices", "label": "Lunch", "options": ["Vegan", "No nuts"]},
            ],
            "consents": [{"id": "terms", "text": "I keep what others tell to myself."}],
            "price": {"provider": "on_site", "amount": 1250, "currency": "EUR", "refundUntilHours": 24},
        },
    )
    first = session["timeslot"]["id"]
    session = await organiser.edit(
        session, "POST", f"/sessions/{session['id']}/timeslots", {"startsAt": moment(timedelta(days=5))}
    )
    second = next(slot["id"] for slot in session["timeslots"] if slot["id"] != first)
    place = {"location": {"kind": "hybrid", "address": "Linienstraße 5, Berlin"}}
    await organiser.edit(session, "PATCH", f"/timeslots/{second}", place)
    seat = {"part": "in_person", "name": "In the room", "role": "participant", "max": 2}
    session = await organiser.edit(session, "POST", f"/timeslots/{second}/seats", seat)

    page = await people.open("participant", timezone_id="Europe/Berlin", **STILL)
    await page.goto("/?q=ikigai")
    await page.get_by_role("link", name="Find your ikigai").click()
    await expect(page.get_by_text("Ask to join: the organiser answers each request")).to_be_visible()
    await expect(page.get_by_text("in Kolkata").first).to_be_visible()
    await expect(page.get_by_text("€12.50")).to_be_visible()
    times = page.get_by_role("group", name="Choose a time")
    await times.get_by_role("radio").nth(1).check()
    assert f"slot={second}" in page.url
    await expect(page.get_by_text("Linienstraße 5, Berlin")).to_be_visible()
    await page.get_by_label("Take part as").select_option(label="In the room (on request)")
    await register(page, "Ask to join")
    why = page.get_by_label("Why do you come?")
    await expect(why).to_be_focused()
    await expect(page.get_by_text("This question needs an answer.")).to_be_visible()
    await expect(page.get_by_text("This needs your consent.")).to_be_visible()
    await examine(page, "a form with errors beside its fields")
    await why.fill("To find out what I am good at")
    await page.get_by_label("No nuts").check()
    await page.get_by_label("I keep what others tell to myself.").check()
    await page.get_by_text("Say what interests you").click()
    await page.get_by_label("Topics that interest you").fill("Work")
    await register(page, "Ask to join")
    await expect(page.get_by_text("Your request waits for an answer.")).to_be_visible()
    await examine(page, "a request")

    [request] = [one for one in await organiser.roster(second) if one["status"] == "pending"]
    assert (request["part"], request["answers"]) == ("in_person", {"topics": "Work"})
    assert request["responses"] == {"why": "To find out what I am good at", "diet": ["No nuts"]}
    decision = {"approve": True, "message": "We look forward to you"}
    await organiser.call("POST", f"/registrations/{request['id']}/decision", decision)
    await page.reload()
    await expect(page.get_by_text("You have a seat.")).to_be_visible()
    await expect(page.get_by_text("We look forward to you")).to_be_visible()
    await examine(page, "a seat, with the organiser's words")
    async with page.expect_download() as download:
        await page.get_by_role("link", name="Add to your calendar").click()
    assert (await download.value).suggested_filename.endswith(".ics")
    await page.get_by_role("button", name="Change what you told").click()
    await page.get_by_label("Topics that interest you").fill("Work and rest")
    await register(page, "Save")
    await expect(page.get_by_role("dialog")).to_be_hidden()
    [request] = [one for one in await organiser.roster(second) if one["id"] == request["id"]]
    assert request["answers"] == {"topics": "Work and rest"}
    await page.get_by_role("link", name="My sessions").click()
    upcoming = page.get_by_role("region", name="Upcoming")
    await expect(upcoming.get_by_role("link", name="Find your ikigai")).to_be_visible()
    await examine(page, "my sessions")


async def test_waiting_for_a_seat_being_offered_it_and_accepting(people: People) -> None:
    organiser = await Organiser.come(people)
    session = await organiser.plan("One chair", maxParticipants=1)
    path = f"/sessions/{session['id']}"
    observer = next(seat for seat in session["seats"] if seat["part"] == "observer")
    await organiser.edit(session, "DELETE", f"/seats/{observer['kind']}")
    holder, waiting, last = [
        await people.open(name, **STILL) for name in ("participant", "participant2", "participant3")
    ]
    for page in (holder, waiting, last):
        await page.goto(path)
    await register(holder)
    await expect(holder.get_by_text("You have a seat.")).to_be_visible()
    # somebody else was quicker: the page says so, and offers what is left
    await register(waiting)
    await expect(waiting.get_by_text("All seats are taken.").first).to_be_visible()
    await register(waiting, "Join the waitlist")
    await expect(waiting.get_by_text("You are 1st on the waitlist.")).to_be_visible()
    await last.reload()
    await register(last, "Join the waitlist")
    await expect(last.get_by_text("You are 2nd on the waitlist.")).to_be_visible()
    await examine(last, "a place in the queue")
    await holder.get_by_role("button", name="Cancel registration").click()
    await holder.get_by_role("alertdialog").get_by_role("button", name="Cancel registration").click()
    await expect(holder.get_by_role("button", name="Join the waitlist")).to_be_visible()
    await waiting.reload()
    await expect(waiting.get_by_text("A seat is free for you.")).to_be_visible()
    await examine(waiting, "an offer")
    await waiting.goto("/my-sessions")
    offered = waiting.get_by_role("region", name="A seat is offered to you")
    await offered.get_by_role("link", name="One chair").click()
    await waiting.get_by_role("button", name="Accept the seat").click()
    await expect(waiting.get_by_text("You have a seat.")).to_be_visible()
    await last.reload()
    await expect(last.get_by_text("You are 1st on the waitlist.")).to_be_visible()
    await last.get_by_role("button", name="Leave the waitlist").click()
    await last.get_by_role("alertdialog").get_by_role("button", name="Leave the waitlist").click()
    await expect(last.get_by_role("button", name="Join the waitlist")).to_be_visible()


async def test_an_offer_that_has_gone_says_so(people: People) -> None:
    organiser = await Organiser.come(people)
    session = await organiser.plan("Late answer", maxParticipants=1)
    guest = next(seat["kind"] for seat in session["seats"] if seat["part"] == "guest")
    page, other = await people.open("participant", **STILL), await people.open("participant2", **STILL)
    for one in (other, page):
        await one.goto(f"/sessions/{session['id']}")
        await one.get_by_label("Take part as").select_option(value=guest)
        await one.get_by_role("button", name=re.compile("Register|Join the waitlist")).click()
        await expect(one.get_by_text(re.compile("You have a seat|on the waitlist"))).to_be_visible()
    slot = session["timeslot"]["id"]
    [seated] = [one for one in await organiser.roster(slot) if one["status"] == "registered"]
    await organiser.call("DELETE", f"/registrations/{seated['id']}")
    await page.reload()
    await expect(page.get_by_role("button", name="Accept the seat")).to_be_visible()
    [offered] = [one for one in await organiser.roster(slot) if one["status"] == "offered"]
    await organiser.call("DELETE", f"/registrations/{offered['id']}")
    await page.get_by_role("button", name="Accept the seat").click()
    await expect(page.get_by_text("There is no seat on offer to you, or not any more.")).to_be_visible()


async def test_an_invitation_is_opened_accepted_and_used_up(people: People) -> None:
    organiser = await Organiser.come(people)
    session = await organiser.plan("Among ourselves", visibility="private", joinCondition="invite")
    made = await organiser.call("POST", f"/sessions/{session['id']}/invitations", {"maxUses": 1})
    address = f"/invitation#{made['token']}"
    page = await people.open(**STILL)
    await page.goto(f"/sessions/{session['id']}")
    await expect(page.get_by_role("heading", name="This session is not here")).to_be_visible()
    await page.goto(address)
    await expect(page.get_by_role("heading", name="Among ourselves")).to_be_visible()
    await examine(page, "an invitation for a stranger")
    await page.get_by_role("link", name="Create an account").click()
    await page.get_by_label("Name").fill("Ines")
    await page.get_by_label("Email").fill("ines@example.test")
    await page.get_by_label("Password", exact=True).fill("a few words in a row")
    await page.get_by_role("button", name="Create account").click()
    await expect(page.get_by_role("heading", name="Among ourselves")).to_be_visible()
    await examine(page, "an invitation")
    await register(page)
    await expect(page.get_by_text("You have a seat.")).to_be_visible()
    assert f"/sessions/{session['id']}" in page.url
    other = await people.open("participant", **STILL)
    await other.goto(address)
    await expect(other.get_by_text("This invitation has been used up.")).to_be_visible()
    await examine(other, "an invitation that is used up")
    await other.goto("/invitation#nothing")
    await other.reload()
    await expect(other.get_by_text("This invitation does not exist, or not any more.")).to_be_visible()


async def test_an_invitation_to_a_role_is_accepted(people: People) -> None:
    organiser = await Organiser.come(people)
    session = await organiser.plan("With help")
    role = {"role": "co_facilitator", "email": "participant3@demo.test"}
    made = await organiser.call("POST", f"/sessions/{session['id']}/invitations", role)
    wrong = await people.open("participant2", **STILL)
    await wrong.goto(f"/invitation#{made['token']}")
    await wrong.get_by_role("button", name="Accept the invitation").click()
    await expect(wrong.get_by_text("This invitation was sent to somebody else.")).to_be_visible()
    page = await people.open("participant3", **STILL)
    await page.goto(f"/invitation#{made['token']}")
    await page.get_by_role("button", name="Accept the invitation").click()
    await expect(page.get_by_role("heading", name="With help")).to_be_visible()
    await expect(page.get_by_text("Co-facilitator").first).to_be_visible()


async def test_registration_that_is_closed_or_too_late_to_cancel_says_so(people: People) -> None:
    organiser = await Organiser.come(people)
    session = await organiser.plan("Doors shut", starts=timedelta(hours=5))
    page = await people.open("participant", **STILL)
    await page.goto(f"/sessions/{session['id']}")
    await register(page)
    await expect(page.get_by_text("You have a seat.")).to_be_visible()
    slot = f"/timeslots/{session['timeslot']['id']}"
    past = {"cancelBy": moment(timedelta(hours=-1)), "registrationOpen": False}
    await organiser.edit(session, "PATCH", slot, past)
    await page.reload()
    await expect(page.get_by_text("It is too late to cancel here.")).to_be_visible()
    await expect(page.get_by_role("button", name="Cancel registration")).to_be_hidden()
    other = await people.open("participant2", **STILL)
    await other.goto(f"/sessions/{session['id']}")
    await expect(other.get_by_text("Registration is closed.")).to_be_visible()
    await examine(other, "registration closed")


async def test_the_catalogue_is_filtered_by_keyboard_and_keeps_it_in_the_address(people: People) -> None:
    organiser = await Organiser.come(people)
    for number in range(30):
        await organiser.plan(f"Chess {number}", type="coaching", maxParticipants=1 + number)
    page = await people.open("participant", timezone_id="Europe/Berlin", **STILL)
    await page.goto("/")
    await page.get_by_role("searchbox", name="Search sessions").focus()
    await page.keyboard.type("chess")
    await expect(page.get_by_role("link", name=re.compile("Chess"))).to_have_count(24)
    await page.keyboard.press("Tab")
    await expect(page.get_by_role("button", name="Filters")).to_be_focused()
    await page.keyboard.press("Enter")
    await page.keyboard.press("Tab")
    while not await page.get_by_label("Type").evaluate("(it) => it === document.activeElement"):
        await page.keyboard.press("Tab")
    await page.keyboard.type("Coaching")
    await expect(page).to_have_url(re.compile("q=chess&type=coaching"))
    await examine(page, "filters")
    await page.get_by_role("button", name="Show more").focus()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("link", name=re.compile("Chess"))).to_have_count(30)
    await page.get_by_role("link", name="Agenda").focus()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("link", name=re.compile("Chess"))).to_have_count(30)
    await examine(page, "agenda")
    await page.get_by_role("link", name="Month", exact=True).focus()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("link", name="Chess 7", exact=False).first).to_be_visible()
    await examine(page, "month")
    await page.get_by_role("button", name="Next month").focus()
    await page.keyboard.press("Enter")
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("Nothing is planned in this month.")).to_be_visible()
    await expect(page).to_have_url(re.compile("view=month"))
    await page.go_back()
    await page.go_back()
    await expect(page.get_by_role("link", name="Chess 7", exact=False).first).to_be_visible()
    await page.reload()
    await expect(page.get_by_role("link", name="Chess 7", exact=False).first).to_be_visible()
    await page.goto("/?type=buddy_meeting&free=true&format=physical")
    await expect(page.get_by_role("heading", name="Nothing found")).to_be_visible()
    await page.get_by_role("main").get_by_role("button", name="Clear filters").last.click()
    await expect(page).to_have_url(re.compile("/$"))


async def test_the_calendars_own_address_is_made_and_renewed(people: People) -> None:
    page = await people.open("participant3", **STILL)
    await page.goto("/account")
    await page.get_by_role("button", name="Create an address").click()
    address = page.get_by_text(re.compile(r"/calendar/\S+\.ics$"))
    first = await address.inner_text()
    await examine(page, "a calendar address")
    await page.get_by_role("button", name="Make a new address").click()
    await page.get_by_role("button", name="Make a new one").click()
    await expect(address).not_to_have_text(first)
    second = await address.inner_text()
    assert (await page.request.get(second)).status == 200
    assert (await page.request.get(first)).status == 404
