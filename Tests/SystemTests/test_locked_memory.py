"""The signer's stack, heap and data never reach the swap: while it signs, while it unlocks, while it makes a home."""
import json
import os
import pathlib
import resource
import shutil
import subprocess
import sys
import tempfile
import threading
import time

import pytest

import bare
import memory
import swapping
import wallets
from appliance import BUILD, PASSPHRASE, WORDS, Appliance, pipe_with
from conftest import figure, root_only

#: What the whole of the signer needs, the memory of Argon2 included (docs/operations.md).
EVERYTHING = 1280 << 20
TOO_LITTLE, ENOUGH = 700 << 10, 1 << 20


@pytest.fixture(scope="module")
def busy():
    with Appliance("regtest-open", memory_mib=8, passes=1) as running:
        yield running


@pytest.fixture(scope="module")
def area():
    try:
        made = swapping.Area()
    except swapping.Unavailable as reason:
        pytest.skip(f"no swap can be had: {reason}")
    yield made
    made.close()


def test_stack_heap_and_data_are_locked_and_the_status_says_so(busy):
    pid = busy.pids()["signer"]
    if os.geteuid() == 0:
        swapping.kept(pid)
    status = busy.run("status")
    assert status["kernel"]["lockedMemory"]
    [facts] = [process for process in status["processes"] if process["name"] == "signer"]
    assert facts["lockedKiB"] >= 512 + 128
    limits = pathlib.Path(f"/proc/{pid}/limits").read_text().splitlines()
    [limit] = [line.split()[3] for line in limits if line.startswith("Max locked memory")]
    is_all = limit == "unlimited" or int(limit) >= EVERYTHING
    assert status["kernel"]["allMemoryLocked"] == is_all
    [stack] = [line.split()[3:5] for line in limits if line.startswith("Max stack size")]
    assert stack == [str(512 << 10)] * 2, "it cannot grow past what is locked"


@root_only
def test_the_stack_stays_in_memory_while_it_signs_under_load(busy, area):
    pid = busy.pids()["signer"]
    stop, signed, errors = threading.Event(), [], []

    def sign():
        try:
            while not stop.is_set():
                kind = ("wpkh", "tr")[len(signed) % 2]
                coins = [wallets.Coin(kind, 20_000 + len(signed), index=n) for n in range(20)]
                signed.append(busy.sign(wallets.embit_psbt(coins, [(wallets.foreign_script(), 390_000)])))
        except Exception as error:  # the main thread shows it
            errors.append(error)

    thread = threading.Thread(target=sign)
    thread.start()
    swapped = looks = 0
    try:
        deadline = time.monotonic() + 60
        while not errors and time.monotonic() < deadline and (looks < 50 or len(signed) < 6):
            swapping.push_out(pid)
            swapping.kept(pid)
            swapped = max(swapped, sum(mapping.swap for mapping in swapping.smaps(pid)))
            looks += 1
    finally:
        stop.set()
        thread.join()
    assert not errors, errors
    assert looks >= 50 and len(signed) >= 6
    if not busy.run("status")["kernel"]["allMemoryLocked"]:
        assert swapped > 1024, "control: what the signer does not lock was swapped out"
    secrets = memory.secrets_of(WORDS, [*(f"m/84h/1h/0h/0/{n}" for n in range(20)), *(f"m/86h/1h/0h/0/{n}" for n in range(20))])
    assert memory.hits(area.read(), secrets) == []


@root_only
def test_the_largest_payments_use_less_than_half_of_the_stack(busy):
    """A stack that may not grow must be large enough: what was written deepest, an unlock included, is looked for."""
    pid = busy.pids()["signer"]
    for kind in ("wpkh", "tr"):
        coins = [wallets.Coin(kind, 20_000, index=n) for n in range(1_000)]
        busy.sign(wallets.embit_psbt(coins, [(wallets.any_script(), 19_000_000)]))
    [(start, end)] = [(start, end) for start, end, _, name in memory.mappings(pid) if name == "[stack]"]
    with open(f"/proc/{pid}/mem", "rb", buffering=0) as file:
        file.seek(start)
        stack = file.read(end - start)
    deepest = len(stack) - next(place for place, byte in enumerate(stack) if byte)
    figure(f"stack of the signer: {len(stack) >> 10} KiB, {deepest >> 10} KiB used")
    assert len(stack) == 512 << 10 and 64 << 10 < deepest < len(stack) // 2


@root_only
def test_control_an_ordinary_stack_is_swapped(area):
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    try:
        time.sleep(0.5)
        swapping.push_out(child.pid)
        stack = swapping.named(child.pid, "[stack]")
        assert stack.swap > 0 and not stack.is_kept(), stack
    finally:
        child.kill()
        child.wait()


@root_only
def test_a_home_in_the_making_leaves_nothing_in_swap(area, tmp_path):
    """`init` has read the words and made the seed, and waits for the passphrase."""
    files = bare.Files()
    waiting, passphrase = os.pipe()
    opened = [os.open("/dev/null", os.O_RDWR), os.open("/dev/null", os.O_RDWR), 2]
    opened += [os.open(tmp_path / name, os.O_RDWR | os.O_CREAT) for name in ("keystore", "state")]
    opened += [os.open(files.folder / "bundle.bin", os.O_RDONLY), waiting, pipe_with(WORDS), pipe_with(""),
               os.open("/dev/null", os.O_RDWR)]
    high = [os.dup(fd) for fd in opened]
    base = max(high) + 1
    high = [os.dup2(fd, base + place, inheritable=False) for place, fd in enumerate(high)]
    actions = [(os.POSIX_SPAWN_DUP2, fd, place) for place, fd in enumerate(high)]
    program = str(BUILD / "portcullis-signer")
    pid = os.posix_spawn(program, [program, "init", "restore", "1", "8192"], {}, file_actions=actions)
    try:
        deadline = time.monotonic() + 20
        while pathlib.Path(f"/proc/{pid}/wchan").read_text() != "anon_pipe_read" and time.monotonic() < deadline:
            time.sleep(0.1)
        time.sleep(0.5)
        secrets = memory.secrets_of(WORDS, ["m/84h", "m/84h/1h/0h"]) | {"words": WORDS.encode()}
        swapping.push_out(pid)
        swapping.kept(pid)
        assert memory.hits(area.read(), secrets) == []
        data, _ = memory.dump(pid)
        assert memory.hits(data, secrets) == []
        os.write(passphrase, PASSPHRASE.encode())
        os.close(passphrase)
        passphrase = None
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0, "control: it was the real one, and went on"
        assert (tmp_path / "keystore").stat().st_size == 304
    finally:
        if passphrase is not None:
            os.kill(pid, 9)
            os.close(passphrase)
            os.waitpid(pid, 0)
        for fd in {*opened, *high} - {2}:
            try:
                os.close(fd)
            except OSError:
                pass
        files.remove()


def limited(limit):
    """Of a user who may lock so much and no more."""
    options = {"preexec_fn": lambda: resource.setrlimit(resource.RLIMIT_MEMLOCK, (limit, limit))}
    if os.geteuid() == 0:
        options |= {"user": 65534, "group": 65534, "extra_groups": []}
    return options


@pytest.fixture(scope="module")
def reachable():
    """The signer where another user can run it."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="portcullis-locked-"))
    os.chmod(folder, 0o755)
    shutil.copy(BUILD / "portcullis-signer", folder)
    yield folder / "portcullis-signer"
    shutil.rmtree(folder)


@pytest.mark.parametrize("arguments", [["run"], ["run", "weaker"], ["init", "new24", "1", "8192"]])
def test_too_low_a_limit_is_refused_by_name_before_anything_is_read(reachable, arguments):
    run = subprocess.run([reachable, *arguments], capture_output=True, text=True, cwd="/", **limited(TOO_LITTLE))
    assert run.returncode == 17 and "RLIMIT_MEMLOCK" in run.stderr and "1 MiB" in run.stderr, run
    control = subprocess.run([reachable, *arguments], capture_output=True, text=True, cwd="/", **limited(ENOUGH))
    assert control.returncode in (10, 11, 12, 22), f"control: what is missing now is the home: {control}"


@root_only
def test_up_says_why_and_does_not_try_again():
    """Root may lock what it likes, so the right to is taken from the supervisor too."""
    if not shutil.which("setpriv"):
        pytest.skip("no setpriv (apt install util-linux)")
    made = Appliance("regtest-open", memory_mib=8, passes=1)
    try:
        command = ["setpriv", "--bounding-set", "-sys_resource,-ipc_lock", str(BUILD / "portcullis"), "up", "--home", made.home]
        run = subprocess.run(command, capture_output=True, text=True, timeout=60, preexec_fn=lambda: resource.setrlimit(
            resource.RLIMIT_MEMLOCK, (TOO_LITTLE, TOO_LITTLE)))
        assert run.returncode == 1 and "RLIMIT_MEMLOCK" in run.stderr and "exit status 17" in run.stderr, run
    finally:
        shutil.rmtree(made.home)


def test_doctor_asks_for_the_limit():
    def doctor(limit):
        run = subprocess.run([BUILD / "portcullis", "doctor", "--json"], capture_output=True, text=True,
                             preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_MEMLOCK, (limit, limit)))
        return run.returncode, {line["name"]: line for line in json.loads(run.stdout)["lines"]}

    status, lines = doctor(TOO_LITTLE)
    assert status == 3 and not lines["locked-memory"]["ok"] and "1 MiB" in lines["locked-memory"]["remedy"]
    status, lines = doctor(ENOUGH)
    assert lines["locked-memory"]["ok"]
    assert lines["locked-unlock"]["ok"] or not lines["locked-unlock"]["required"]
