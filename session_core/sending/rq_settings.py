"""Settings module of RQ's own command line: ``rq worker -c session_core.sending.rq_settings``.

Such a worker needs a ticker elsewhere (``python -m session_core host`` or ``worker``). RQ takes its other options from
the command line only; ``-w rq.SimpleWorker --worker-ttl 30 --maintenance-interval 10`` makes it the worker that
``python -m session_core worker`` starts.
"""

from __future__ import annotations

from rq import serializers

# Imported here, so that a work horse that is forked for one job finds everything loaded.
from session_core.sending import jobs  # noqa: F401
from session_core.sending.queue import QUEUE
from session_core.settings import get_settings

REDIS_URL = get_settings().redis_url
QUEUES = [QUEUE]

# Our jobs are JSON. RQ would read them as pickles, which is code for whoever can write to the server, unless somebody
# remembers "-S json". Its default is looked up by this name after this module was read.
serializers.DefaultSerializer = serializers.JSONSerializer
