import os
import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))

import appliance  # noqa: E402


def pytest_collection_modifyitems(items):
    """Without the executables nothing can be said: skipped, with a count, never passed."""
    missing = [n for n in ("portcullis", "portcullis-signer", "portcullis-gate", "portcullis-front")
               if not (appliance.BUILD / n).exists()]
    if missing:
        mark = pytest.mark.skip(reason=f"not built: {', '.join(missing)} (make build)")
        for item in items:
            item.add_marker(mark)


FIGURES = []


def figure(line):
    """A measured figure, printed at the end of the run even where all passed."""
    FIGURES.append(line)


def pytest_terminal_summary(terminalreporter):
    if FIGURES:
        terminalreporter.section("figures", sep="-")
        for line in FIGURES:
            terminalreporter.write_line(line)


@pytest.fixture(scope="module")
def opened():
    """One appliance with the open example policy for a whole module."""
    with appliance.Appliance("regtest-open") as running:
        yield running


root_only = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
