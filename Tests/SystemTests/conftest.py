import os
import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))

import appliance  # noqa: E402
import bare  # noqa: E402


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


@pytest.fixture(scope="module")
def files():
    """A home that only a signer without a gate uses."""
    made = bare.Files()
    yield made
    made.remove()


@pytest.fixture
def home(files):
    copied = files.copy()
    yield copied
    copied.remove()


@pytest.fixture
def signer(home):
    """A signer over a home of its own, whose gate is the test."""
    with bare.Signer(home) as running:
        yield running


root_only = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
