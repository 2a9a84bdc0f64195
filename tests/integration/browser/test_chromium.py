"""Real Chromiums: how they are launched, what they leave behind, and who may open a profile."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import stat
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import psutil
import pytest
from playwright.async_api import Error as PlaywrightError

from session_core.browser import chromium, processes, profile, stamp
from session_core.browser.chromium import Browsers, OpenBrowser
from session_core.browser.flags import DISABLE, ENABLE, Features
from session_core.browser.isolation import chromium_sandbox_enabled
from session_core.browser.usage import Usage, measure
from session_core.errors import FatalError, TransientError
from session_core.settings import Settings

FOREIGN_BROWSER = """
import sys
from playwright.sync_api import sync_playwright
with sync_playwright() as playwright:
    playwright.chromium.launch_persistent_context(sys.argv[1], executable_path=sys.argv[2], headless=True)
    print("open", flush=True)
    sys.stdin.read()
"""


@pytest.fixture(scope="module")
async def browsers() -> AsyncIterator[Browsers]:
    browsers = Browsers(Settings())
    await browsers.start()
    yield browsers
    await browsers.stop()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "sessions" / "user_1_wa_1"


def mode_of(folder: Path) -> int:
    return stat.S_IMODE(folder.stat().st_mode)


def there(folder: Path) -> bool:
    return folder.exists()


def lock_of(folder: Path) -> Path:
    folder.mkdir(parents=True)
    return folder / "SingletonLock"


def main_command(found: list[psutil.Process]) -> list[str]:
    [command] = [p.cmdline() for p in found if not any(arg.startswith("--type=") for arg in p.cmdline())]
    return command


async def test_a_browser_looks_like_a_persons_and_leaves_nothing(browsers: Browsers, folder: Path) -> None:
    browser = await browsers.open(folder)
    agent = await browser.page.evaluate("navigator.userAgent")
    assert "Headless" not in agent
    assert "Chrome/" in agent
    assert await browser.page.evaluate("[innerWidth, innerHeight]") == [800, 600]
    found = await asyncio.to_thread(processes.of_profile, folder)
    assert found
    await browser.close()
    await browser.close()
    assert await asyncio.to_thread(processes.of_profile, folder) == []
    assert not any(process.is_running() and process.status() != psutil.STATUS_ZOMBIE for process in found)


async def test_what_a_browser_takes_is_measured(browsers: Browsers, folder: Path) -> None:
    browser = await browsers.open(folder)
    try:
        before = (await asyncio.to_thread(measure, {"it": folder}))["it"]
        assert len(before.cpu) == len(await asyncio.to_thread(processes.of_profile, folder))
        # A blank headless shell takes some 90 MB (measured), most of it shared with others that run.
        assert 20 < before.memory / 1024**2 < 600
        await browser.page.evaluate("(() => { const end = Date.now() + 500; while (Date.now() < end); })()")
        after = await asyncio.to_thread(measure, {"it": folder, "nobody": folder / "none"})
        assert after["it"].cpu_since(before) > 0.1
        assert after["nobody"] == Usage()
    finally:
        await browser.close()


async def test_the_features_of_playwright_stay_in_force(browsers: Browsers, folder: Path) -> None:
    browser = await browsers.open(folder)
    command = main_command(await asyncio.to_thread(processes.of_profile, folder))
    await browser.close()
    for prefix in (ENABLE, DISABLE):
        # Playwright's own comes first and ours last; the last one is the one that counts, so it must hold both.
        first, last = [set(arg.removeprefix(prefix).split(",")) for arg in command if arg.startswith(prefix)]
        assert first < last


async def test_settings_reach_the_browser(folder: Path) -> None:
    settings = Settings(chromium_args_setting="--lang=pt --enable-features=MyFeature", user_agent="Mine/1.0")
    browsers = Browsers(settings)
    await browsers.start()
    try:
        browser = await browsers.open(folder)
        assert await browser.page.evaluate("navigator.userAgent") == "Mine/1.0"
        command = main_command(await asyncio.to_thread(processes.of_profile, folder))
        await browser.close()
    finally:
        await browsers.stop()
    assert "--lang=pt" in command
    assert "MyFeature" in Features.of(command).enabled
    assert ("--no-sandbox" in command) is not chromium_sandbox_enabled(settings).enabled


async def test_only_its_owner_may_look_into_a_profile(browsers: Browsers, folder: Path) -> None:
    browser = await browsers.open(folder)
    await browser.close()
    assert mode_of(folder) == 0o700


async def test_one_browser_at_a_time(browsers: Browsers, folder: Path) -> None:
    browser = await browsers.open(folder)
    with pytest.raises(FatalError) as caught:
        await browsers.open(folder)
    assert caught.value.code == "profile_in_use"
    with pytest.raises(FatalError):
        profile.delete(folder)
    assert await browser.page.evaluate("1 + 1") == 2
    await browser.close()
    again = await browsers.open(folder)
    await again.close()


async def test_the_browser_of_a_dead_host_is_ended_first(browsers: Browsers, folder: Path) -> None:
    browser = await browsers.open(folder)
    executable = main_command(await asyncio.to_thread(processes.of_profile, folder))[0]
    await browser.close()
    host = await asyncio.create_subprocess_exec(
        sys.executable, "-c", FOREIGN_BROWSER, folder, executable, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert host.stdout is not None
    assert await asyncio.wait_for(host.stdout.readline(), 30) == b"open\n"
    old = await asyncio.to_thread(processes.of_profile, folder)
    assert old
    helpers = await asyncio.to_thread(psutil.Process(host.pid).children, recursive=True)
    browser = await browsers.open(folder)
    assert not any(process.is_running() and process.status() != psutil.STATUS_ZOMBIE for process in old)
    assert await browser.page.evaluate("1 + 1") == 2
    await browser.close()
    host.kill()
    await host.wait()
    await asyncio.to_thread(processes.end, helpers)


async def test_the_lock_of_a_dead_browser_is_removed_and_one_of_another_machine_is_not(
    browsers: Browsers, folder: Path
) -> None:
    """The full Chromium leaves such locks (``host-pid``) when it is killed; the headless shell makes none."""
    lock = lock_of(folder)
    dead = await asyncio.create_subprocess_exec(sys.executable, "-c", "")
    await dead.wait()
    lock.symlink_to(f"{socket.gethostname()}-{dead.pid}")
    browser = await browsers.open(folder)
    await browser.close()
    lock.unlink(missing_ok=True)
    lock.symlink_to(f"another-machine-{dead.pid}")
    with pytest.raises(FatalError) as caught:
        await browsers.open(folder)
    assert caught.value.code == "profile_in_use"
    assert lock.is_symlink()


async def test_caches_are_pruned_and_the_login_is_not(browsers: Browsers, folder: Path) -> None:
    kept = ["IndexedDB", "Local Storage", "Service Worker"]
    for name in ("Cache", "Code Cache", "GPUCache", *kept):
        (folder / "Default" / name).mkdir(parents=True)
        (folder / "Default" / name / "file").write_text("x")
    browser = await browsers.open(folder)
    await browser.close()
    left = {path.name for path in (folder / "Default").iterdir()}
    assert not {"Cache", "Code Cache", "GPUCache"} & left
    assert set(kept) <= left
    assert all((folder / "Default" / name / "file").exists() for name in kept)


async def test_what_another_chromium_cached_is_dropped_before_a_start(browsers: Browsers, folder: Path) -> None:
    browser = await browsers.open(folder)
    await browser.close()
    version = stamp.read(folder).chromium
    assert version.split(".")[0].isdigit()
    for known, is_dropped in ((version, False), ("1.2.3.4", True)):
        stamp.change(folder, chromium=known)
        cached = folder / "Default" / "Code Cache" / "old"
        cached.mkdir(parents=True)
        browser = await browsers.open(folder)
        assert there(cached) is not is_dropped
        await browser.close()
        assert stamp.read(folder).chromium == version


def broken(folder: Path) -> None:
    """Break a profile so that no browser comes up on it."""
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "Local State" / "in the way").mkdir(parents=True)


async def code_of_opening(browsers: Browsers, folder: Path) -> str:
    with pytest.raises(TransientError) as caught:
        await browsers.open(folder)
    return caught.value.code


async def test_a_profile_that_does_not_open_is_put_aside_and_kept(browsers: Browsers, folder: Path) -> None:
    broken(folder)
    codes = [await code_of_opening(browsers, folder) for _ in range(chromium.MAX_FAILED_OPENS)]
    assert codes == ["browser_crashed", "browser_crashed", "profile_quarantined"]
    [aside] = profile.quarantines(folder)
    assert there(aside / "Local State" / "in the way")
    assert [path.name for path in folder.parent.iterdir()] == [aside.name]
    assert await asyncio.to_thread(processes.of_profile, folder) == []
    # A new one takes its place, and another one that breaks does not replace what was put aside.
    browser = await browsers.open(folder)
    await browser.close()
    broken(folder)
    for _ in range(chromium.MAX_FAILED_OPENS):
        await code_of_opening(browsers, folder)
    assert len(profile.quarantines(folder)) == 2


async def test_a_browser_that_comes_up_ends_the_row(browsers: Browsers, folder: Path) -> None:
    broken(folder)
    await code_of_opening(browsers, folder)
    assert stamp.read(folder).failed_opens == 1
    shutil.rmtree(folder / "Local State")
    browser = await browsers.open(folder)
    await browser.close()
    assert stamp.read(folder).failed_opens == 0


async def test_a_machine_at_fault_costs_no_profile_its_place(folder: Path) -> None:
    program = folder.parent.parent / "chromium"
    program.write_text('#!/bin/sh\n[ "$1" = --version ] && echo Chromium 1.2.3.4 && exit 0\nexit 1\n')
    program.chmod(0o755)
    browsers = Browsers(Settings(chromium_path=program))
    await browsers.start()
    try:
        codes = {await code_of_opening(browsers, folder) for _ in range(chromium.MAX_FAILED_OPENS + 1)}
        assert codes == {"browser_crashed"}
        assert profile.quarantines(folder) == []
        assert [path.name for path in folder.parent.iterdir()] == [folder.name]
    finally:
        await browsers.stop()


async def test_deleting_a_profile(browsers: Browsers, folder: Path) -> None:
    browser = await browsers.open(folder)
    await browser.close()
    profile.delete(folder)
    assert not there(folder)
    profile.delete(folder)


async def test_a_full_disk_is_told_before_anything_starts(
    browsers: Browsers, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(profile, "MIN_FREE_BYTES", 1 << 60)
    with pytest.raises(FatalError) as caught:
        await browsers.open(folder)
    assert caught.value.code == "disk_full"
    # Deleting is how one makes room.
    profile.delete(folder)
    assert not there(folder)


async def test_a_program_that_is_no_browser(folder: Path) -> None:
    browsers = Browsers(Settings(chromium_path=Path(sys.executable)))
    await browsers.start()
    try:
        with pytest.raises(TransientError) as caught:
            await browsers.open(folder)
        assert caught.value.code == "browser_crashed"
        assert await asyncio.to_thread(processes.of_profile, folder) == []
    finally:
        await browsers.stop()


async def test_a_killed_browser_closes_quietly(browsers: Browsers, folder: Path) -> None:
    browser: OpenBrowser = await browsers.open(folder)
    for process in await asyncio.to_thread(processes.of_profile, folder):
        process.kill()
    await browser.close()
    with pytest.raises(PlaywrightError):
        await browser.page.evaluate("1")
    assert await asyncio.to_thread(processes.of_profile, folder) == []


def test_a_lock_whose_number_was_given_to_another_program_is_stale(folder: Path) -> None:
    lock_of(folder).symlink_to(f"{socket.gethostname()}-{os.getpid()}")
    taken = profile.Profile(folder)
    taken.acquire()
    taken.release()
    assert not (folder / "SingletonLock").is_symlink()
