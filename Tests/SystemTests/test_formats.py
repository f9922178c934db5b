"""What stands in the log, read by programs that share nothing with us: the admins' signatures, the clock's word, the size."""
import ctypes
import os
import pathlib
import shutil
import subprocess
import sys

import pytest
from embit.transaction import Transaction

import wallets
from appliance import PASSPHRASE, REPOSITORY, Appliance

JUDGES = REPOSITORY / "Tests/Judges"
sys.path.insert(0, str(JUDGES))
log_verify = pytest.importorskip("log_verify")
PAID = {}


@pytest.fixture(scope="module")
def refilled(tmp_path_factory):
    """A stopped appliance whose log has payments and a refill."""
    running = Appliance("regtest-open").start()
    try:
        for kind, count in (("wpkh", 1), ("wpkh", 7), ("tr", 1), ("tr", 7)):
            made = wallets.embit_psbt(
                [wallets.Coin(kind, 50_000, index=n) for n in range(count)], [(wallets.any_script(), 20_000)],
                change=(kind, 3, 50_000 * count - 21_000))
            answer = running.sign(made, "--finalize")
            PAID[answer["txid"]] = kind, answer["transaction"]
        running.run("refill", "--amount", 123_456_789, secrets=[("--passphrase-fd", PASSPHRASE)])
        running.wait_for("ready")
        clock = adjtimex()
        running.stop()
        yield running, clock
    finally:
        running.stop()
        shutil.rmtree(running.home, ignore_errors=True)


def judge(running, bundle=None):
    log = running.logs()[0]
    arguments = ["admins", log, running.home / "public/log.vkey", bundle or running.home / "public/bundle.bin"]
    return subprocess.run([sys.executable, JUDGES / "log_verify.py", *map(str, arguments)], capture_output=True, text=True)


def refill_leaf(running):
    log = pathlib.Path(running.logs()[0])
    for path in sorted(log.glob("tile/entries/**/*")):
        if path.is_file():
            for leaf in log_verify.entries(path.read_bytes()):
                if leaf[0] == 6 and leaf[18] == 2:
                    return leaf
    raise AssertionError("no refill in the log")


def test_a_refill_carries_signatures_that_two_programs_verify(refilled):
    running, _ = refilled
    audit = running.run("audit verify")["logs"][0]
    assert audit["adminEvents"] == 1 and audit["adminsChecked"] is True
    verdict = judge(running)
    assert verdict.returncode == 0 and "1 refills, 0 recoveries" in verdict.stdout, verdict.stdout


def test_without_the_bundle_the_audit_says_that_it_did_not_look(refilled):
    running, _ = refilled
    bundle = running.home / "public/bundle.bin"
    away = bundle.with_suffix(".away")
    bundle.rename(away)
    try:
        audit = running.run("audit verify")["logs"][0]
        assert audit["adminEvents"] == 1 and audit["adminsChecked"] is False
    finally:
        away.rename(bundle)


def test_another_bundle_is_not_the_one_that_the_admins_signed_under(refilled, tmp_path):
    running, _ = refilled
    data = bytearray((running.home / "public/bundle.bin").read_bytes())
    data[110] ^= 1  # in the admin's key
    changed = tmp_path / "bundle.bin"
    changed.write_bytes(bytes(data))
    verdict = judge(running, changed)
    assert verdict.returncode == 1 and verdict.stdout.startswith("REFUSED"), verdict.stdout


@pytest.mark.parametrize("place", [19, 51, 55, 63, 95, 103, 135, 160, -40])
def test_a_refill_with_a_byte_changed_is_nobodys_word(refilled, place):
    running, _ = refilled
    leaf = refill_leaf(running)
    bundle = log_verify.Bundle((running.home / "public/bundle.bin").read_bytes())
    assert log_verify.check_event(leaf, bundle) == "refill"
    forged = bytearray(leaf)
    forged[place] ^= 1
    with pytest.raises(log_verify.Refused):
        log_verify.check_event(bytes(forged), bundle)
    # Without signatures at all, and under admins who did not sign.
    bare = leaf[:155] + b"\x00\x00" + leaf[-32:]
    with pytest.raises(log_verify.Refused, match="quorum"):
        log_verify.check_event(bare, bundle)
    bundle.admins = [bytes(51)]
    with pytest.raises(log_verify.Refused, match="somebody else"):
        log_verify.check_event(leaf, bundle)


def adjtimex():
    """(whether the kernel calls the clock synchronised, its maximal error in microseconds), from libc."""
    buffer = (ctypes.c_char * 256)()
    assert ctypes.CDLL(None, use_errno=True).adjtimex(buffer) >= 0, os.strerror(ctypes.get_errno())
    field = lambda offset, kind: kind.from_buffer(buffer, offset).value
    # struct timex on 64-bit Linux: modes, offset, freq, maxerror, esterror, status.
    return field(40, ctypes.c_int) & 0x40 == 0, field(24, ctypes.c_long)


def test_the_leaves_say_of_the_clock_what_the_kernel_says(refilled):
    running, (synchronized, error) = refilled
    leaves = [e for e in running.run("audit show")["entries"] if "logTime" in e]
    assert leaves
    for leaf in leaves:
        assert leaf["clockSynchronized"] is synchronized
        # It grows by 500 us a second where nobody disciplines the clock, up to 16 s.
        assert abs(leaf.get("clockErrorMicroseconds", 2**32 - 1) - error) < 2_000_000


def test_the_size_in_the_leaf_is_that_of_the_finalized_transaction(refilled):
    running, _ = refilled
    leaves = [e for e in running.run("audit show")["entries"] if e["kind"] == "decision"]
    assert {e["txid"] for e in leaves} == set(PAID)
    for leaf in leaves:
        kind, text = PAID[leaf["txid"]]
        # The front gives no parents where taproot signatures commit to all amounts.
        assert leaf["amountsChecked"] is (kind == "wpkh")
        transaction = Transaction.from_string(text)
        total = len(transaction.serialize())
        signatures = [item for spend in transaction.vin for item in spend.witness.items if len(item) > 40]
        # An ECDSA signature that is shorter than 71 bytes by chance counts as 71.
        ecdsa = [len(item) for item in signatures if item[0] == 0x30]
        total += sum(71 - length for length in ecdsa)
        for spend in transaction.vin:
            spend.witness.items = []
        base = len(transaction.serialize())
        assert leaf["vsize"] == -(-(3 * base + total) // 4)
