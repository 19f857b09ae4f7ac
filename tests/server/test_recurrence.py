"""Times that repeat, over the days on which clocks change (S9)."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from server.sessions.recurrence import BadRule, NoSuchTime, instant, occurrences, wall_clock

PARIS, NEW_YORK, LORD_HOWE = "Europe/Paris", "America/New_York", "Australia/Lord_Howe"


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def local(text: str) -> datetime:
    return datetime.fromisoformat(text)


@pytest.mark.parametrize(
    ("shown", "zone", "moment"),
    [
        ("2030-01-15T10:00", PARIS, "2030-01-15T09:00Z"),
        ("2030-07-15T10:00", PARIS, "2030-07-15T08:00Z"),
        ("2030-10-27T02:30", PARIS, "2030-10-27T00:30Z"),  # comes twice: the first
        ("2030-11-03T01:30", NEW_YORK, "2030-11-03T05:30Z"),
        ("2030-01-01T10:00", "UTC", "2030-01-01T10:00Z"),
        ("2030-04-07T01:45", LORD_HOWE, "2030-04-06T14:45Z"),  # half an hour comes twice
    ],
)
def test_what_the_clocks_show_is_a_moment(shown: str, zone: str, moment: str) -> None:
    assert instant(local(shown), zone) == at(moment)
    assert wall_clock(at(moment), zone) == local(shown)


def test_of_a_time_that_comes_twice_the_second_can_be_meant() -> None:
    assert instant(local("2030-10-27T02:30").replace(fold=1), PARIS) == at("2030-10-27T01:30Z")


@pytest.mark.parametrize(
    ("shown", "zone"),
    [("2030-03-31T02:30", PARIS), ("2030-03-10T02:00", NEW_YORK), ("2030-10-06T02:15", LORD_HOWE)],
)
def test_a_time_that_the_clocks_skip_is_none(shown: str, zone: str) -> None:
    with pytest.raises(NoSuchTime, match="does not exist"):
        instant(local(shown), zone)


def test_ten_o_clock_stays_ten_o_clock_when_clocks_change() -> None:
    found = occurrences("FREQ=WEEKLY;COUNT=4", at("2030-03-17T10:00+01:00"), PARIS)
    assert found == [
        at("2030-03-17T09:00Z"),
        at("2030-03-24T09:00Z"),
        at("2030-03-31T08:00Z"),
        at("2030-04-07T08:00Z"),
    ]


def test_a_repeated_time_that_is_skipped_moves_on_and_one_that_comes_twice_is_the_first() -> None:
    spring = occurrences("FREQ=DAILY;COUNT=3", instant(local("2030-03-30T02:30"), PARIS), PARIS)
    assert [wall_clock(one, PARIS) for one in spring] == [
        local("2030-03-30T02:30"),
        local("2030-03-31T03:30"),
        local("2030-04-01T02:30"),
    ]
    autumn = occurrences("FREQ=DAILY;COUNT=2", instant(local("2030-10-26T02:30"), PARIS), PARIS)
    assert autumn[1] == at("2030-10-27T00:30Z")


@pytest.mark.parametrize(
    ("rule", "days"),
    [
        ("RRULE:FREQ=WEEKLY;BYDAY=TU,TH;COUNT=3", ["01-01", "01-03", "01-08"]),
        ("FREQ=MONTHLY;BYDAY=-1FR;COUNT=2", ["01-25", "02-22"]),
        ("freq=daily;interval=2;until=20300105", ["01-01", "01-03", "01-05"]),
        ("FREQ=DAILY;UNTIL=20300102T085959Z", ["01-01"]),
        ("FREQ=DAILY;UNTIL=20300102T090000Z", ["01-01", "01-02"]),
        ("FREQ=MONTHLY;BYMONTHDAY=31;COUNT=2", ["01-31", "03-31"]),
    ],
)
def test_rules_are_read(rule: str, days: list[str]) -> None:
    found = occurrences(rule, at("2030-01-01T09:00Z"), "UTC")
    assert [f"{one:%m-%d}" for one in found] == days


@pytest.mark.parametrize(
    ("rule", "complaint"),
    [
        ("FREQ=WEEKLY", "when it ends"),
        ("FREQ=WEEKLY;COUNT=3;UNTIL=20310101", "not with both"),
        ("FREQ=SECONDLY;COUNT=3", "FREQ must be"),
        ("FREQ=DAILY;COUNT=101", "at most 100"),
        ("FREQ=DAILY;UNTIL=20991231", "at most 100"),
        ("FREQ=DAILY;COUNT=0", "start at 1"),
        ("FREQ=DAILY;INTERVAL=0;COUNT=3", "start at 1"),
        ("FREQ=YEARLY;COUNT=20", "five years"),
        ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30;COUNT=1", "matches no day"),
        ("FREQ=DAILY;UNTIL=20290101", "matches no day"),
        ("FREQ=DAILY;UNTIL=20301399", "UNTIL is not"),
        ("FREQ=DAILY;BYHOUR=1,2,3;COUNT=3", "not a recurrence rule"),
        ("FREQ=DAILY;COUNT=3;COUNT=4", "not a recurrence rule"),
        ("FREQ=WEEKLY;BYDAY=XX;COUNT=2", "not a recurrence rule"),
        ("FREQ=DAILY;COUNT=99999", "no number"),
        ("", "empty"),
        ("EVERY DAY", "not a recurrence rule"),
        ("FREQ=DAILY;COUNT=2\nDTSTART:19700101T000000", "not a recurrence rule"),
    ],
)
def test_a_rule_without_end_or_sense_is_refused(rule: str, complaint: str) -> None:
    with pytest.raises(BadRule, match=complaint):
        occurrences(rule, at("2030-01-01T09:00Z"), "UTC")
