"""Who takes the money (S42), behind one interface. One provider takes nothing, one at the door."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Protocol

from server.sessions.conditions import Price


class PaymentProvider(Protocol):
    """``name`` is what a session's price says. One that takes money elsewhere implements the same two."""

    name: str

    def begin(self, price: Price, starts_at: datetime) -> dict[str, Any]:
        """What is kept with a registration that takes a seat: plain JSON with a ``state``."""

    def give_back(self, payment: dict[str, Any], now: datetime) -> dict[str, Any]:
        """What is kept once the seat was given up."""


class Free:
    name = "free"

    def begin(self, price: Price, starts_at: datetime) -> dict[str, Any]:
        return {"provider": self.name, "state": "none"}

    def give_back(self, payment: dict[str, Any], now: datetime) -> dict[str, Any]:
        return payment


class OnSite:
    """Paid at the door: a registration owes it, and giving the seat up in time takes the debt away."""

    name = "on_site"

    def begin(self, price: Price, starts_at: datetime) -> dict[str, Any]:
        until = refund_until(price, starts_at)
        return {
            "provider": self.name,
            "state": "due",
            "amount": price.amount,
            "currency": price.currency,
            "refundUntil": until.isoformat() if until else None,
        }

    def give_back(self, payment: dict[str, Any], now: datetime) -> dict[str, Any]:
        until = payment.get("refundUntil")
        late = until is not None and now > datetime.fromisoformat(until)
        return {**payment, "state": "due_after_cancelling" if late else "none"}


PROVIDERS: dict[str, PaymentProvider] = {provider.name: provider for provider in (Free(), OnSite())}


def refund_until(price: Price, starts_at: datetime) -> datetime | None:
    """Until when a cancelled seat costs nothing; None: always."""
    if price.refund_until_hours is None:
        return None
    return starts_at - timedelta(hours=price.refund_until_hours)
