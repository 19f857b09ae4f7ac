"""What an e-mail address and a password must be like, and how many tries there are. Pure."""

from __future__ import annotations

import hashlib
import re
import secrets
import unicodedata

from server.limits import Rate
from server.problems import Refusal

EMAIL_TAKEN = Refusal(409, "account.email_taken", "There is already an account with this email address.")
WRONG_PASSWORD = Refusal(401, "auth.wrong_password", "Email or password is wrong.")
NO_SUCH_TOKEN = Refusal(404, "token.not_found", "There is no such token.")
TOO_MANY_TOKENS = Refusal(409, "token.too_many", "Delete a token that you no longer use first.")

EMAIL_LENGTH = 254  # RFC 5321, 4.5.3.1.3, less the angle brackets
MAX_TOKENS = 50
TOKEN_PREFIX = "cvn_"  # noqa: S105  # lets people and secret scanners recognise a leaked token

_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s.]+(\.[^@\s.]+)+")


def check_email(value: str) -> str:
    """Plausible, not provably deliverable; a letter to it is what proves that.

    Its `email_key` has to be plausible too: compatibility forms of letters can hide an "@" or a space, or
    grow to eighteen times their length.
    """
    for form in (value, email_key(value)):
        if not _EMAIL.fullmatch(form) or any(unicodedata.category(c).startswith("C") for c in form):
            raise ValueError("not an email address")
    if len(email_key(value)) > EMAIL_LENGTH:
        raise ValueError(f"an email address has at most {EMAIL_LENGTH} characters")
    return value


def email_key(email: str) -> str:
    """The form in which addresses are compared: nobody has two accounts that differ in case only."""
    return unicodedata.normalize("NFKC", email).casefold()


def new_secret() -> str:
    return secrets.token_urlsafe(32)


def secret_hash(secret: str) -> str:
    """What is stored of a random secret: plain SHA-256 does, since 256 random bits cannot be guessed.

    Takes whatever a header may hold, also bytes that are no UTF-8.
    """
    return hashlib.sha256(secret.encode(errors="surrogateescape")).hexdigest()


def sign_in_limits(email: str, address: str, failures: int) -> list[tuple[tuple[str, ...], Rate]]:
    """Wrong passwords are counted per account and address, so that a stranger's guesses do not lock its owner
    out, and ten times as generously per account and per address alone.
    """
    rate, wide = Rate(failures, 300), Rate(failures * 10, 300)
    key = email_key(email)
    return [
        (("sign-in", key, address), rate),
        (("sign-in", key), wide),
        (("sign-in", "from", address), wide),
    ]
