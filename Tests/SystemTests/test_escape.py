"""Whoever takes over a process of the running appliance: what the kernel lets it do, tried from inside the shipped executables."""
import gc
import os
import pathlib
import re
import socket
import struct

import pytest

import inside
import killing
import memory
import wallets
from appliance import PASSPHRASE, REPOSITORY, WORDS, Appliance
from conftest import figure
from inside import KILLED, X32, Stopped, lives

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
HEADER = pathlib.Path("/usr/include/x86_64-linux-gnu/asm/unistd_64.h")
ALL_ONES = [(1 << 64) - 1] * 6
#: uretprobe and uprobe: kernels since 2025 pass both through every filter.
UNFILTERED = {335, 336}
NAMES = ["signer", "gate", "front"]
GATE_FD, STATE_FD = 3, 6
AT_FDCWD = -100
EACCES, EPERM = -13, -1


@pytest.fixture(scope="module")
def numbers():
    if not HEADER.exists():
        pytest.skip("no kernel headers (apt install linux-libc-dev)")
    return {name: int(n) for name, n in re.findall(r"#define __NR_(\w+)\s+(\d+)", HEADER.read_text())}


@pytest.fixture(scope="module")
def running():
    # Many calls end a process here, one after the other: each is to come back at once.
    with Appliance("regtest-open", memory_mib=8, passes=1, up=["--restart-wait-max", 10]) as appliance:
        for kind in ("wpkh", "tr"):
            appliance.sign(wallets.embit_psbt([wallets.Coin(kind, 20_000)], [(wallets.foreign_script(), 19_000)]))
        yield appliance


def filters(appliance, name):
    with Stopped(appliance.pids()[name]) as process:
        found = process.filters()
    assert found, "the kernel holds a filter for it"
    return found


def unconditional(name, numbers):
    """The calls that the profile admits whatever their arguments."""
    profile = {"signer": "signer-ready", "gate": "gate", "front": "front"}[name]
    rules = [line.split("#")[0].split() for line in (REPOSITORY / f"policies/sandbox/{profile}.seccomp").read_text().splitlines()]
    return {numbers[words[0]] for words in rules if len(words) == 1}


@pytest.mark.parametrize("name", NAMES)
def test_every_system_call_number_against_the_filter_in_force(running, numbers, name):
    """The BPF programs are taken out of the running process, put on a child, and every number is tried."""
    programs = filters(running, name)
    gc.collect()
    lived = {n for n in range(601) if lives(programs, n, ALL_ONES)}
    assert lived - UNFILTERED == unconditional(name, numbers)
    if name == "signer":
        assert lived - UNFILTERED == {numbers["exit_group"]}, "whatever its profile says: the other four are pinned"
    x32 = {n for n in range(601) if lives(programs, X32 | n, ALL_ONES)}
    assert x32 == set()
    figure(f"filter of the running {name}: of 601 numbers {len(lived - UNFILTERED)} live with any arguments, of 601 x32 numbers 0")


def test_the_signers_calls_are_pinned_to_their_descriptors(running, numbers):
    programs = filters(running, "signer")
    read, write, pwrite, sync = (numbers[n] for n in ("read", "write", "pwrite64", "fdatasync"))
    for descriptor in [*range(10), 1_000]:
        gate, state = descriptor == GATE_FD, descriptor == STATE_FD
        assert lives(programs, read, [descriptor, 0, 1]) == gate
        assert lives(programs, read, [descriptor, 0, 65_537]) is False
        assert lives(programs, write, [descriptor, 0, 1]) == gate
        assert lives(programs, pwrite, [descriptor, 0, 4_096, 0]) == state
        assert lives(programs, pwrite, [descriptor, 0, 4_095, 0]) is False
        assert lives(programs, sync, [descriptor]) == state


ATTEMPTS = {
    "a file": ("openat", AT_FDCWD, 0, 0), "an old way to a file": ("open", 0, 0), "a socket": ("socket", 2, 1, 0),
    "a packet": ("sendto", 3, 0, 0, 0, 0, 0), "descriptors": ("sendmsg", 3, 0, 0), "a signal": ("kill", 1, 9),
    "a signal to a thread": ("tgkill", 1, 1, 9), "tracing": ("ptrace", 16, 1), "another's memory": ("process_vm_readv", 1),
    "another's descriptor": ("pidfd_getfd", 3, 0, 0), "a program": ("execve", 0, 0, 0), "a process": ("fork",),
    "a thread": ("clone", 0x10F00), "a thread, new": ("clone3", 0, 0), "code": ("mmap", 0, 4_096, 4, 0x22, -1, 0),
    "code after the fact": ("mprotect", 0, 0, 4), "a file in memory": ("memfd_create", 0, 0), "a ring": ("io_uring_setup", 1, 0),
    "a program in the kernel": ("bpf", 0, 0, 0), "keys of the kernel": ("keyctl", 0), "a namespace": ("unshare", 0x10000000),
    "a mount": ("mount", 0, 0, 0, 0), "another user": ("setuid", 0), "being dumpable": ("prctl", 4, 1),
    "limits": ("prlimit64", 0, 4, 0, 0), "the clock": ("clock_settime", 0, 0), "a copy": ("dup", 3), "a device": ("ioctl", 3, 0, 0),
}


@pytest.mark.parametrize("name", NAMES)
def test_what_is_tried_from_inside_ends_the_process(running, numbers, name):
    """Files, sockets, signals, ptrace and more, by the process's own instruction; the appliance comes back each time."""
    tried = 0
    for what, (call, *arguments) in ATTEMPTS.items():
        if call == "openat" and name != "signer":
            continue  # Landlock's, below
        killing.come_back(running)
        pid = running.pids()[name]
        with Stopped(pid) as process:
            assert process.call(numbers["fdatasync"], STATE_FD) == 0 if name == "signer" else True, "control: what is permitted"
            assert process.call(numbers[call], *arguments) == KILLED, f"{what}: {call}"
        killing.wait_gone(pid)
        tried += 1
    killing.come_back(running)
    figure(f"tried from inside the running {name}: {tried} calls, each ended it")


def test_no_file_outside_its_folder_from_inside_the_gate(running, numbers):
    killing.come_back(running)
    home = running.home
    with Stopped(running.pids()["gate"]) as process:
        def opened(path, flags=0):
            return process.call(numbers["openat"], AT_FDCWD, None, flags, 0o600, texts=[str(path).encode() + b"\0"])
        assert opened(home / "gate" / "log-0" / "journal") >= 0, "control: its own folder"
        outside = ["/", "/etc/passwd", "/proc/self/mem", home, home / "signer", home / "signer/keystore", home / "signer/state",
                   home / "public/bundle.bin", home / "run", "/tmp", "/dev/null"]
        assert {path: opened(path) for path in outside} == {path: EACCES for path in outside}
        o_creat, o_tmpfile = 0o100, 0o20200000
        assert opened("/tmp/portcullis-escaped", o_creat | 1) == EACCES
        assert opened("/tmp", o_tmpfile | 2) == EACCES
        assert process.call(numbers["mkdirat"], AT_FDCWD, None, 0o700, texts=[b"/tmp/portcullis-escaped\0"]) == EACCES
        assert process.call(numbers["unlinkat"], AT_FDCWD, None, 0, texts=[str(home / "public/bundle.bin").encode() + b"\0"]) == EACCES


def test_no_file_and_no_socket_but_its_own_from_inside_the_front(running, numbers):
    killing.come_back(running)
    home = running.home
    name = b"portcullis-test-abstract"
    abstract = socket.socket(socket.AF_UNIX)
    abstract.bind(b"\0" + name)
    abstract.listen()
    with abstract, Stopped(running.pids()["front"]) as process:
        def opened(path, flags=0):
            return process.call(numbers["openat"], AT_FDCWD, None, flags, texts=[str(path).encode() + b"\0"])

        def connected(address):
            fd = process.call(numbers["socket"], 1, 1, 0)
            assert fd >= 0
            data = struct.pack("<H", 1) + address
            result = process.call(numbers["connect"], fd, None, len(data), texts=[data])
            process.call(numbers["close"], fd)
            return result

        assert opened(home / "public/bundle.bin") >= 0, "control: what is public"
        outside = ["/", "/etc/passwd", "/proc/self/mem", home, home / "gate/log-0/journal", home / "signer/keystore", "/tmp"]
        assert {path: opened(path) for path in outside} == {path: EACCES for path in outside}
        assert opened(home / "public/escaped", 0o100 | 1) == EACCES
        assert connected(bytes(home / "run/gate.sock") + b"\0") == 0, "control: the gate"
        assert connected(bytes(home / "run/control.sock") + b"\0") == EACCES
        assert connected(bytes(home / "run/clients.sock") + b"\0") == EACCES
        assert connected(b"\0" + name) == EPERM


def everyone(appliance):
    return {**appliance.pids(), "supervisor": appliance.supervisor.pid}


def who_holds(appliance, secrets, text):
    """Processes in whose readable memory a window of a secret, or the whole text, stands."""
    found = {}
    for name, pid in everyone(appliance).items():
        data, _ = memory.dump(pid)
        assert len(data) > 100_000, "control: there was something to read"
        held = memory.hits(data, secrets) + (["passphrase"] if text in data else [])
        if held:
            found[name] = held
    return found


def test_neither_passphrase_nor_key_stays_anywhere_after_an_unlock_and_after_a_lock():
    # A few of the keys only: test_confinement looks for all of them.
    secrets = memory.secrets_of(WORDS, ["m/84h", "m/84h/1h/0h", "m/84h/1h/0h/0", "m/86h/1h/0h", "m/86h/1h/0h/0/0"])
    text = PASSPHRASE.encode()
    keep = [bytes(bytearray(secret)) for secret in secrets.values()]
    own, _ = memory.dump(os.getpid())
    assert text in own and keep and set(memory.hits(own, secrets)) == set(secrets), "control: they are found in this process"
    del own
    with Appliance("regtest-open", memory_mib=8, passes=1) as appliance:
        pay = [(wallets.any_script(), 19_000)]
        appliance.sign(wallets.embit_psbt([wallets.Coin("wpkh", 20_000)], pay))
        assert who_holds(appliance, secrets, text) == {}, "after up --passphrase-fd"
        appliance.run("lock")
        appliance.wait_for("sealed")
        assert who_holds(appliance, secrets, text) == {}, "after lock"
        appliance.unlock()
        appliance.wait_for("ready")
        appliance.sign(wallets.embit_psbt([wallets.Coin("tr", 20_000)], pay))
        assert who_holds(appliance, secrets, text) == {}, "after unlock"
