"""Those who ask the gate themselves, at clients.sock: each is who the kernel says, may ask for signatures alone, and leaves room."""
import json
import os
import shutil
import stat
import struct
import subprocess
import tempfile
import time

import pytest

import wallets
import wire
from appliance import BUILD, PLAIN_PYTHON, REPOSITORY, Appliance, Failed, Refused, portcullis
from conftest import figure, root_only
from load import Request
from refusals import NAMES

pytestmark = root_only

FRONT, GROUP, ALICE, BOB, STRANGER = 64_103, 64_104, 64_201, 64_202, 64_203
NUMBERS = iter(range(10**6))


@pytest.fixture(scope="module")
def running():
    with Appliance("regtest-open") as appliance:
        yield appliance


@pytest.fixture(scope="module")
def program():
    """The command line where any user reaches it."""
    folder = tempfile.mkdtemp(prefix="portcullis-clients-")
    os.chmod(folder, 0o755)
    shutil.copy(BUILD / "portcullis", folder)
    yield f"{folder}/portcullis"
    shutil.rmtree(folder)


def as_user(command, uid, groups=(), gid=None, **options):
    return subprocess.run(command, user=uid, group=gid or uid, extra_groups=list(groups), capture_output=True, timeout=120,
                          env={"PATH": os.environ["PATH"]}, cwd="/", **options)


def payment():
    return wallets.embit_psbt([wallets.Coin("wpkh", 50_000)], [(wallets.any_script(), 40_000)]).to_string().encode()


def sign(running, program, uid, groups=(GROUP,), psbt=None, *options):
    run = as_user([program, "sign", "-", "--direct", "--json", "--home", str(running.home), *options], uid, groups,
                  input=psbt or payment())
    return run.returncode, json.loads(run.stdout) if run.stdout else run.stderr.decode()


SPEAKER = """
import socket, struct, sys
client = socket.socket(socket.AF_UNIX)
client.settimeout(20)
try:
    client.connect(sys.argv[1])
except PermissionError:
    sys.exit(13)
try:
    client.sendall(sys.stdin.buffer.read())
except (ConnectionResetError, BrokenPipeError):
    pass  # turned away already; why may still be there to be read
data = b""
while True:
    try:
        piece = client.recv(65536)
    except (ConnectionResetError, BrokenPipeError):
        piece = b""
    if not piece:
        break
    data += piece
    if len(data) >= 5 and len(data) >= 4 + struct.unpack("<I", data[:4])[0] and sys.argv[2] == "one":
        break
sys.stdout.buffer.write(data)
"""


def speak(running, name, uid, data, groups=(), gid=None, until="one"):
    """What another user hears at a socket: (kind, payload), nothing where it was closed, None where the door was shut."""
    run = as_user([PLAIN_PYTHON, "-c", SPEAKER, str(running.home / "run" / name), until], uid, groups, gid, input=data)
    if run.returncode == 13:
        return None
    assert run.returncode == 0, run.stderr
    return (run.stdout[4], run.stdout[5:]) if run.stdout else ()


def refused(heard):
    kind, payload = heard
    return NAMES[wire.Answer(kind, payload[:23]).code]


def requesters(running):
    """Who asked for what was charged, as the log has it, the latest last."""
    entries = running.run("audit show")["entries"]
    return [entry["requester"] for entry in entries if entry.get("outcome") == "charged"]


def charged(running, *expected):
    """Whether the latest that were charged are these, as soon as they are published."""
    end = time.monotonic() + 20
    while requesters(running)[-len(expected):] != list(expected) and time.monotonic() < end:
        time.sleep(0.1)
    assert requesters(running)[-len(expected):] == list(expected)
    return True


def test_the_socket_is_for_its_group(running):
    facts = os.stat(running.home / "run" / "clients.sock")
    assert (facts.st_uid, facts.st_gid, stat.S_IMODE(facts.st_mode)) == (0, GROUP, 0o660)
    home = json.loads((running.home / "public" / "home.json").read_text())
    assert home["users"] == {"signer": 64_101, "gate": 64_102, "front": FRONT, "clients": GROUP}


def test_the_requester_is_who_runs_the_command(running, program):
    for uid in (ALICE, BOB):
        status, document = sign(running, program, uid)
        assert status == 0 and document["psbt"], document
        assert charged(running, uid)
    # The same payment of another is the same payment: nothing is charged, the same signatures come.
    psbt = payment()
    (_, first), (_, again) = sign(running, program, ALICE, psbt=psbt), sign(running, program, BOB, psbt=psbt)
    assert again["seenBefore"] and again["psbt"] == first["psbt"] and charged(running, ALICE, BOB, ALICE)
    # Root, and through the front whoever it is.
    document = running.run("sign", "-", "--direct", stdin=payment())
    assert document["receipt"] and charged(running, ALICE, 0)
    running.run("sign", "-", stdin=payment())
    assert charged(running, ALICE, 0, FRONT)


def test_the_whole_of_sign_works_directly(running, program):
    status, document = sign(running, program, ALICE, (GROUP,), payment(), "--finalize", "--anti-exfil")
    assert status == 0 and document["antiExfil"] == "verified" and document["transaction"], document
    # A refusal has its name, its place and its words, as through the front.
    large = wallets.embit_psbt([wallets.Coin("wpkh", 300_000_000)], [(wallets.any_script(), 200_000_000)])
    status, document = sign(running, program, ALICE, (GROUP,), large.to_string().encode())
    assert status == 3 and document["error"]["name"] == "outflow-over-maximum" and document["error"]["subjectName"] == "everyday"
    with pytest.raises(Refused) as caught:
        running.sign(large)
    assert caught.value.error == document["error"]


def test_without_the_group_the_door_is_shut(running, program):
    assert speak(running, "clients.sock", STRANGER, b"") is None
    status, words = sign(running, program, STRANGER, ())
    assert status == 1 and "member of the socket's group" in json.dumps(words), words
    # Nor is the group a way to the front's own socket.
    assert speak(running, "gate.sock", ALICE, b"", [GROUP]) is None


def test_a_client_does_not_pass_for_the_front(running):
    """Which questions there are for whom is a matter of the socket, and gate.sock looks at the uid as well."""
    for kind, payload in [(wire.GATE_STATUS, b""), (wire.GATE_ADDRESS, bytes(37)), (wire.GATE_XPUB, bytes(33))]:
        heard = speak(running, "clients.sock", ALICE, wire.frame(kind, payload), [GROUP], until="end")
        assert refused(heard) == "requester-not-permitted", hex(kind)
        with wire.Connection(running.home / "run" / "gate.sock") as control:
            assert control.ask(kind, payload)[0] in (kind + 0x80, wire.GATE_REFUSED)
    for kind in (0x01, 0x03, 0x04, 0x11, 0x20, 0x27, 0x28, 0x29, 0x2A, 0xA1, 0xFF):
        heard = speak(running, "clients.sock", ALICE, wire.frame(kind), [GROUP], until="end")
        assert refused(heard) == "malformed-frame", hex(kind)
    # Somebody whom a mistake of the file system let in.
    sign_frame = wire.frame(wire.SIGN, Request(next(NUMBERS)).payload)
    assert refused(speak(running, "gate.sock", ALICE, sign_frame, gid=FRONT)) == "requester-not-permitted"


def test_the_front_does_not_pass_for_a_client(running, program):
    """A front that was taken over: its group shuts the door, and were it open the gate would know it."""
    request = Request(next(NUMBERS))
    frame = wire.frame(wire.SIGN, request.payload)
    assert speak(running, "clients.sock", FRONT, frame) is None
    assert refused(speak(running, "clients.sock", FRONT, frame, [GROUP])) == "requester-not-permitted"
    # No byte of a request says who asks: the head that the gate writes for the signer is refused, wherever it is put.
    claim = struct.pack("<BHQIH", 1, 0, 0, ALICE, 0)
    for payload in (claim + request.payload, request.payload + claim, request.payload + struct.pack("<I", ALICE)):
        kind, answer = speak(running, "gate.sock", FRONT, wire.frame(wire.SIGN, payload))
        assert kind == wire.GATE_REFUSED, "control: with a claim it is another request"
    assert refused(speak(running, "gate.sock", FRONT, wire.frame(0x03, claim + request.payload), until="end")) == "malformed-frame"
    assert sign(running, program, BOB)[0] == 0
    kind, _ = speak(running, "gate.sock", FRONT, frame)
    assert kind == wire.SIGNED and charged(running, BOB, FRONT)


HOLDER = """
import socket, sys, time
held = []
for _ in range(int(sys.argv[2])):
    client = socket.socket(socket.AF_UNIX)
    client.connect(sys.argv[1])
    client.sendall(bytes.fromhex(sys.argv[3]))
    held.append(client)
print("held", flush=True)
sys.stdin.read()
"""


def hold(running, uid, count, data=b""):
    child = subprocess.Popen(
        [PLAIN_PYTHON, "-c", HOLDER, str(running.home / "run" / "clients.sock"), str(count), data.hex()],
        user=uid, group=uid, extra_groups=[GROUP], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd="/")
    assert child.stdout.readline() == b"held\n"
    return child


def let_go(child):
    child.stdin.close()
    child.wait(10)
    child.stdout.close()


def test_half_open_clients_leave_room(running, program):
    """64 of one user, each with a frame begun: the 65th is told, everybody else is served; ten seconds later they are gone."""
    holder = hold(running, ALICE, 64, b"\x10\x27\x00")
    try:
        frame = wire.frame(wire.SIGN, Request(next(NUMBERS)).payload)
        started = time.monotonic()
        assert refused(speak(running, "clients.sock", ALICE, b"", [GROUP])) == "busy"
        assert speak(running, "clients.sock", BOB, frame, [GROUP])[0] == wire.SIGNED
        running.sign(payment().decode())
        figure(f"clients, 64 half open of one user: another user and the front were served in {(time.monotonic() - started) * 1000:.0f} ms")
        time.sleep(max(0, 11 - (time.monotonic() - started)))
        assert sign(running, program, ALICE)[0] == 0, "the gate lost its patience with them"
    finally:
        let_go(holder)


def test_silent_clients_of_many_users_give_way(running, program):
    """More than the socket has room for, of eight users: one more user is served all the same, and so is the front."""
    holders = [hold(running, 64_300 + n, 64) for n in range(8)]
    try:
        time.sleep(1.2)
        for uid in (ALICE, BOB):
            assert sign(running, program, uid)[0] == 0
        running.sign(payment().decode())
    finally:
        for holder in holders:
            let_go(holder)


FLOODER = """
import socket, sys, threading
frames = [bytes.fromhex(line) for line in sys.stdin.buffer.read().decode().split()]
def work(place):
    client = socket.socket(socket.AF_UNIX)
    client.connect(sys.argv[1])
    for frame in frames[place::32]:
        client.sendall(frame)
        need = 4
        data = b""
        while len(data) < need:
            data += client.recv(65536) or sys.exit(1)
            if len(data) >= 4:
                need = 4 + int.from_bytes(data[:4], "little")
threads = [threading.Thread(target=work, args=(n,)) for n in range(32)]
print("flooding", flush=True)
for thread in threads: thread.start()
for thread in threads: thread.join()
"""


def test_users_take_turns(running):
    """One user asks for 640 payments of many inputs over 32 connections; another's single one waits for its turn, not for theirs."""
    coins = [[wallets.Coin("wpkh", 20_000, index=m) for m in range(12)] for _ in range(8)]
    frames = [wire.frame(wire.SIGN, wire.Request(coins[n % 8], [(wallets.any_script(), 200_000)]).encode()) for n in range(640)]
    flooder = subprocess.Popen([PLAIN_PYTHON, "-c", FLOODER, str(running.home / "run" / "clients.sock")], user=ALICE, group=ALICE,
                               extra_groups=[GROUP], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd="/")
    flooder.stdin.write("\n".join(frame.hex() for frame in frames).encode())
    flooder.stdin.close()
    assert flooder.stdout.readline() == b"flooding\n"
    waits, started = [], time.monotonic()
    while flooder.poll() is None and len(waits) < 8:
        frame, begun = wire.frame(wire.SIGN, Request(next(NUMBERS)).payload), time.monotonic()
        assert speak(running, "clients.sock", BOB, frame, [GROUP])[0] == wire.SIGNED
        waits.append(time.monotonic() - begun)
    flooder.wait(120)
    flood = time.monotonic() - started
    flooder.stdout.close()
    assert flooder.returncode == 0
    figure(f"clients, a flood of 640 payments took {flood:.1f} s; another user's single ones, each in a process of its own, at most "
           f"{max(waits) * 1000:.0f} ms")
    assert waits and max(waits) < max(1.5, flood / 2)


EACH_ITS_OWN = f"""
[requesters]
front = {FRONT}
payments = {ALICE}
treasury = {BOB}

[limits.till]
rule = "small"
window = "1d"
amount = "150_000 sat"

[[rules]]
name = "small"
effect = "allow"
wallets = "any"
destinations = "any"
max_outflow = "100_000 sat"
max_fee = "20_000 sat"
requesters = ["payments"]

[[rules]]
name = "large"
effect = "allow"
wallets = "any"
destinations = "any"
max_outflow = "1 BTC"
max_fee = "20_000 sat"
requesters = ["treasury"]

[[rules]]
name = "counter"
effect = "allow"
wallets = "any"
destinations = "any"
max_outflow = "30_000 sat"
max_fee = "20_000 sat"
requesters = ["front"]
"""


def test_each_client_its_own_rule(tmp_path, program):
    """policies/README.md, *Each client its own rule*: two users and the front, each with a rule that the others have no part in."""
    source = (REPOSITORY / "policies/examples/regtest-open.toml").read_text()
    path = tmp_path / "own.toml"
    path.write_text(source[:source.index("[[rules]]")] + EACH_ITS_OWN)

    def pay(amount):
        return wallets.embit_psbt([wallets.Coin("wpkh", amount)], [(wallets.any_script(), amount - 1_000)]).to_string().encode()

    with Appliance(str(path)) as running:
        def ask(uid, psbt):
            status, document = sign(running, program, uid, psbt=psbt)
            return None if status == 0 else document["error"]["name"]

        def ask_front(psbt):
            try:
                running.run("sign", "-", stdin=psbt)
            except Refused as refusal:
                return refusal.name
            return None

        middle, large, small = pay(90_000), pay(5_000_000), pay(20_000)
        assert ask(ALICE, large) and ask_front(large) and ask(STRANGER, large) and ask(0, large)
        assert ask(BOB, large) is None
        assert ask(ALICE, middle) is None and ask_front(middle)
        assert ask_front(small) is None
        # What one was given the other does not fetch, though it was signed before; its own it gets again, for nothing.
        assert ask(ALICE, large) and ask_front(large) and ask(BOB, large) is None
        # The limit is that of the one rule.
        assert ask(ALICE, pay(60_001)) == "limit-exceeded" and ask(ALICE, pay(60_000)) is None
        assert ask(BOB, pay(90_000)) is None
        # A front that was taken over asks at its own socket, and is the front.
        request = wire.Request([wallets.Coin("wpkh", 90_000)], [(wallets.any_script(), 80_000)])
        frame = wire.frame(wire.SIGN, request.encode())
        kind, _ = speak(running, "gate.sock", FRONT, frame)
        assert kind == wire.GATE_REFUSED
        kind, _ = speak(running, "clients.sock", ALICE, frame, [GROUP])
        assert kind == wire.GATE_REFUSED, "her limit is used up"
        kind, _ = speak(running, "clients.sock", BOB, frame, [GROUP])
        assert kind == wire.SIGNED
        # The last of them is published a moment later, and the one before it was Bob's as well.
        assert charged(running, BOB, ALICE, FRONT, ALICE, BOB, BOB) and len(requesters(running)) == 6


def test_the_name_front_is_the_fronts_uid(tmp_path):
    """A policy that takes another uid for the front is no policy of this home; one that names it without its uid does not compile."""
    source = (REPOSITORY / "policies/examples/regtest-open.toml").read_text()
    wrong = tmp_path / "wrong.toml"
    wrong.write_text(source.replace("[[rules]]", "[requesters]\nfront = 1001\n\n[[rules]]", 1))
    with pytest.raises(Refused) as caught:
        Appliance(str(wrong))
    assert caught.value.name == "policy-invalid" and f"write front = {FRONT}" in caught.value.error["remedy"]
    right = tmp_path / "right.toml"
    right.write_text(source.replace("[[rules]]", f"[requesters]\nfront = {FRONT}\n\n[[rules]]", 1))
    shutil.rmtree(Appliance(str(right)).home)
    nameless = tmp_path / "nameless.toml"
    nameless.write_text(source.replace('max_fee = "0.01 BTC"', 'max_fee = "0.01 BTC"\nrequesters = ["front"]', 1))
    with pytest.raises((Refused, Failed)) as caught:
        portcullis("policy", "check", nameless)
    assert "front = 64103" in str(caught.value)
