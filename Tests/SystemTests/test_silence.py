"""Processes that give no answer: whoever waits is told who, after --timeout, and the supervisor starts a front that hangs again.
What is slow and alive is waited for."""
import base64
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time

import pytest

import wallets
from appliance import BUILD, PASSPHRASE, PLAIN_PYTHON, REPOSITORY, Appliance, pipe_with
from killing import children, wait_for_child

DEMO = REPOSITORY / "demo/payment-segwit.psbt"


def ask(home, *arguments, secrets=(), timeout=1):
    """The command's exit status, document and seconds, with --timeout."""
    command = [str(BUILD / "portcullis"), *map(str, arguments), "--home", str(home), "--json", "--timeout", str(timeout)]
    descriptors = []
    for option, text in secrets:
        descriptors.append(pipe_with(text))
        command += [option, str(descriptors[-1])]
    started = time.monotonic()
    run = subprocess.run(command, pass_fds=descriptors, capture_output=True, timeout=60)
    for descriptor in descriptors:
        os.close(descriptor)
    return run.returncode, json.loads(run.stdout), time.monotonic() - started


class MuteFront:
    """Sits at front.sock; what it does with a connection is `behave`. Nothing: it does not even accept."""

    def __init__(self, home, behave=None):
        self.path = home / "run/front.sock"
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(self.path))
        self.listener.listen(1)
        self.behave, self.open = behave, []
        if behave:
            threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.open.append(connection)
            threading.Thread(target=self.behave, args=(connection,), daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.listener.close()
        for connection in self.open:
            connection.close()
        self.path.unlink()


@pytest.fixture(scope="module")
def closed():
    """A home in which nothing runs."""
    it = Appliance("regtest-open")
    yield it.home
    it.__exit__()


def large(folder, count):
    """A PSBT of `count` inputs of wallet segwit, with their parents."""
    coins = [wallets.Coin("wpkh", 10_000, index=n % 500) for n in range(count)]
    path = folder / f"{count}.psbt"
    path.write_bytes(wallets.embit_psbt(coins, [(wallets.foreign_script(), 10_000 * count - 1_000_000)]).serialize())
    return path


@pytest.mark.parametrize("way", ["does not accept", "does not read", "does not answer", "stops in its answer"])
def test_a_front_that_gives_no_answer_is_named(closed, tmp_path, way):
    def behave(connection):
        if way == "does not read":
            return time.sleep(60)
        connection.recv(1 << 16)
        if way == "stops in its answer":
            connection.sendall(b"\x40\0\0\0\0\0\0\0{")
        return time.sleep(60)

    commands = [["sign", DEMO, "-o", tmp_path / "out"], ["wallet", "address", "segwit"], ["unlock"]]
    if way == "does not read":
        commands = [["sign", large(tmp_path, 2_000), "-o", tmp_path / "out"]]
    with MuteFront(closed, None if way == "does not accept" else behave):
        if way == "does not accept":
            waiting = [socket.socket(socket.AF_UNIX) for _ in range(2)]
            for one in waiting:
                one.connect(str(closed / "run/front.sock"))
        for command in commands:
            status, document, seconds = ask(closed, *command)
            error = document["error"]
            assert status == 1 and error["kind"] == "failed" and error["name"] == "front-silent", document
            assert "1 s" in error["message"] and "--timeout" in error["remedy"] and 0.9 < seconds < 5
        status, document, _ = ask(closed, "status")
        assert status == 0 and document["noAnswer"] == "front-silent"
    assert not (tmp_path / "out").exists()


def test_a_front_that_says_that_it_works_is_waited_for_but_not_for_ever(closed):
    reply = b'{"failed":{"message":"after all"}}'

    def slow(connection):
        connection.recv(1 << 16)
        for _ in range(10):
            time.sleep(0.5)
            connection.sendall(bytes(8))
        connection.sendall(bytes([len(reply), 0, 0, 0, 0, 0, 0, 0]) + reply)

    with MuteFront(closed, slow):
        status, document, seconds = ask(closed, "wallet", "address", "segwit")
        assert status == 1 and document["error"]["message"] == "after all" and seconds > 4.5

    def forever(connection):
        try:
            while True:
                time.sleep(0.5)
                connection.sendall(bytes(8))
        except OSError:
            return

    with MuteFront(closed, forever):
        status, document, seconds = ask(closed, "wallet", "address", "segwit")
        assert status == 1 and document["error"]["name"] == "front-silent" and 19 < seconds < 25


@pytest.fixture
def quick():
    with Appliance("regtest-open", up=["--timeout", 1]) as it:
        yield it


def test_a_front_that_hangs_is_ended_and_started_again(quick):
    before = quick.pids()
    os.kill(before["front"], signal.SIGSTOP)
    status, document, _ = ask(quick.home, "wallet", "address", "segwit")
    assert status == 1 and document["error"]["name"] == "front-silent"
    after = wait_for_child(quick, "front", before["front"])
    quick.wait_for("ready")
    now = quick.run("status")
    assert "front-silent" in now["lastFailure"] and quick.pids()["front"] == after
    assert {n: quick.pids()[n] for n in ("signer", "gate")} == {n: before[n] for n in ("signer", "gate")}
    assert any("front-silent" in line for line in quick.log)
    assert ask(quick.home, "wallet", "address", "segwit")[0] == 0


def test_a_front_is_left_alone_while_the_supervisor_itself_was_stopped(quick):
    before = quick.pids()
    quick.supervisor.send_signal(signal.SIGSTOP)
    try:
        status, document, seconds = ask(quick.home, "lock")
        assert status == 1 and document["error"]["name"] == "supervisor-silent" and seconds < 5
        status, document, _ = ask(quick.home, "status")
        assert status == 0 and document["state"] == "ready" and document["noAnswer"] == "supervisor-silent"
        time.sleep(5)
    finally:
        quick.supervisor.send_signal(signal.SIGCONT)
    # What was asked while it slept is done now: the signer was to be locked.
    quick.wait_for("sealed")
    assert quick.pids()["front"] == before["front"]


def test_a_gate_that_hangs_is_named_by_the_front(quick, tmp_path):
    gate = quick.pids()["gate"]
    os.kill(gate, signal.SIGSTOP)
    try:
        status, document, seconds = ask(quick.home, "wallet", "address", "segwit", timeout=5)
        assert status == 1 and document["error"]["name"] == "gate-silent" and seconds < 5
        status, document, seconds = ask(quick.home, "sign", DEMO, "-o", tmp_path / "out", timeout=5)
        assert status == 1 and document["error"]["name"] == "gate-silent" and 5 < seconds < 15
        status, document, _ = ask(quick.home, "status", timeout=5)
        assert status == 0 and document["noAnswer"] == "gate-silent" and document["state"] == "starting"
    finally:
        os.kill(gate, signal.SIGCONT)
    quick.wait_for("ready")
    # What was given up on was done all the same, and is not charged again.
    deadline = time.monotonic() + 20
    while not quick.run("sign", DEMO, "-o", tmp_path / "out")["seenBefore"]:
        assert time.monotonic() < deadline
    assert quick.run("status")["allowance"]["spent"] == 30_001_043


def test_large_payments_are_slow_and_not_cut_off(tmp_path):
    """Of 1,000 and 5,000 inputs, four at once, where a few seconds of silence are too much."""
    with Appliance("regtest-open", up=["--timeout", 5]) as it:
        front = it.pids()["front"]
        for count in (1_000, 5_000):
            made = large(tmp_path, count)
            runs = [subprocess.Popen([str(BUILD / "portcullis"), "sign", str(made), "-o", str(tmp_path / f"{n}.signed"),
                                      "--home", str(it.home), "--timeout", "5"], stderr=subprocess.PIPE) for n in range(4)]
            for run in runs:
                words = run.communicate()[1]
                assert run.returncode == 0, words
            assert len({(tmp_path / f"{n}.signed").read_bytes() for n in range(4)}) == 1
        assert it.pids()["front"] == front and not any("front-silent" in line for line in it.log)


@pytest.fixture
def programs():
    """A copy of the executables, to put others in their place."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="portcullis-test-"))
    folder.chmod(0o755)
    for name in ("portcullis", "portcullis-signer", "portcullis-gate", "portcullis-front"):
        shutil.copy(BUILD / name, folder)
    yield folder
    shutil.rmtree(folder)


def test_a_front_that_never_listens_ends_the_start(programs, closed):
    front = programs / "portcullis-front"
    front.unlink()
    front.write_text("#!/bin/sh\nexec sleep 60\n")
    front.chmod(0o755)
    command = [str(programs / "portcullis"), "up", "--home", str(closed), "--json", "--timeout", "1"]
    run = subprocess.run(command, capture_output=True, timeout=60)
    error = json.loads(run.stdout)["error"]
    assert run.returncode == 1 and "the front ended 8 times in a row (front: front-silent" in error["message"]
    assert run.stderr.count(b"front-silent") >= 8


def waits(appliance, count):
    """How long each new front took to come after the one before was killed."""
    found = []
    for _ in range(count):
        pid = children(appliance.supervisor.pid)["front"]
        while not any(line for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines()
                      if line == "Seccomp:\t2"):
            time.sleep(0.001)
        time.sleep(0.05)
        started = time.monotonic()
        os.kill(pid, signal.SIGKILL)
        wait_for_child(appliance, "front", pid, seconds=15)
        found.append(time.monotonic() - started)
    return found


def test_a_process_that_ends_again_and_again_is_started_later_and_later():
    with Appliance("regtest-open", up=["--restart-wait-max", 300]) as it:
        found = waits(it, 8)
        for number, seconds in enumerate(found):
            wait = min(0.01 * 2 ** number, 0.3)
            assert wait * 0.9 < seconds < wait + 1, found
        # It held for ten seconds, so the next start is quick again.
        time.sleep(10.5)
        assert waits(it, 1)[0] < 0.2
        assert it.run("status")["state"] == "ready"


def test_locking_is_no_failure_and_the_next_signer_comes_at_once():
    with Appliance("regtest-open") as it:
        for _ in range(12):
            started = time.monotonic()
            it.run("lock")
            assert time.monotonic() - started < 5
        assert it.unlock()["unlocked"]
