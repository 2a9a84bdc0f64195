from __future__ import annotations

import subprocess
import sys

from tests.servers.processes import ROOT, clean_environment

PROGRAM = """
import rq.serializers
from rq.cli.helpers import read_config_file
settings = read_config_file("session_core.sending.rq_settings")
assert settings["REDIS_URL"] == "redis://example:1/2", settings
assert settings["QUEUES"] == ["whahook-sending"], settings
from rq.serializers import resolve_serializer
assert resolve_serializer("rq.serializers.DefaultSerializer") is rq.serializers.JSONSerializer
"""


def test_rq_reads_our_address_and_queue_and_takes_json_only() -> None:
    # In a process of its own: reading the module changes RQ's default for the whole process.
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env=clean_environment({"REDIS_URL": "redis://example:1/2"}),
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
