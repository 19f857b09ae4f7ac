"""Tickets: signed, short-lived, unreadable when touched."""

from __future__ import annotations

import base64
import json

import pytest

from signalling.tickets import LIFETIME, TicketExpired, TicketInvalid, Tickets

SECRET = bytes(range(32))
NOW = 1_000_000.0


def test_a_ticket_names_timeslot_and_identity_and_lives_two_minutes() -> None:
    tickets = Tickets(SECRET)
    token, expires_at = tickets.issue("slot", "account", now=NOW)
    ticket = tickets.read(token, now=NOW + LIFETIME - 1)
    assert (ticket.timeslot_id, ticket.identity) == ("slot", "account")
    assert ticket.expires_at == expires_at == NOW + 120


def test_each_ticket_has_an_id_of_its_own() -> None:
    tickets = Tickets(SECRET)
    read = [tickets.read(tickets.issue("slot", "account", now=NOW)[0], now=NOW) for _ in range(3)]
    assert len({ticket.jti for ticket in read}) == 3


def test_an_old_ticket_has_expired() -> None:
    tickets = Tickets(SECRET)
    token, expires_at = tickets.issue("slot", "account", now=NOW)
    with pytest.raises(TicketExpired):
        tickets.read(token, now=expires_at)


def test_a_ticket_signed_with_another_secret_is_invalid() -> None:
    token, _ = Tickets(b"x" * 32).issue("slot", "account", now=NOW)
    with pytest.raises(TicketInvalid):
        Tickets(SECRET).read(token, now=NOW)


def test_a_ticket_whose_content_was_changed_is_invalid() -> None:
    tickets = Tickets(SECRET)
    token, expires_at = tickets.issue("slot", "account", now=NOW)
    claims = ["other-slot", "account", "jti", expires_at]
    body = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    with pytest.raises(TicketInvalid):
        tickets.read(f"{body}.{token.partition('.')[2]}", now=NOW)


@pytest.mark.parametrize(
    "token", ["", ".", "a", "a.b", "a.b.c", "ä.ö", "a.====", "\0.\0", "a. b", "a" * 2000]
)
def test_noise_is_no_ticket(token: str) -> None:
    with pytest.raises(TicketInvalid):
        Tickets(SECRET).read(token, now=NOW)


def test_only_one_spelling_of_a_signature_is_valid() -> None:
    tickets = Tickets(SECRET)
    token, _ = tickets.issue("slot", "account", now=NOW)
    for other in (token + "=", token + "\n", token + "!"):
        with pytest.raises(TicketInvalid):
            tickets.read(other, now=NOW)


def test_a_short_secret_is_refused() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        Tickets(b"short")
