"""What was deleted for good, so that it does not come back from the phone."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlmodel import Field

from session_core.store.models.base import Base, ref, time_column


class Erasure(Base, table=True):
    """Nothing of this person from before ``erased_at`` is stored again. ``who`` is a hash: the id is forgotten too."""

    __tablename__ = "erasures"

    account_id: UUID = Field(sa_column=ref("whatsapp_accounts.id", index=False, primary_key=True))
    who: str = Field(max_length=64, primary_key=True, description="sha256 of account and WhatsApp id, hex")
    erased_at: datetime = Field(sa_column=time_column())
