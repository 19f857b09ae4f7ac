"""The reducer knows every event and changes nothing in place; room tests verify what it makes of them."""

from __future__ import annotations

from typing import get_args

from signalling import messages as m
from signalling import state
from signalling.messages import Participant, RoomInfo, Snapshot
from signalling.permissions import Role
from signalling.phases import Phase


def test_every_event_has_its_change() -> None:
    events = get_args(get_args(m.RoomEvent)[0])
    assert set(state._CHANGES) == set(events)


def test_a_state_is_never_changed_in_place() -> None:
    ann = Participant(
        id="ann", name="Ann", role=Role.PARTICIPANT, roles=[Role.PARTICIPANT], state="present", joined_at=1.0
    )
    info = RoomInfo(
        timeslot_id="t",
        session_id="s",
        slug="s",
        title="T",
        session_type="training",
        phase=Phase.LIVE,
        starts_at=0.0,
        ends_at=60.0,
    )
    before = Snapshot(seq=4, room=info, participants=[ann], producers=[], chat=[])
    copy = before.model_copy(deep=True)
    raised = state.apply(before, m.HandRaised(seq=5, at=9.0, participant_id="ann"))
    gone = state.apply(raised, m.ParticipantLeft(seq=6, at=9.5, participant_id="ann", reason="left"))
    assert (raised.seq, raised.participants[0].hand_raised_at) == (5, 9.0)
    assert (gone.seq, gone.participants) == (6, [])
    assert before == copy
