"""Clients that misbehave at the gate's socket, and the honest one beside them: it is served within a bounded time, always."""
import contextlib
import json
import os
import pathlib
import resource
import socket
import struct
import subprocess
import sys
import threading
import time

import pytest

import killing
import wallets
import wire
from appliance import PLAIN_PYTHON, Appliance
from conftest import figure, root_only
from load import Request

#: Seconds. A request that is begun must be whole in ten, and so many a reply may lie about.
PATIENCE = 10
NUMBERS = iter(range(10**9))


@pytest.fixture(scope="module")
def running():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 8_192), hard))
    with Appliance("regtest-open", memory_mib=8, passes=1) as appliance:
        yield appliance
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def gate_socket(appliance):
    return str(appliance.home / "run" / "gate.sock")


def connect(appliance, count):
    """So many connections; those that were turned away count too."""
    made = []
    for _ in range(count):
        client = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        # Blocking: the queue of a socket that is not accepted from is short, and a timeout would not wait for it.
        client.connect(gate_socket(appliance))
        client.settimeout(30)
        made.append(client)
    return made


@contextlib.contextmanager
def closing(clients):
    try:
        yield clients
    finally:
        for client in clients:
            client.close()


def honest(appliance, within, what):
    """One request of an honest client, from its first try to its signatures."""
    request, started = Request(next(NUMBERS)), time.monotonic()
    while True:
        try:
            with wire.Connection(gate_socket(appliance), timeout=within) as connection:
                answer = wire.Answer(*connection.ask(wire.SIGN, request.payload))
            if answer.signed:
                break
        except (OSError, EOFError):
            pass
        assert time.monotonic() - started < within, f"{what}: the honest client was not served in {within} s"
        time.sleep(0.02)
    took = time.monotonic() - started
    figure(f"abuse, {what}: the honest client was served in {took * 1000:.0f} ms (bound {within} s)")
    assert took < within, f"{what}: {took:.1f} s"


def honest_front(appliance, within, what):
    """The same by the front, which is another user."""
    started = time.monotonic()
    psbt = wallets.embit_psbt([wallets.Coin("tr", 20_000)], [(wallets.any_script(), 19_000)])
    assert "tx" in json.dumps(appliance.sign(psbt)) and time.monotonic() - started < within, what


def facts(appliance):
    """Descriptors and resident bytes of the gate."""
    pid = appliance.pids()["gate"]
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    resident = int(status.split("VmRSS:")[1].split()[0]) * 1024
    return len(os.listdir(f"/proc/{pid}/fd")), resident


def test_connections_that_say_nothing(running):
    with closing(connect(running, 700)):
        honest(running, 5, "700 silent connections")
        honest_front(running, 5, "700 silent connections")
        time.sleep(2)
        honest(running, 5, "700 silent connections, later")


def test_a_byte_a_second(running):
    with closing(connect(running, 200)) as clients:
        frame = wire.frame(wire.SIGN, Request(next(NUMBERS)).payload)
        started, ended = time.monotonic(), {}
        for place in range(14):
            for number, client in enumerate(clients):
                if number in ended:
                    continue
                try:
                    client.send(frame[place:place + 1])
                except OSError:
                    ended[number] = time.monotonic() - started
            if place in (2, 8):
                honest(running, 5, "200 clients with a byte a second")
            time.sleep(1)
        assert len(ended) == 200 and max(ended.values()) < PATIENCE + 4, "they lost the gate's patience"


def fill(client, stated, sent):
    """States a request of so many bytes and sends a part of it."""
    with contextlib.suppress(OSError):
        client.sendall(struct.pack("<IB", stated, wire.SIGN))
        client.sendall(bytes(sent))


def test_64_mib_that_stop_short(running):
    """The gate's memory for requests that are not whole is filled to the brim, and over it."""
    mib = 1 << 20
    parts = [60 * mib] * 4 + [16 * mib - 40_000] + [1 << 10] * 20
    with closing(connect(running, len(parts))) as clients:
        threads = [threading.Thread(target=fill, args=(c, 63 * mib, n)) for c, n in zip(clients, parts)]
        for thread in threads:
            thread.start()
        honest(running, 5, "240 MiB of requests on their way")
        for thread in threads:
            thread.join()
        time.sleep(0.5)
        honest(running, 5, "256 MiB of requests that stop short")
        large = [wallets.Coin("wpkh", 20_000, index=n % 50, filler=20) for n in range(200)]
        payload = wire.Request(large, [(wallets.any_script(), 3_000_000)]).encode()
        assert len(payload) > 100_000, "control: it does not come in one piece"
        with wire.Connection(gate_socket(running)) as connection:
            assert wire.Answer(*connection.ask(wire.SIGN, payload)).signed, "a large honest request beside them"
        _, resident = facts(running)
        assert resident < 600 * mib, f"the gate holds {resident // mib} MiB"


def test_close_in_the_middle(running):
    descriptors, _ = facts(running)
    for number in range(600):
        request = wire.frame(wire.SIGN, Request(next(NUMBERS)).payload)
        with closing(connect(running, 1)) as [client]:
            # Nothing, a part of the header, a part of the request, all of it, two and a half of them.
            cut = (0, 3, len(request) // 2, len(request), len(request))[number % 5]
            client.sendall(request[:cut] + (request + request[:9] if number % 5 == 4 else b""))
    honest(running, 5, "600 that closed in the middle")
    time.sleep(1)
    assert facts(running)[0] <= descriptors + 2, "descriptors stayed open"


def test_requests_without_reading_replies(running):
    status = wire.frame(wire.GATE_STATUS)
    sign = wire.frame(wire.SIGN, Request(next(NUMBERS)).payload)
    _, before = facts(running)
    with closing(connect(running, 50)) as clients:
        for client in clients:
            client.setblocking(False)
        end = time.monotonic() + 4
        while time.monotonic() < end:
            for number, client in enumerate(clients):
                with contextlib.suppress(OSError):
                    client.send((status * 2_000) if number % 2 else sign * 20)
        honest(running, 5, "50 that never read a reply")
        _, after = facts(running)
        assert after - before < 64 << 20, f"the gate holds {(after - before) >> 20} MiB more"
        time.sleep(PATIENCE + 1)
        honest(running, 5, "50 that never read a reply, later")
    # What was answered is answered in order still, for those who do read.
    with wire.Connection(gate_socket(running)) as connection:
        for _ in range(30):
            connection.socket.sendall(sign)
        answers = [wire.Answer(*connection.receive()) for _ in range(30)]
    assert all(a.signed and a.signatures == answers[0].signatures for a in answers)


ATTACKER = r"""
import socket, sys, time
path, count = sys.argv[1], int(sys.argv[2])
frames = sys.stdin.buffer.read()
size = len(frames) // count
clients = []
for n in range(count):
    c = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        c.connect(path)
        c.sendall(frames[n * size:(n + 1) * size])
    except OSError:
        pass
    clients.append(c)
print("sent", flush=True)
time.sleep(600)
"""


@contextlib.contextmanager
def as_front(appliance, frames):
    """A stolen front: every frame on a connection of its own, held open."""
    status = pathlib.Path(f"/proc/{appliance.pids()['front']}/status").read_text()
    uid, gid = (int(status.split(f"{k}:\t")[1].split()[0]) for k in ("Uid", "Gid"))
    child = subprocess.Popen([PLAIN_PYTHON, "-c", ATTACKER, gate_socket(appliance), str(len(frames))], user=uid, group=gid,
                             extra_groups=[], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd="/")
    try:
        child.stdin.write(b"".join(frames))
        child.stdin.close()
        assert child.stdout.readline() == b"sent\n"
        yield
    finally:
        child.kill()
        child.wait()


@root_only
def test_a_stolen_front_with_a_thousand_connections(running):
    with as_front(running, [b""] * 1_000):
        honest(running, 5, "a stolen front with 1,000 connections")
    honest_front(running, 10, "after a stolen front")


@root_only
def test_a_stolen_front_with_heavy_requests(running):
    """Four hundred requests of 1,000 inputs each: minutes of work for the signer. Another requester does not wait for them."""
    parent = wallets.funding(*[(wallets.script_of("wpkh", 0, n % 1_000), 5_000) for n in range(1_000)])
    coins = [wallets.Coin("wpkh", 5_000, index=n, parent=parent, vout=n) for n in range(1_000)]
    request = wire.Request(coins, [(wallets.any_script(), 4_500_000)])
    frames = []
    for number in range(400):
        request.lock_time = number
        frames.append(wire.frame(wire.SIGN, request.encode()))
    with as_front(running, frames):
        time.sleep(1)
        for _ in range(3):
            honest(running, 5, "a stolen front with 400 requests of 1,000 inputs")
