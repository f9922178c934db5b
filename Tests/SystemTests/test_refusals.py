"""A hostile front: every lie about a request is refused by its stable name, and the session goes on.

The front here is a program of the test that speaks to gate.sock under the front's uid. Before each lie the honest request is
known to be good (the control at the end signs it), so that nothing is refused for another reason.
"""
import os
import secrets
import subprocess

import pytest

import wallets
import wire
from appliance import PLAIN_PYTHON
from refusals import NAMES


@pytest.fixture(scope="module")
def gate(opened):
    return opened.home / "run" / "gate.sock"


def honest(kind="wpkh", count=2):
    coins = [wallets.Coin(kind, 100_000 + n, index=n, filler=2) for n in range(count)]
    total = sum(c.amount for c in coins)
    change = (kind, 4, total - 60_000, wallets.script_of(kind, 1, 4))
    return wire.Request(coins, [(wallets.foreign_script(), 50_000)], change)


def ask(gate, request):
    payload = request if isinstance(request, bytes) else request.encode()
    with wire.Connection(gate) as connection:
        return wire.Answer(*connection.ask(wire.SIGN, payload))


def set_input(field, value, place=0):
    def change(request):
        request.inputs[place][field] = value(request.inputs[place][field]) if callable(value) else value
    return change


def leaf_to_sign(selector, inputs=2):
    def change(request):
        for one in request.inputs[:inputs]:
            one["selector"] = selector
            one["leaf"] = b"\x11" * 32 if selector == 1 else b""
    return change


def set_output(field, value, place=0):
    def change(request):
        request.outputs[place][field] = value(request.outputs[place][field]) if callable(value) else value
    return change


def set_field(field, value):
    return lambda request: setattr(request, field, value)


def drop_parent(request):
    request.parents.pop()


def double_parent(request):
    request.parents.append(request.parents[0])


def foreign_parent(request):
    request.parents.append(wire.legacy(wallets.funding((wallets.foreign_script(), 5_000))))


def spoil_parent(request):
    parent = bytearray(request.parents[0])
    parent[-1] ^= 1
    request.parents[0] = bytes(parent)


def cut_parent(request):
    request.parents[0] = request.parents[0][:-1]


def witness_parent(request):
    request.parents[0] = request.parents[0][:4] + b"\x00\x01" + request.parents[0][4:]


def duplicate_input(request):
    request.inputs[1] = dict(request.inputs[0])
    request.parents.pop()


def too_much_out(request):
    request.outputs[0]["amount"] = 10_000_000


def many_change(request):
    request.outputs[1]["amount"] = 1_000
    request.outputs += [dict(request.outputs[1]) for _ in range(11)]


def second_wallet(request):
    request.wallets.append(wire.wallet_id("tr"))
    script = wallets.script_of("tr", 1, 0).data
    request.outputs.append({"amount": 1_000, "script": script, "owner": (1, 1, 0)})


def to_script(hexadecimal):
    return set_output("script", bytes.fromhex(hexadecimal))


LIES = {
    "a lied amount": (set_input("amount", lambda a: a + 1), "amount-mismatch"),
    "a lied amount of a taproot input with its parent": (set_input("amount", lambda a: a - 1), "amount-mismatch", "tr"),
    "an input at another index": (set_input("index", 77), {"foreign-input", "script-mismatch"}),
    "an input on the other branch": (set_input("branch", 1), {"foreign-input", "script-mismatch"}),
    "an index beyond the wallet's": (set_input("index", 1_000_001), "index-out-of-range"),
    "a hardened index": (set_input("index", 1 << 31), "index-out-of-range"),
    "a branch that there is not": (set_input("branch", 2), "branch-out-of-range"),
    "an outpoint beyond the parent's outputs": (set_input("vout", 3), "outpoint-out-of-range"),
    "an outpoint of a foreign output": (set_input("vout", 1), {"amount-mismatch", "foreign-input", "script-mismatch"}),
    "a parent missing": (drop_parent, "missing-parent"),
    "a parent twice": (double_parent, "duplicate-parent"),
    "a parent that no input spends": (foreign_parent, "unused-parent"),
    "a parent with one bit changed": (spoil_parent, {"unused-parent", "missing-parent", "parent-mismatch"}),
    "a parent cut short": (cut_parent, {"malformed-parent", "unused-parent"}),
    "a parent with a witness": (witness_parent, {"malformed-parent", "unused-parent"}),
    "an input twice": (duplicate_input, "duplicate-input"),
    "change to a script that is not ours": (set_output("script", wallets.foreign_script().data, 1), "fraudulent-change"),
    "change at another index": (set_output("owner", (0, 1, 5), 1), "fraudulent-change"),
    "change beyond the wallet's index": (set_output("owner", (0, 1, 1_000_001), 1), {"index-out-of-range", "fraudulent-change"}),
    "change of another script kind": (set_output("script", wallets.script_of("tr", 1, 4).data, 1), "fraudulent-change"),
    "outputs over inputs": (too_much_out, "outputs-exceed-inputs"),
    "an output over 21 million": (set_output("amount", 2_100_000_000_000_001), "amount-out-of-range"),
    "an output that wraps the sum": (set_output("amount", (1 << 64) - 1), "amount-out-of-range"),
    "an input over 21 million": (set_input("amount", 2_100_000_000_000_001), {"amount-out-of-range", "amount-mismatch"}),
    "a payment of nothing": (set_output("amount", 0), "zero-value"),
    "SIGHASH_NONE": (set_input("sighash", 2), "sighash-not-in-rule"),
    "SIGHASH_SINGLE": (set_input("sighash", 3), "sighash-not-in-rule"),
    "SIGHASH_ALL with ANYONECANPAY": (set_input("sighash", 0x81), "anyone-can-pay-inputs"),
    "SIGHASH_DEFAULT on segwit v0": (set_input("sighash", 0), "sighash-not-permitted"),
    "SIGHASH_NONE on taproot": (set_input("sighash", 2), "sighash-not-in-rule", "tr"),
    "an unknown sighash byte": (set_input("sighash", 4), "sighash-not-permitted"),
    "another network": (set_field("network", 0), "wrong-network"),
    "a network that there is not": (set_field("network", 9), "wrong-network"),
    "transaction version 0": (set_field("transaction_version", 0), "transaction-version"),
    "transaction version 3": (set_field("transaction_version", 3), "transaction-version"),
    "a lock time in seconds": (set_field("lock_time", 500_000_000), "time-lock"),
    "a request of another version": (set_field("version", 3), "unsupported-version"),
    "a payment said to be a message": (set_field("version", 2), "malformed-request"),
    "an anti-exfil protocol that there is not": (set_field("anti_exfil", 2), "unsupported-anti-exfil"),
    "a commitment without its host nonce": (set_field("commitment", bytes(32)), "anti-exfil-nonce-mismatch"),
    "a kind of replacement that there is not": (set_field("replaces", 2), "unsupported-replacement"),
    "a leaf to sign for where there is none": (leaf_to_sign(1), "unsupported-selector"),
    "a leaf to sign for by one input alone": (leaf_to_sign(1, inputs=1), "mixed-selectors"),
    "a leaf to sign for of taproot without a tree": (leaf_to_sign(1), "unsupported-selector", "tr"),
    "a selector that version 1 has not": (leaf_to_sign(2), "unsupported-selector"),
    "a wallet of nobody": (set_field("wallets", [b"\x00" * 32]), "unknown-wallet"),
    "a byte too many at the end": (set_field("trailing", b"\x00"), "trailing-bytes"),
    "more change outputs than a signer believes": (many_change, "too-many-change-outputs"),
    "two wallets in one request": (second_wallet, "mixed-wallets"),
    "an output of an unknown witness version": (to_script("5220" + "ab" * 32), "unknown-output-script"),
    "an output to a bare public key": (to_script("21" + "02" * 33 + "ac"), "unknown-output-script"),
    "an empty script": (to_script(""), "unknown-output-script"),
    "value in an OP_RETURN": (to_script("6a0441424344"), {"data-output-not-permitted", "zero-value"}),
    "no inputs": (set_field("inputs", []), "nothing-to-sign"),
    "no outputs": (set_field("outputs", []), "too-many-outputs"),
}


@pytest.mark.parametrize("name", LIES)
def test_lie(gate, name):
    lie, expected, *kind = LIES[name]
    request = honest(*kind)
    lie(request)
    answer = ask(gate, request)
    assert not answer.signed
    names = expected if isinstance(expected, set) else {expected}
    assert NAMES.get(answer.code) in names, (answer.stage, answer.code, NAMES.get(answer.code))


@pytest.mark.parametrize("kind", ["wpkh", "tr"])
def test_control_the_honest_request_is_signed(gate, kind):
    answer = ask(gate, honest(kind))
    assert answer.signed and len(answer.signatures) == 2


def test_every_cut_of_a_request_is_refused_and_nothing_is_lost(gate):
    payload = honest().encode()
    with wire.Connection(gate) as connection:
        for count in range(0, len(payload), 7):
            assert not wire.Answer(*connection.ask(wire.SIGN, payload[:count])).signed
        assert wire.Answer(*connection.ask(wire.SIGN, payload)).signed


def test_random_bytes_never_stop_the_service(gate):
    payload = honest().encode()
    with wire.Connection(gate) as connection:
        for _ in range(300):
            spoiled = bytearray(payload)
            for _ in range(1 + secrets.randbelow(3)):
                spoiled[secrets.randbelow(len(spoiled))] ^= 1 << secrets.randbelow(8)
            wire.Answer(*connection.ask(wire.SIGN, bytes(spoiled)))
        assert wire.Answer(*connection.ask(wire.SIGN, payload)).signed


@pytest.mark.parametrize("raw", [
    b"\x00\x00\x00\x00\x21", b"\xff\xff\xff\xff\x21", b"\x01\x00\x00\x00\x03", b"\x01\x00\x00\x00\x04",
    b"\x01\x00\x00\x00\x77", b"\x02\x00\x00\x00\x22\x00", b"\x01\x00\x00\x00\x11",
])
def test_a_broken_frame_closes_the_session_and_only_that(gate, raw):
    with wire.Connection(gate) as connection:
        connection.socket.sendall(raw)
        with pytest.raises(EOFError):
            while True:
                kind, _ = connection.receive()
                assert kind == wire.GATE_REFUSED
    assert ask(gate, honest()).signed


@pytest.mark.parametrize("kind, right", [(wire.GATE_ADDRESS, 37), (wire.GATE_XPUB, 33)])
def test_a_question_for_a_key_of_another_size_locks_nobody(gate, kind, right):
    """A gate-xpub of 32 bytes was handed on to the signer, for which that is a breach: one frame of the front locked the appliance."""
    for count in {0, 1, 31, 32, 33, 34, 36, 37, 38, 63} - {right}:
        with wire.Connection(gate) as connection:
            answer = wire.Answer(*connection.ask(kind, bytes(count)))
        assert (answer.stage, NAMES[answer.code]) == (3, "malformed-frame"), count
    with wire.Connection(gate) as connection:
        question = wire.wallet_id("wpkh") + bytes(right - 32)
        assert connection.ask(kind, question)[0] == kind + 0x80
    assert ask(gate, honest()).signed


def test_another_uid_is_not_served(opened, gate):
    if os.geteuid() != 0:
        pytest.skip("needs root")
    program = ("import socket,sys\n"
               "s = socket.socket(socket.AF_UNIX)\n"
               "s.settimeout(5)\n"
               "try:\n"
               "    s.connect(sys.argv[1])\n"
               "    s.sendall(b'\\x01\\0\\0\\0\\x22')\n"
               "    head = s.recv(5)\n"
               "except OSError:\n"
               "    sys.exit(3)\n"
               "sys.exit(7 if head[4:5] == b'\\xa2' else 3)\n")
    run = subprocess.run([PLAIN_PYTHON, "-c", program, str(gate)], user=65534, group=65534, extra_groups=[], timeout=20)
    assert run.returncode == 3
