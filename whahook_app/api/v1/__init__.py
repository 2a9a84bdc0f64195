"""Version 1 of the REST API."""

from __future__ import annotations

from fastapi import APIRouter

from whahook_app.api.v1 import (
    accounts,
    alerts,
    api_keys,
    auth,
    backups,
    changes,
    chats,
    condition,
    events,
    history,
    hosts,
    jobs,
    lane,
    media,
    messages,
    opt_outs,
    webhooks,
)

router = APIRouter(prefix="/api/v1")
router.include_router(auth.router)
router.include_router(api_keys.router)
router.include_router(accounts.router)
router.include_router(condition.router)
router.include_router(hosts.router)
router.include_router(messages.router)
router.include_router(lane.router)
router.include_router(opt_outs.router)
router.include_router(chats.router)
router.include_router(history.router)
router.include_router(chats.everywhere)
router.include_router(changes.router)
router.include_router(media.router)
router.include_router(media.account_router)
router.include_router(backups.router)
router.include_router(alerts.router)
router.include_router(webhooks.router)
router.include_router(events.router)
router.include_router(jobs.router)
