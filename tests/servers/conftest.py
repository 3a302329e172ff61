# SPDX-License-Identifier: MIT
"""Each sound server, started for the test that asks for it and ended with it."""

import signal

import pytest

import shortfalls
from cases import Cases
from player import Player
from servers import KINDS, configured, started

# A shell ignores SIGINT in what it runs in the background, and that is inherited. Who ends the
# tests by another signal has them clean up as well.
for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
    signal.signal(number, signal.default_int_handler)


def pytest_collection_modifyitems(items):
    """Mark what today's engine is known not to do."""
    for item in items:
        if reason := shortfalls.KNOWN.get(item.name):
            mark = pytest.mark.xfail(strict=True, raises=AssertionError, reason=reason)
            item.add_marker(mark)


@pytest.fixture(params=KINDS)
def server(request):
    """Each of them in turn, running."""
    with started(KINDS[request.param]) as server:
        yield server


@pytest.fixture(params=KINDS)
def absent(request):
    """Each of them in turn, not running."""
    with configured(KINDS[request.param]) as server:
        yield server


@pytest.fixture
def player(server):
    """A process in the server's world, without an engine yet."""
    player = Player(server.world)
    yield player
    player.kill()


@pytest.fixture(scope="session")
def cases(request):
    """All cases that some test of this run looks at."""
    calls = [item.callspec.params for item in request.session.items if hasattr(item, "callspec")]
    with Cases({params["seen"] for params in calls if "seen" in params}) as cases:
        yield cases


@pytest.fixture
def seen(request, cases):
    """What was seen in a case."""
    return cases[request.param]


def pytest_sessionfinish(session):
    """Exit with 77, "skipped", where there is none of the servers."""
    reports = session.config.pluginmanager.get_plugin("terminalreporter").stats
    ran = {"passed", "failed", "error", "xfailed", "xpassed"} & set(reports)
    if reports.get("skipped") and not ran:
        session.exitstatus = 77
