"""What the scheduler has done, so that nothing is done twice."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from server.db.base import Base


class JobRun(Base):
    """``job`` was done for ``subject`` (say, a timeslot) as it was due at ``moment``. Something that is moved
    is due anew.
    """

    __tablename__ = "job_runs"

    job: Mapped[str] = mapped_column(String(40), primary_key=True)
    subject: Mapped[str] = mapped_column(String(64), primary_key=True)
    moment: Mapped[datetime] = mapped_column(primary_key=True)
    done_at: Mapped[datetime]
