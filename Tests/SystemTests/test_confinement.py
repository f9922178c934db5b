"""What the kernel says of the running processes, and a search for the keys in the signer's memory."""
import os
import pathlib
import shutil
import subprocess
import sys
import time

import pytest

import memory
import swapping
import wallets
from appliance import PLAIN_PYTHON, WORDS, Appliance
from conftest import root_only

PATHS = ["m/84h", "m/84h/1h", "m/84h/1h/0h", "m/84h/1h/0h/0", "m/84h/1h/0h/1", "m/86h/1h/0h", "m/86h/1h/0h/0",
         *[f"m/84h/1h/0h/0/{n}" for n in range(20)], *[f"m/86h/1h/0h/0/{n}" for n in range(20)]]


@pytest.fixture(scope="module")
def busy():
    """An appliance that has signed with forty keys."""
    with Appliance("regtest-open", memory_mib=8, passes=1) as running:
        for kind in ("wpkh", "tr"):
            coins = [wallets.Coin(kind, 20_000, index=n) for n in range(20)]
            running.sign(wallets.embit_psbt(coins, [(wallets.foreign_script(), 390_000)]))
        yield running


def status_of(pid):
    lines = pathlib.Path(f"/proc/{pid}/status").read_text().splitlines()
    return dict(line.split(":\t", 1) for line in lines if ":\t" in line)


@pytest.mark.parametrize("name", ["signer", "gate", "front"])
def test_each_process_is_confined(busy, name):
    pid = busy.pids()[name]
    status = status_of(pid)
    assert status["Seccomp"] == "2" and status["NoNewPrivs"] == "1"
    assert int(status["CapEff"], 16) == 0 and int(status["CapPrm"], 16) == 0 and int(status["CapBnd"], 16) == 0
    assert int(status["Threads"]) == 1 or name == "front"
    if os.geteuid() == 0:
        assert status["Uid"].split()[0] not in ("0",)
        assert pathlib.Path(f"/proc/{pid}/mem").stat().st_uid == 0, "not dumpable: its memory belongs to root"
        assert pathlib.Path(f"/proc/{pid}/environ").read_bytes() == b""


@root_only
def test_uids_are_distinct(busy):
    uids = {status_of(pid)["Uid"].split()[0] for pid in busy.pids().values()}
    assert len(uids) == 3


@root_only
def test_the_signer_has_only_its_descriptors(busy):
    pid = busy.pids()["signer"]
    names = [os.readlink(f"/proc/{pid}/fd/{fd}") for fd in os.listdir(f"/proc/{pid}/fd")]
    allowed = [n for n in names if n.startswith("socket:") or n.endswith("/state") or n == "/dev/null"
               or n.startswith("pipe:") or "log" in n]
    assert sorted(names) == sorted(allowed)
    assert sum(n.startswith("socket:") for n in names) == 1


@root_only
def test_root_finds_no_key_in_the_signers_memory(busy):
    secrets = memory.secrets_of(WORDS, PATHS)
    data, unreadable = memory.dump(busy.pids()["signer"])
    assert len(data) > 100_000 and unreadable >= 1, "the secret pages are the ones that root cannot read"
    assert memory.hits(data, secrets) == []


@root_only
def test_control_the_same_search_finds_keys_in_an_ordinary_process():
    secrets = memory.secrets_of(WORDS, PATHS[:3])
    program = "import sys,time\nkeep=[bytes.fromhex(x) for x in sys.stdin.readline().split()]\nprint('ok',flush=True)\ntime.sleep(60)"
    child = subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        child.stdin.write(" ".join(s.hex() for s in secrets.values()) + "\n")
        child.stdin.flush()
        assert child.stdout.readline() == "ok\n"
        data, _ = memory.dump(child.pid)
        assert memory.hits(data, secrets) == sorted(secrets)
    finally:
        child.kill()
        child.wait()


@root_only
def test_no_key_in_front_gate_or_supervisor(busy):
    secrets = memory.secrets_of(WORDS, PATHS)
    pids = busy.pids()
    for pid in (pids["gate"], pids["front"], busy.supervisor.pid):
        data, _ = memory.dump(pid)
        assert memory.hits(data, secrets) == []


@root_only
def test_the_same_uid_cannot_read_the_signer(busy):
    pid = busy.pids()["signer"]
    uid = int(status_of(pid)["Uid"].split()[0])
    script = pathlib.Path(memory.__file__).read_text()
    run = subprocess.run([PLAIN_PYTHON, "-c", script, str(pid)], user=uid, group=uid, extra_groups=[],
                         capture_output=True, text=True, cwd="/")
    assert run.returncode == 3 and "denied" in run.stdout, run.stdout
    own = subprocess.run([PLAIN_PYTHON, "-c", script, str(os.getpid())], capture_output=True, text=True, cwd="/")
    assert own.returncode == 0, "control: the attacker's program can read where it may"


@root_only
def test_no_key_in_a_debuggers_core(busy, tmp_path):
    if not shutil.which("gcore"):
        pytest.skip("no gcore (apt install gdb)")
    pid = busy.pids()["signer"]
    subprocess.run(["gcore", "-o", str(tmp_path / "core"), str(pid)], capture_output=True, timeout=120)
    cores = list(tmp_path.glob("core*"))
    if not cores:
        return  # a core could not even be made
    assert memory.hits(cores[0].read_bytes(), memory.secrets_of(WORDS, PATHS)) == []


@root_only
def test_no_kernel_core_of_the_signer(tmp_path):
    pattern = pathlib.Path("/proc/sys/kernel/core_pattern")
    before = pattern.read_text()
    try:
        pattern.write_text(f"{tmp_path}/core.%p")
    except OSError:
        pytest.skip("core_pattern cannot be set")
    try:
        os.chmod(tmp_path, 0o777)
        control = subprocess.Popen([sys.executable, "-c", "import resource,os\n"
                                    "resource.setrlimit(resource.RLIMIT_CORE,(resource.RLIM_INFINITY,)*2)\nos.abort()"])
        control.wait()
        assert list(tmp_path.glob(f"core.{control.pid}*")), "control: this machine writes cores"
        with Appliance("regtest-open", memory_mib=8, passes=1) as running:
            pid = running.pids()["signer"]
            os.kill(pid, 6)
            time.sleep(0.5)
            assert not list(tmp_path.glob(f"core.{pid}*"))
    finally:
        pattern.write_text(before)


@root_only
def test_no_key_in_swap(busy):
    """The kernel is told to swap out all that it can of every process; the swap file is then read as root."""
    secrets = memory.secrets_of(WORDS, PATHS)
    pids = busy.pids()
    try:
        area = swapping.Area()
    except swapping.Unavailable as reason:
        pytest.skip(f"no swap can be had: {reason}")
    program = "import sys,time\nkeep=[bytes.fromhex(x) for x in sys.stdin.readline().split()]\nprint('ok',flush=True)\ntime.sleep(60)"
    child = subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        control = {"control": b"a secret of the control process!"}
        child.stdin.write(control["control"].hex() + "\n")
        child.stdin.flush()
        assert child.stdout.readline() == "ok\n"
        for pid in [child.pid, *pids.values(), busy.supervisor.pid]:
            swapping.push_out(pid)
        # The scalar of a signature is on the stack while the curve library computes with it.
        swapping.kept(pids["signer"])
        control_stack = swapping.named(child.pid, "[stack]")
        assert control_stack.swap > 0 and not control_stack.is_kept(), f"control: an ordinary stack: {control_stack}"
        found = area.read()
        assert memory.hits(found, control) == ["control"], "control: what is not locked is found in swap"
        assert memory.hits(found, secrets) == []
    finally:
        child.kill()
        child.wait()
        area.close()


@root_only
def test_the_ready_signer_makes_only_its_five_calls(busy):
    if not shutil.which("strace"):
        pytest.skip("no strace (apt install strace)")
    pid = busy.pids()["signer"]
    trace = subprocess.Popen(["strace", "-qq", "-f", "-e", "trace=all", "-p", str(pid), "-o", "/dev/stdout"],
                             stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    time.sleep(1)
    for index in range(5):
        busy.sign(wallets.embit_psbt([wallets.Coin("wpkh", 30_000, index=index)], [(wallets.foreign_script(), 29_000)]))
    trace.send_signal(2)
    output, _ = trace.communicate(timeout=20)
    calls = {line.split("(")[0].split()[-1] for line in output.splitlines() if "(" in line}
    assert calls and calls <= {"read", "write", "pwrite64", "fdatasync", "exit_group"}, calls
    assert {"read", "write", "pwrite64", "fdatasync"} <= calls


def test_files_hold_no_secret(busy):
    secrets = memory.secrets_of(WORDS, PATHS)
    for path in busy.home.rglob("*"):
        if path.is_file() and os.access(path, os.R_OK):
            assert memory.hits(path.read_bytes(), secrets) == [], path
