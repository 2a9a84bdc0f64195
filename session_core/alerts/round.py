"""One look at all accounts: what the rows say is compared with the open alerts, and the difference is written down.

Everything comes from the database (and from the hosts' heartbeats), nothing from events: a look that was missed costs
nothing but time, and two looks at once write the same thing once.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from session_core.alerts import raising
from session_core.alerts.judge import (
    NOTHING,
    AccountFacts,
    Holding,
    HostState,
    Verdict,
    host_state,
    judge,
    judge_hosts,
    reason_shown,
)
from session_core.bus import alerts as bus_alerts
from session_core.bus import hosts
from session_core.core import Core
from session_core.domain.alerts import AlertKind
from session_core.domain.status import Desired
from session_core.store import accounts, alerts, sending
from session_core.store.models import Account, Alert, SessionRuntime

Row = tuple[Account, SessionRuntime]


async def look(core: Core, now: datetime) -> None:
    """Find what is new and what is over.

    Args:
        core: the process's core.
        now: the time of the look.

    Raises:
        BUS_ERRORS, STORE_ERRORS: nothing or a part was written; the next look writes the rest.
    """
    async with core.db.read() as session:
        rows = await alerts.watched(session)
        opened = await alerts.opened(session)
    holders = {runtime.host_id for _, runtime in rows if runtime.host_id is not None}
    alive = {beat.host_id for beat in await hosts.alive(core.redis)}
    about_hosts = {alert.subject for alert in opened if alert.kind is AlertKind.HOST_LOST}
    missing = await bus_alerts.missing_since(core.redis, holders | about_hosts, alive, now)
    await _look_at_hosts(core, rows, opened, missing, now)
    await _look_at_accounts(core, rows, opened, missing, now)
    await _look_at_limits(core, opened, now)


async def _look_at_limits(core: Core, opened: Sequence[Alert], now: datetime) -> None:
    """End what was told about limits of WhatsApp whose time is over; a host that runs may know it earlier."""
    for alert in opened:
        if alert.kind is not AlertKind.REACH_OUT or alert.account_id is None:
            continue
        async with core.db.begin() as session:
            until = (await sending.chosen(session, alert.account_id)).reach_out_until
            if until is None or until <= now:
                await raising.end(session, core.settings, [alert], back=False, now=now)


async def _look_at_hosts(
    core: Core, rows: Sequence[Row], opened: Sequence[Alert], missing: Mapping[str, datetime], now: datetime
) -> None:
    wanted = [row for row in rows if row[0].deleted_at is None and row[1].desired is Desired.CONNECTED]
    holding = {(account.user_id, runtime.host_id) for account, runtime in wanted if runtime.host_id is not None}
    known: dict[Holding, Alert] = {
        (alert.user_id, alert.subject): alert for alert in opened if alert.kind is AlertKind.HOST_LOST
    }
    states = {host: host_state(host, missing, now) for _, host in holding | known.keys()}
    verdict = judge_hosts(holding, known.keys(), states)
    waiting = {account.user_id for account, _ in wanted}
    for user_id, host in sorted(verdict.begins, key=str):
        async with core.db.begin() as session:
            await raising.begin(
                session, core.settings, user_id=user_id, kind=AlertKind.HOST_LOST, subject=host, now=now
            )
    for one in sorted(verdict.ends, key=str):
        async with core.db.begin() as session:
            # Whoever wants nothing connected any more does not care either.
            await raising.end(session, core.settings, [known[one]], back=one[0] in waiting, now=now)


async def _look_at_accounts(
    core: Core, rows: Sequence[Row], opened: Sequence[Alert], missing: Mapping[str, datetime], now: datetime
) -> None:
    alerts_of: defaultdict[UUID, dict[AlertKind, Alert]] = defaultdict(dict)
    for alert in opened:
        if alert.account_id is not None:
            alerts_of[alert.account_id][alert.kind] = alert
    facts = {account.id: _facts(account, runtime, missing, now) for account, runtime in rows}
    since = await _down_since(core, rows, facts, alerts_of)
    for account, runtime in rows:
        fact, known = facts[account.id], alerts_of[account.id]
        if account.id in since:
            fact = replace(fact, down_since=since[account.id])
        verdict = judge(fact, known.keys(), now=now, down_after=core.settings.alert_down_after)
        await _write(core, (account, runtime), fact, known, verdict, now)


def _facts(account: Account, runtime: SessionRuntime, missing: Mapping[str, datetime], now: datetime) -> AccountFacts:
    host = host_state(runtime.host_id, missing, now)
    return AccountFacts(
        desired=runtime.desired,
        status=runtime.status,
        linked=runtime.phone_number is not None,
        deleted=account.deleted_at is not None,
        host=host,
        down_since=missing[runtime.host_id] if runtime.host_id is not None and host is HostState.LOST else None,
    )


async def _down_since(
    core: Core,
    rows: Sequence[Row],
    facts: Mapping[UUID, AccountFacts],
    alerts_of: Mapping[UUID, Mapping[AlertKind, Alert]],
) -> dict[UUID, datetime]:
    """Ask the history of those that may be down, whose rows are no answer, and about whom nothing was said yet."""
    told = {id_ for id_, known in alerts_of.items() if {AlertKind.DOWN, AlertKind.NEEDS_PERSON} & known.keys()}
    unsure = {
        account.id: runtime.status_since
        for account, runtime in rows
        if facts[account.id].may_be_down and facts[account.id].down_since is None and account.id not in told
    }
    if not unsure:
        return {}
    async with core.db.read() as session:
        return unsure | await alerts.down_since(session, unsure.keys())


async def _write(
    core: Core, row: Row, fact: AccountFacts, known: Mapping[AlertKind, Alert], verdict: Verdict, now: datetime
) -> None:
    account, runtime = row
    stale = _stale_reason(fact, known, runtime)
    if verdict == NOTHING and stale is None:
        return
    async with core.db.begin() as session:
        current = await accounts.get(session, account.id)
        if current is None or _moment(current[1]) != _moment(runtime):
            # It went on since it was read: the next look judges what is true then.
            return
        if stale is not None:
            await alerts.reword(session, stale.id, runtime.reason_code)
        if verdict.begins is not None:
            await raising.begin(
                session,
                core.settings,
                user_id=account.user_id,
                kind=verdict.begins,
                account_id=account.id,
                reason_code=reason_shown(verdict.begins, runtime.reason_code, fact.host),
                now=now,
            )
        if verdict.ends:
            problems = [known[kind] for kind in verdict.ends]
            await raising.end(session, core.settings, problems, back=verdict.back, now=now)


def _stale_reason(fact: AccountFacts, known: Mapping[AlertKind, Alert], runtime: SessionRuntime) -> Alert | None:
    alert = known.get(AlertKind.NEEDS_PERSON)
    outdated = alert is not None and fact.needs_person and alert.reason_code is not runtime.reason_code
    return alert if outdated else None


def _moment(runtime: SessionRuntime) -> tuple[int, int]:
    return runtime.seq, runtime.wanted_seq
