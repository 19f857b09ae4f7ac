"""What people do in a room beside talking: two tabs, what a role lacks, staff at work, devices, leaving."""

from __future__ import annotations

import pytest
from playwright.async_api import Locator, Page, expect

from tests.support.browser import People, enter, expect_moving, needs_chromium, stats, tile

pytestmark = [pytest.mark.browser, needs_chromium, pytest.mark.asyncio(loop_scope="module")]

FACILITATOR = "Daniel Weiss"
PARTICIPANT = "Sofía Álvarez"
OBSERVER = "Noor Haddad"

SENT = """(kind) => window.__connections.flatMap((each) => each.getSenders())
  .filter((sender) => sender.track?.kind === kind && sender.track.readyState === "live")
  .map((sender) => sender.track.label)"""
CAPTURED = "(kind) => window.__tracks.filter((each) => each.kind === kind).map((each) => each.readyState)"


async def height_of(what: Locator) -> float:
    box = await what.bounding_box()
    assert box is not None
    return box["height"]


async def expect_released(page: Page) -> None:
    """No light is on and nothing is connected: devices, peer connections, sockets."""
    closed = "() => window.__sockets.every((each) => each.readyState >= 2)"
    await page.wait_for_function(closed, timeout=5000)  # the server closes it after its acknowledgement
    left = await page.evaluate("""() => ({
        devices: window.__tracks.filter((each) => each.readyState !== "ended").length,
        connections: window.__connections.filter((each) => each.connectionState !== "closed").length,
        sockets: window.__sockets.filter((each) => each.readyState < 2).length,
    })""")
    assert left == {"devices": 0, "connections": 0, "sockets": 0}


async def test_the_same_person_in_two_tabs_is_in_the_room_once(people: People) -> None:
    facilitator = await people.join("facilitator")
    first = await people.join("participant")
    second = await first.context.new_page()
    await second.goto("/live/welcome")
    await enter(second)
    await expect(first.get_by_role("heading", name="You joined from somewhere else")).to_be_visible()
    await expect_released(first)
    await expect_moving(tile(second, FACILITATOR))
    await expect(tile(facilitator, PARTICIPANT)).to_have_count(1)
    await first.get_by_role("button", name="Join here instead").click()
    await expect(second.get_by_role("heading", name="You joined from somewhere else")).to_be_visible()
    await expect_moving(tile(first, FACILITATOR))


async def test_a_control_that_the_role_lacks_says_why_and_who_can_help(people: People) -> None:
    await people.join("facilitator")
    participant = await people.join("participant")
    share = participant.get_by_role("button", name="Share screen")
    await expect(share).to_have_attribute("aria-disabled", "true")
    reason = "You may ask to share your screen. A facilitator can let you."
    await expect(share).to_have_accessible_description(reason)
    bubble = participant.get_by_role("tooltip").filter(has_text=reason)
    await participant.get_by_role("button", name="Cameras").focus()
    await participant.keyboard.press("Tab")
    await expect(share).to_be_focused()
    await expect(bubble).to_be_visible()
    await participant.keyboard.press("Escape")
    await expect(bubble).to_be_hidden()
    await participant.keyboard.press("Enter")
    await expect(bubble).to_be_visible()
    await expect(participant.get_by_text("You are sharing your screen")).to_have_count(0)


async def test_an_observer_is_seen_and_counted_and_takes_no_picture_away(people: People) -> None:
    facilitator = await people.join("facilitator")
    observer = await people.join("observer")
    for page in (facilitator, observer):
        await expect(tile(page, OBSERVER)).to_be_visible()
        await expect(page.get_by_text("1 observer", exact=True)).to_be_visible()
        face, watcher = [await height_of(tile(page, name)) for name in (FACILITATOR, OBSERVER)]
        assert watcher <= 44 < face
    await facilitator.get_by_role("button", name="People").click()
    await expect(facilitator.get_by_role("heading", name="People 2")).to_be_visible()


async def test_muting_somebody_is_seen_by_them_and_by_all(people: People) -> None:
    facilitator = await people.join("facilitator")
    participant = await people.join("participant")
    await expect(participant.get_by_role("button", name="Mute microphone")).to_be_visible()
    await facilitator.get_by_role("button", name="People").click()
    panel = facilitator.get_by_role("region", name="People")
    await panel.get_by_role("button", name=f"Actions for {PARTICIPANT}").click()
    await facilitator.get_by_role("menuitem", name="Mute", exact=True).click()
    await expect(participant.get_by_role("button", name="Unmute microphone")).to_be_visible()
    await expect(participant.get_by_role("status").filter(has_text="muted you")).to_be_visible()
    await expect(tile(participant, PARTICIPANT)).to_contain_text("Muted")
    await expect(tile(facilitator, PARTICIPANT)).to_contain_text("Muted by the host")
    # only they can take it back
    await participant.get_by_role("button", name="Unmute microphone").click()
    await expect(participant.get_by_role("button", name="Mute microphone")).to_be_visible()
    await expect(tile(facilitator, PARTICIPANT)).not_to_contain_text("Muted")


async def test_devices_change_while_the_others_go_on_seeing(people: People) -> None:
    facilitator = await people.join("facilitator")
    participant = await people.join("participant")
    await expect_moving(tile(facilitator, PARTICIPANT))
    sent = len(await stats(participant, "outbound-rtp"))
    for menu, device, kind in (
        ("Cameras", "fake_device_2", "video"),
        ("Microphone and speaker", "Fake Audio Input 2", "audio"),
    ):
        assert device not in await participant.evaluate(SENT, kind)
        await participant.get_by_role("button", name=menu).click()
        await participant.get_by_role("menuitemradio", name=device).click()
        await participant.wait_for_function(
            f"([kind, device]) => ({SENT})(kind).includes(device)", arg=[kind, device]
        )
        # the device that was given up is closed
        assert sorted(await participant.evaluate(CAPTURED, kind)) == ["ended", "live"]
    await expect_moving(tile(facilitator, PARTICIPANT))
    assert len(await stats(participant, "outbound-rtp")) == sent  # the same streams go on


async def test_a_stopped_camera_is_closed_and_leaving_releases_everything(people: People) -> None:
    facilitator = await people.join("facilitator")
    participant = await people.join("participant")
    await expect_moving(tile(facilitator, PARTICIPANT))
    await participant.get_by_role("button", name="Stop camera").click()
    await expect(participant.get_by_role("button", name="Start camera")).to_be_visible()
    assert await participant.evaluate(CAPTURED, "video") == ["ended"]
    await expect(tile(facilitator, PARTICIPANT).locator("video")).to_be_hidden()
    await participant.get_by_role("button", name="Start camera").click()
    await expect_moving(tile(facilitator, PARTICIPANT))
    await participant.get_by_role("button", name="Leave", exact=True).click()
    await expect(participant.get_by_role("heading", name="You left")).to_be_visible()
    await expect_released(participant)
    await expect(tile(facilitator, PARTICIPANT)).to_have_count(0)

    await participant.get_by_role("button", name="Rejoin").click()
    await expect_moving(tile(facilitator, PARTICIPANT))
    await expect_moving(tile(participant, FACILITATOR))
    # away through the browser's own button
    await participant.evaluate(
        "history.pushState(null, '', '/'); dispatchEvent(new PopStateEvent('popstate'))"
    )
    await expect(participant.get_by_role("heading", name="Sessions")).to_be_visible()
    await expect_released(participant)
    await expect(tile(facilitator, PARTICIPANT)).to_have_count(0)


async def test_a_raised_hand_and_a_reaction_are_seen(people: People) -> None:
    facilitator = await people.join("facilitator")
    participant = await people.join("participant")
    await participant.get_by_role("button", name="Raise hand").click()
    await expect(tile(facilitator, PARTICIPANT)).to_contain_text("Hand raised")
    await facilitator.get_by_role("button", name="React").click()
    await facilitator.get_by_role("button", name="Applause").click()
    await expect(participant.locator(".float").filter(has_text=FACILITATOR)).to_be_visible()
    await facilitator.get_by_role("button", name="People").click()
    await facilitator.get_by_role("button", name=f"Lower for {PARTICIPANT}").click()
    await expect(participant.get_by_role("button", name="Raise hand")).to_be_visible()


async def test_one_always_reads_whether_one_is_muted(people: People) -> None:
    """The state stands in words, on the control and on the own tile, not in a colour alone."""
    participant = await people.join("participant")
    own = tile(participant, PARTICIPANT)
    await expect(own.get_by_text("Muted", exact=True)).to_have_count(0)
    await participant.get_by_role("button", name="Mute microphone").click()
    await expect(own.get_by_text("Muted", exact=True)).to_be_visible()
    await participant.get_by_role("button", name="Unmute microphone").click()
    await expect(own.get_by_text("Muted", exact=True)).to_have_count(0)
