"""What a session asks of those who register: questions, consents, prerequisites, a price (S42, S45-46). Pure.

The same model is the body of a request and what is stored with the session.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field, StringConstraints, model_validator

from server.fields import Body, Line, Prose, Title

Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9_-]{1,40}$")]
_LONGEST_ANSWER = 4_000


class QuestionKind(StrEnum):
    TEXT = "text"
    LONG_TEXT = "long_text"
    NUMBER = "number"
    YES_NO = "yes_no"
    CHOICE = "choice"
    CHOICES = "choices"


class Question(Body):
    """Asked of everybody, or with ``parts`` of those only who register for one of them."""

    id: Slug
    kind: QuestionKind = QuestionKind.TEXT
    label: Title
    required: bool = False
    options: Annotated[list[Title], Field(max_length=50)] = Field(default_factory=list)
    parts: Annotated[list[Slug], Field(max_length=10)] = Field(default_factory=list)

    @model_validator(mode="after")
    def _choices_have_options(self) -> Question:
        chosen = self.kind in (QuestionKind.CHOICE, QuestionKind.CHOICES)
        if chosen != bool(self.options) or len(set(self.options)) != len(self.options):
            raise ValueError("options: a choice has some, all different; other questions have none")
        return self


class Consent(Body):
    id: Slug
    text: Prose
    required: bool = True


class PrerequisiteKind(StrEnum):
    COMPLETED_SESSION = "completed_session"
    DECLARATION = "declaration"


class Mode(StrEnum):
    BLOCK = "block"
    WARN = "warn"


class Prerequisite(Body):
    """To have taken part in another session, or to declare something. ``warn`` only says so."""

    id: Slug
    kind: PrerequisiteKind
    text: Line
    session_id: Annotated[str, Field(max_length=32)] | None = None
    mode: Mode = Mode.BLOCK

    @model_validator(mode="after")
    def _names_a_session(self) -> Prerequisite:
        if (self.kind is PrerequisiteKind.COMPLETED_SESSION) != (self.session_id is not None):
            raise ValueError("sessionId: goes with a completed session, and with that only")
        return self


class Price(Body):
    """``amount`` in the smallest unit of the currency; a refund is promised until so many hours before."""

    provider: Annotated[str, StringConstraints(pattern=r"^[a-z_]{1,32}$")] = "free"
    amount: Annotated[int, Field(ge=0, le=100_000_000)] = 0
    currency: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")] = "EUR"
    refund_until_hours: Annotated[int, Field(ge=0, le=24 * 365)] | None = None


class Conditions(Body):
    questions: Annotated[list[Question], Field(max_length=30)] = Field(default_factory=list)
    consents: Annotated[list[Consent], Field(max_length=10)] = Field(default_factory=list)
    prerequisites: Annotated[list[Prerequisite], Field(max_length=10)] = Field(default_factory=list)
    price: Price | None = None

    @model_validator(mode="after")
    def _ids_differ(self) -> Conditions:
        for name in ("questions", "consents", "prerequisites"):
            ids = [entry.id for entry in getattr(self, name)]
            if len(set(ids)) != len(ids):
                raise ValueError(f"{name}: two have the same id")
        return self

    def stored(self) -> dict[str, Any]:
        return self.model_dump(mode="json", by_alias=True)


@dataclass(slots=True)
class Findings:
    """What is wrong, by field, and what is only to be said."""

    errors: list[tuple[str, str]] = field(default_factory=list)
    blocked: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def check(
    conditions: Conditions,
    part: str,
    *,
    responses: Mapping[str, Any],
    consents: Collection[str],
    declarations: Collection[str],
    completed: Collection[str],
) -> Findings:
    """``completed`` are the ids of the sessions that this person has taken part in."""
    found = Findings()
    asked = [question for question in conditions.questions if not question.parts or part in question.parts]
    for unknown in sorted(responses.keys() - {question.id for question in asked}):
        found.errors.append((f"responses.{unknown}", "There is no such question."))
    for question in asked:
        if problem := _wrong(question, responses.get(question.id)):
            found.errors.append((f"responses.{question.id}", problem))
    found.errors += [
        (f"consents.{consent.id}", "This needs your consent.")
        for consent in conditions.consents
        if consent.required and consent.id not in consents
    ]
    for unknown in sorted(set(consents) - {consent.id for consent in conditions.consents}):
        found.errors.append((f"consents.{unknown}", "There is no such consent."))
    for needed in conditions.prerequisites:
        done = needed.session_id in completed if needed.session_id else needed.id in declarations
        if not done:
            (found.blocked if needed.mode is Mode.BLOCK else found.warnings).append(needed.text)
    return found


def _wrong(question: Question, answer: Any) -> str | None:
    if answer is None or answer in ("", []):
        return "This question needs an answer." if question.required else None
    return None if _fits(question, answer) else "This is not an answer to the question."


def _fits(question: Question, answer: Any) -> bool:
    kind = question.kind
    if kind is QuestionKind.YES_NO:
        return isinstance(answer, bool)
    if kind is QuestionKind.NUMBER:
        return isinstance(answer, int | float) and not isinstance(answer, bool) and abs(answer) < 1e15
    if kind is QuestionKind.CHOICES:
        return isinstance(answer, list) and all(
            isinstance(entry, str) and entry in question.options for entry in answer
        )
    if not isinstance(answer, str) or len(answer) > _LONGEST_ANSWER or "\x00" in answer:
        return False
    return kind is not QuestionKind.CHOICE or answer in question.options
