"""What every run shares: hypothesis without wall-clock deadlines, room for many sockets, nothing left behind."""

import os
import resource

import pytest
from hypothesis import HealthCheck, settings

from tests.leftovers import end_leftovers, mark_this_run

_MARK = mark_this_run()

# Two processors that other suites share make wall-clock deadlines lie; examples are bounded instead.
settings.register_profile("quick", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("thorough", settings.get_profile("quick"), max_examples=1000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))

_soft, _hard = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (min(65536, _hard), _hard))


def pytest_report_header() -> str:
    """Figures mean little without their machine."""
    return f"processors: {len(os.sched_getaffinity(0))}, files: {min(65536, _hard)}"


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """A run that leaves processes behind has failed, whatever its tests said."""
    if left := end_leftovers(_MARK):
        print("\nleft behind:", *(f"{pid} {words}" for pid, words in left.items()), sep="\n  ")
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
