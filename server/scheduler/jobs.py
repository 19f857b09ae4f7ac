"""All that happens by the clock: one line per part of the server that has something to do."""

from __future__ import annotations

from server.mail import feedback, pruning, reminders
from server.registrations import jobs as registrations
from server.rooms import jobs as rooms
from server.scheduler.run import Job
from server.sessions import jobs as sessions

JOBS: tuple[Job, ...] = (
    *reminders.JOBS,
    *feedback.JOBS,
    *pruning.JOBS,
    *rooms.JOBS,
    *registrations.JOBS,
    *sessions.JOBS,
)
