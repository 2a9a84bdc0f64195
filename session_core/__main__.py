"""The commands: ``python -m session_core NAME``. Each one imports what it needs only when it runs."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from functools import partial
from typing import Annotated, TypeVar

import structlog
import typer

from session_core.errors import FatalError, WhahookError
from session_core.log import setup_logging
from session_core.settings import Settings, get_settings

T = TypeVar("T")

log = structlog.get_logger(__name__)

BAD_SETTING = 2
"""Exit code when starting again cannot help: somebody has to change a setting first."""

app = typer.Typer(
    name="whahook",
    help="WhaHook: many people's WhatsApp accounts, on a machine of your own.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def _start(*, follow: bool = True) -> Settings:
    """Do what every process does first: tie it to its parent, read the settings, set the log up."""
    from session_core.launch.allocator import keep_memory_small
    from session_core.launch.parent import PARENT_PID, follow_parent

    keep_memory_small()
    # Whoever started us says what is wrong with the environment.
    alone = PARENT_PID not in os.environ
    if follow:
        follow_parent()
    settings = _or_exit(get_settings)
    setup_logging(level=settings.log_level, json=settings.json_logs)
    if alone:
        _warn_of_misspelt_settings()
    return settings


def _warn_of_misspelt_settings() -> None:
    from session_core.settings.misspelt import misspelt_settings

    for one in misspelt_settings():
        log.warning("unknown_setting", variable=one.name, effect="ignored", did_you_mean=one.meant)


def _or_exit(function: Callable[[], T]) -> T:
    """Run ``function``; one of our errors ends the process with one plain line on stderr instead of a traceback."""
    try:
        return function()
    except WhahookError as error:
        typer.echo(f"{error.message} {error.action}".strip(), err=True)
        needs_person = isinstance(error, FatalError) and error.code == "bad_setting"
        raise typer.Exit(BAD_SETTING if needs_person else 1) from error


def _wait_for_redis(settings: Settings) -> None:
    from session_core.launch.valkey import wait_for_valkey

    asyncio.run(wait_for_valkey(settings.redis_url))


@app.command()
def run() -> None:
    """Start everything here: Valkey, sandbox, host, worker and the pages. Ctrl-C stops it."""
    settings = _start()

    from session_core.launch.run import run_everything

    raise typer.Exit(_or_exit(lambda: run_everything(settings)))


@app.command()
def web() -> None:
    """The pages, the REST API and Socket.IO, on one port."""
    settings = _start(follow=False)  # it becomes another program, which follows the parent in its own way

    from session_core.launch.web import run_web

    _or_exit(lambda: _wait_for_redis(settings))
    _or_exit(lambda: run_web(settings))


@app.command()
def host() -> None:
    """The accounts: one browser each."""
    settings = _start()

    from session_core.host.service import run_host
    from session_core.sending.ticker import run_ticker
    from session_core.services.vitals import run_vitals

    async def serve() -> None:
        from session_core.launch.valkey import wait_for_valkey

        await wait_for_valkey(settings.redis_url)
        # A ticker here too: a lane is woken also while the worker service is starting or busy.
        await run_host(settings, extra_tasks=[run_ticker, partial(run_vitals, service="host")])

    _or_exit(lambda: asyncio.run(serve()))


@app.command()
def worker(
    pool: Annotated[
        int | None,
        typer.Option(min=1, max=64, help="Processes for the first of the queues. Default: WHAHOOK_WORKERS."),
    ] = None,
    queues: Annotated[
        str | None,
        typer.Option(help="Queues, most urgent first: sending, alerts. Default: WHAHOOK_WORKER_QUEUES."),
    ] = None,
) -> None:
    """The queues: sending and everything else that is done later."""
    # What is asked for here is said to the worker processes and to what checks it like any other setting.
    asked = {"WHAHOOK_WORKERS": pool, "WHAHOOK_WORKER_QUEUES": queues}
    os.environ.update({name: str(value) for name, value in asked.items() if value is not None})
    settings = _start()

    from session_core.alerts.service import run_alerts
    from session_core.sending.worker import ExtraTask, run_worker
    from session_core.services.history import run_retention
    from session_core.services.media_upkeep import run_media_janitor
    from session_core.services.vitals import run_vitals
    from session_core.webhooks.service import run_webhooks

    watched = partial(run_vitals, service="worker")
    extra_tasks: list[ExtraTask] = [run_alerts, run_media_janitor, run_webhooks, run_retention, watched]
    _or_exit(lambda: _wait_for_redis(settings))
    _or_exit(lambda: run_worker(settings, extra_tasks=extra_tasks))


@app.command()
def sandbox() -> None:
    """A WhatsApp Web of our own, with simulated phones."""
    settings = _start()

    from session_core.sandbox import run_sandbox

    _or_exit(
        lambda: asyncio.run(
            run_sandbox(
                settings.sandbox_host,
                settings.sandbox_port,
                settings.sandbox_https_port,
                settings.data_dir.absolute() / "sandbox",
            )
        )
    )


@app.command()
def valkey() -> None:
    """The embedded Valkey, when REDIS_URL is not set."""
    settings = _start(follow=False)

    from session_core.launch.valkey import run_valkey

    _or_exit(lambda: run_valkey(settings))


@app.command()
def migrate() -> None:
    """Bring the database to the newest tables."""
    settings = _start()

    from session_core.store.migrate import upgrade

    _or_exit(lambda: upgrade(settings.database_url))


Account = Annotated[str, typer.Argument(help="Id of the account, or its session id.", show_default=False)]


@app.command()
def backup(account: Account) -> None:
    """Have a running host back an account up, and wait for it."""
    settings = _start()

    from session_core.launch import backup_commands as commands

    _or_exit(lambda: commands.run(commands.make(settings, commands.account_of(account), typer.echo)))


@app.command()
def restore(
    account: Account,
    backup: Annotated[str | None, typer.Option(help="Id of the backup. Default: the newest complete one.")] = None,
) -> None:
    """Have a running host put a backup in the place of an account's login, and connect it."""
    settings = _start()

    from session_core.launch import backup_commands as commands

    def work() -> None:
        backup_id = None if backup is None else commands.backup_of(backup)
        commands.run(commands.restore(settings, commands.account_of(account), backup_id, typer.echo))

    _or_exit(work)


@app.command()
def backups(account: Account) -> None:
    """List an account's backups, newest first."""
    settings = _start()

    from session_core.launch import backup_commands as commands

    _or_exit(lambda: commands.run(commands.show(settings, commands.account_of(account), typer.echo)))


@app.command()
def limits(
    user: Annotated[str | None, typer.Option(help="E-mail of a user.")] = None,
    account: Annotated[str | None, typer.Option(help="Id of an account, or its session id.")] = None,
    per_window: Annotated[int | None, typer.Option(help="Messages in a rate window.")] = None,
    clear: Annotated[bool, typer.Option("--clear", help="Take the limit back: the general one holds again.")] = False,
) -> None:
    """Show what single users and accounts may send, or set it."""
    settings = _start()

    from session_core.launch import backup_commands as commands
    from session_core.launch.limit_commands import change_and_show

    def work() -> None:
        account_id = None if account is None else commands.account_of(account)
        commands.run(change_and_show(settings, user, account_id, per_window, clear=clear, say=typer.echo))

    _or_exit(work)


@app.command()
def doctor(
    fix_hints: Annotated[bool, typer.Option("--hints/--no-hints", help="Say what to do about what is wrong.")] = True,
) -> None:
    """Look at this machine and say what is missing."""
    settings = _start()

    from session_core.launch.doctor import examine, table

    findings = asyncio.run(examine(settings))
    typer.echo(table(findings, hints=fix_hints))
    raise typer.Exit(0 if all(finding.fine for finding in findings) else 1)


if __name__ == "__main__":
    app()
