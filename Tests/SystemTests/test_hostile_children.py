"""Programs of an attacker in place of ours, under the supervisor: what a process that fell can do to whoever started it."""
import os
import pathlib
import pty
import shutil
import signal
import subprocess
import tempfile
import time

import pytest

from appliance import BUILD, PLAIN_PYTHON, Appliance

NAMES = ("portcullis", "portcullis-signer", "portcullis-gate", "portcullis-front")


@pytest.fixture
def programs():
    """A copy of the executables where every user can reach it."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="portcullis-test-"))
    folder.chmod(0o755)
    for name in NAMES:
        shutil.copy(BUILD / name, folder)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def home():
    made = Appliance("regtest-open")
    yield made.home
    shutil.rmtree(made.home, ignore_errors=True)


def replace(programs, name, text):
    (programs / name).unlink()
    (programs / name).write_text(text)
    (programs / name).chmod(0o755)


def start(programs, home, **streams):
    return subprocess.Popen([str(programs / "portcullis"), "up", "--home", home], **streams)


def end(process):
    """SIGTERM must do it."""
    process.send_signal(signal.SIGTERM)
    try:
        return process.wait(10)
    finally:
        process.kill()
        process.wait()


def children(pid):
    return [int(p) for p in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def test_no_process_holds_the_terminal_of_the_supervisor(programs, home):
    ours, theirs = pty.openpty()
    terminal = os.ttyname(theirs)
    process = start(programs, home, stdin=theirs, stdout=theirs, stderr=theirs)
    try:
        deadline = time.monotonic() + 20
        while len(children(process.pid)) < 3 and time.monotonic() < deadline:
            time.sleep(0.05)
        time.sleep(0.5)
        assert len(children(process.pid)) == 3

        def held(pid):
            return [os.readlink(f.path) for f in os.scandir(f"/proc/{pid}/fd")].count(terminal)

        assert [held(pid) for pid in children(process.pid)] == [0, 0, 0]
        # The control: the supervisor has it.
        assert held(process.pid) == 3
    finally:
        end(process)
        os.close(ours)
        os.close(theirs)


@pytest.mark.parametrize("name", ["portcullis-gate", "portcullis-front"])
def test_what_a_process_says_does_not_steer_the_terminal(programs, home, name):
    replace(programs, name, "#!/bin/sh\nprintf '\\033]0;x\\007\\033[2Jsaid\\r\\n' >&2\nexit 1\n")
    process = start(programs, home, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 1
    # All that was said is there, in the open.
    assert b"\\u{1b}]0;x\\u{7}\\u{1b}[2Jsaid" in said
    assert not set(said) & {0x1B, 0x07, 0x0D}


def test_a_gate_that_answers_by_halves_does_not_keep_the_supervisor_from_stopping(programs, home):
    replace(programs, "portcullis-gate", f"""#!{PLAIN_PYTHON}
import os, socket, time
os.write(7, b"listening")
listener = socket.socket(fileno=4)
kept = []
while True:
    kept.append(listener.accept()[0])
    kept[-1].sendall(b"\\x09\\x00\\x00")
    os.write(2, b"answered\\n")
""")
    process = start(programs, home, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    while process.stderr.readline() != b"answered\n":
        assert process.poll() is None
    time.sleep(0.2)
    assert end(process) == 0
