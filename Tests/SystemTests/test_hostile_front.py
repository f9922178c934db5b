"""Who took the front over answers what they like: the command line shows, writes and believes none of it."""
import base64
import contextlib
import hashlib
import json
import os
import pathlib
import shutil
import socket
import struct
import subprocess
import tempfile
import threading
import time

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

import wallets
from appliance import BUILD, PASSPHRASE, Appliance, Refused
from conftest import root_only


def take(connection, count):
    found = b""
    while len(found) < count:
        piece = connection.recv(count - len(found))
        if not piece:
            raise EOFError
        found += piece
    return found


def receive(connection):
    """A document and the bytes behind it (docs/cli.md, front.sock)."""
    count, attached = struct.unpack("<II", take(connection, 8))
    if not count + attached:
        return receive(connection)  # the front says that it is at work
    return json.loads(take(connection, count)), take(connection, attached)


def send(connection, document, attachment):
    body = json.dumps(document).encode()
    connection.sendall(struct.pack("<II", len(body), len(attachment)) + body + attachment)


class StolenFront:
    """Sits at front.sock, asks the real front, and answers with what `lie` makes of document and attachment."""

    def __init__(self, home):
        self.path = home / "run/front.sock"
        self.real = home / "run/real.sock"
        self.lie = changed()
        os.rename(self.path, self.real)
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(self.path))
        self.listener.listen(16)
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            with client, socket.socket(socket.AF_UNIX) as front, contextlib.suppress(EOFError, OSError):
                question = receive(client)
                front.connect(str(self.real))
                send(front, *question)
                send(client, *self.lie(*receive(front)))

    def close(self):
        self.listener.close()
        os.rename(self.real, self.path)


@pytest.fixture
def stolen(opened):
    front = StolenFront(opened.home)
    yield front
    front.close()


def payment(salt, amount=100_000):
    """Its fee is 1,000 and the salt, whatever the amount."""
    coin = wallets.Coin("wpkh", amount + salt, index=2)
    return wallets.embit_psbt([coin], [(wallets.foreign_script(), amount - 60_000)], ("wpkh", 3, 59_000))


def forged(receipt):
    """The same receipt by a key of the forger's own."""
    key = Ed25519PrivateKey.generate()
    public = key.public_key().public_bytes_raw()
    proof, checkpoint, _ = receipt.split("\n\n")
    lines = proof.split("\n")
    extra = base64.b64decode(lines[1].removeprefix("extra "))
    lines[1] = "extra " + base64.b64encode(extra[:1] + public + extra[33:]).decode()
    name = checkpoint.split("\n")[0]
    number = hashlib.sha256(name.encode() + b"\n\x01" + public).digest()[:4]
    signature = base64.b64encode(number + key.sign(checkpoint.encode() + b"\n")).decode()
    return "\n".join(lines) + f"\n\n{checkpoint}\n\n\u2014 {name} {signature}\n"


def changed(result=None, **fields):
    def lie(reply, attachment):
        for values in reply.values():
            values["_0"] |= fields
        return reply, attachment if result is None else result
    return lie


def test_an_address_is_only_shown_if_it_is_ours(opened, stolen):
    assert opened.run("wallet address", "segwit")["verified"]
    theirs = wallets.foreign_script()
    stolen.lie = changed(address=theirs.address(wallets.NETWORKS["regtest"]), script=theirs.data.hex())
    with pytest.raises(Refused) as caught:
        opened.run("wallet address", "segwit")
    assert caught.value.name == "answer-mismatch"
    assert theirs.address(wallets.NETWORKS["regtest"]) not in str(caught.value)
    # One of ours, but another one than was asked for.
    stolen.lie = changed(index=7)
    with pytest.raises(Refused):
        opened.run("wallet address", "segwit")
    stolen.lie = changed(verified=False)
    with pytest.raises(Refused):
        opened.run("wallet address", "segwit")


@pytest.mark.parametrize("flags", [[], ["--finalize"]])
def test_a_result_that_is_not_of_the_payment_is_not_written(opened, stolen, tmp_path, flags):
    salt = 10 * len(flags)
    other = opened.sign(payment(salt + 1), *flags)
    alike = opened.sign(payment(salt + 2, amount=200_000), *flags)
    given = tmp_path / "given.psbt"
    given.write_bytes(payment(salt + 2).serialize())
    out = tmp_path / "out"
    theirs = bytes.fromhex(other["transaction"]) if flags else base64.b64decode(other["psbt"])
    lies = {
        "another result": {"result": theirs},
        "no result": {"result": b""},
        "no result of any kind": {"result": b"nothing"},
        "another kind of result": {"finalized": not flags},
        "another receipt": {"receipt": other["receipt"]},
        "the receipt of a payment with the same fee": {"receipt": alike["receipt"]},
        "no receipt": {"receipt": ""},
        "another transaction id": {"txid": other["txid"]},
        "another fee": {"fee": 1},
        "all of another payment": {"result": theirs} | {k: other[k] for k in ("receipt", "txid", "fee")},
    }
    for name, fields in lies.items():
        stolen.lie = changed(**fields)
        with pytest.raises(Refused):
            opened.run("sign", given, "-o", out, *flags)
            pytest.fail(name)
        assert not out.exists() and not (tmp_path / "out.receipt").exists(), name
    # The control: the truth goes through the same hands.
    stolen.lie = changed()
    opened.run("sign", given, "-o", out, *flags)
    assert out.exists() and (tmp_path / "out.receipt").exists()


def test_a_receipt_by_another_key_is_not_written(opened, stolen, tmp_path):
    """All of it is about the payment; only the log never said so."""
    given, out = tmp_path / "given.psbt", tmp_path / "out"
    given.write_bytes(payment(33).serialize())
    kept = []

    def lie(reply, attachment):
        for values in reply.values():
            values["_0"]["receipt"] = forged(values["_0"]["receipt"])
            kept.append(values["_0"]["receipt"])
        return reply, attachment

    stolen.lie = lie
    with pytest.raises(Refused) as caught:
        opened.run("sign", given, "-o", out)
    assert caught.value.name == "receipt-invalid"
    assert not out.exists() and not (tmp_path / "out.receipt").exists()
    # The control: the forgery is sound in itself, and goes by its own key.
    (tmp_path / "forged").write_text(kept[0])
    assert opened.run("audit receipt", tmp_path / "forged")["ok"]
    with pytest.raises(Refused):
        opened.run("audit receipt", tmp_path / "forged", "--vkey", (opened.home / "public/log.vkey").read_text().strip())


@pytest.mark.parametrize("reply", [
    {"failed": {"message": "\x1b]0;owned\x07\x1b[2J\x9b1m\u202e"}},
    {"refused": {"_0": {"name": "\x1b[8m", "code": 1, "stage": "\x1b[8m", "message": "\x1b[8m\r", "remedy": "\x1b[8m"}}},
])
def test_nothing_that_steers_a_terminal_comes_out(opened, stolen, reply):
    stolen.lie = lambda *_: (reply, b"")
    run = subprocess.run([str(BUILD / "portcullis"), "wallet", "address", "segwit", "--home", opened.home], capture_output=True)
    assert run.returncode != 0 and b"\\u{1b}" in run.stderr
    for text in (run.stdout, run.stderr):
        for steering in ("\x1b", "\x07", "\r", "\x9b", "\u202e"):
            assert steering.encode() not in text


def test_no_key_of_a_log_is_believed_from_the_front():
    with Appliance("regtest-open") as running:
        keys = running.home / "public/log.vkey"
        before = keys.read_text()
        front = StolenFront(running.home)

        def lie(reply, attachment):
            if "status" in reply and reply["status"]["_0"]["signerPhase"] != "sealed":
                reply["status"]["_0"] |= {"logNumber": 1, "auditKey": "aa" * 32}
            return reply, attachment

        front.lie = lie
        running.run("refill", "--amount", 5_000_000_000, secrets=[("--passphrase-fd", PASSPHRASE)])
        assert keys.read_text() == before
        # A true recovery notes the key that the signer itself names, and audits go on to hold.
        running.run("recover", secrets=[("--passphrase-fd", PASSPHRASE)])
        front.close()
        assert len(keys.read_text().splitlines()) == 2 and "a" * 43 not in keys.read_text()
        deadline = time.monotonic() + 10
        while not (running.home / "gate/log-1/checkpoint").exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        assert [log["number"] for log in running.run("audit verify")["logs"]] == [0, 1]
        # Somebody who changes the file is found out by the next unlock.
        lines = keys.read_text().splitlines()
        keys.write_text(lines[0] + "\n" + lines[0] + "\n")
        running.run("lock")
        with pytest.raises(Refused) as caught:
            running.unlock()
        assert caught.value.name == "log-key-mismatch"


def test_results_have_the_modes_that_the_caller_wants(opened, tmp_path):
    def sign(out, umask):
        run = subprocess.run(
            [str(BUILD / "portcullis"), "sign", "-", "-o", out, "--home", opened.home],
            input=payment(90).to_string().encode(), umask=umask, capture_output=True,
        )
        return run.returncode

    out = tmp_path / "out.psbt"
    assert sign(out, 0o077) == 0
    assert out.stat().st_mode & 0o777 == 0o600 and (tmp_path / "out.psbt.receipt").stat().st_mode & 0o777 == 0o600
    # What is there keeps its modes.
    out.chmod(0o640)
    assert sign(out, 0o022) == 0 and out.stat().st_mode & 0o777 == 0o640
    assert sign(tmp_path / "open.psbt", 0o022) == 0 and (tmp_path / "open.psbt").stat().st_mode & 0o777 == 0o644


@root_only
def test_the_command_line_that_holds_a_passphrase_leaves_no_core(request):
    # Another user must be able to come here.
    programs = pathlib.Path(tempfile.mkdtemp(prefix="portcullis-test-"))
    request.addfinalizer(lambda: shutil.rmtree(programs))
    programs.chmod(0o755)
    for name in ("portcullis", "portcullis-signer", "portcullis-gate", "portcullis-front"):
        shutil.copy(BUILD / name, programs)
    with Appliance("regtest-open").start(unlock=False) as running:
        reading, writing = os.pipe()
        waiting = subprocess.Popen(
            [str(programs / "portcullis"), "up", "--home", running.home, "--passphrase-fd", str(reading)],
            pass_fds=[reading], user=65534, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )
        control = subprocess.Popen(["sleep", "60"], user=65534)
        try:
            time.sleep(1)
            limits = open(f"/proc/{waiting.pid}/limits").read()
            core = next(line for line in limits.splitlines() if "core" in line).split()
            assert core[4:6] == ["0", "0"]
            # The kernel gives root what belongs to a process that may not be looked into.
            assert os.stat(f"/proc/{waiting.pid}/mem").st_uid == 0
            assert os.stat(f"/proc/{control.pid}/mem").st_uid == 65534
        finally:
            for process in (waiting, control):
                process.kill()
                process.wait()
            os.close(reading)
            os.close(writing)
