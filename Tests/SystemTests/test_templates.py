"""The shipped signer on wallets of every kind: what it signs is valid for Bitcoin Core's engine, and what is not the wallet's is refused.

The bundle is laid out by hand and the signer is asked over its own protocol, so that nothing of ours stands between.
"""
import pytest

import bare
import judge
import wire
from conftest import figure
from templates import (AGGREGATE, PKH, SH, SH_WPKH, SH_WSH, TREE, WSH, X_ONLY_HASH, Files, Key, Payment, Wallet, fixed, multi,
                       multi_a, other, own, pk)
from wire import u32

LEGACY = [44 | 1 << 31, 1 | 1 << 31, 0 | 1 << 31]
ALL = {
    "pkh": Wallet(PKH, [Key(1, LEGACY)]),
    "sh(wpkh)": Wallet(SH_WPKH, [Key(1, LEGACY)]),
    "sh(multi)": Wallet(SH, [own(1), other(2), own(3)], [multi(2, [2, 1, 0])]),
    "sh(sortedmulti)": Wallet(SH, [own(1), own(2), other(3)], [multi(2, [0, 1, 2], [(0, 3)])]),
    "wsh(multi)": Wallet(WSH, [own(1), own(2, []), fixed(3)], [multi(2, [0, 1, 2])]),
    "wsh(sortedmulti)": Wallet(WSH, [own(1), own(2, [7]), other(3)], [multi(2, [0, 1, 2], [(0, 3)])]),
    "sh(wsh(sortedmulti))": Wallet(SH_WSH, [own(1), own(2), other(3, None)], [multi(2, [0, 1, 2], [(0, 3)])]),
    "tr(own,{pk,sortedmulti_a})": Wallet(TREE, [own(1), own(2), own(3), other(4)], [
        pk(1, 1), multi_a(2, [1, 2, 3], 1, [(0, 3)])]),
    "tr(musig,{pk,pk})": Wallet(TREE, [Key(AGGREGATE, [1, 2], None), own(1), other(2)], [pk(1, 1), pk(2, 1)]),
    "tr(musig/<0;1>/*,{pk,multi_a})": Wallet(TREE, [Key(AGGREGATE, [2, 3]), own(1), other(2, None), fixed(3), own(4, None)], [
        pk(4, 1), multi_a(2, [1, 0, 4], 1)]),
    "tr(other,{{pkh,multi_a},pk})": Wallet(TREE, [other(1), own(2), own(3), other(4)], [
        pk(1, 2, X_ONLY_HASH), multi_a(2, [3, 2, 1], 2), pk(3, 1)]),
}
# What of each is spent: a leaf's place, or nothing for the key or the only script.
SPENDS = [(name, None if wallet.kind in (PKH, SH_WPKH) else 0) for name, wallet in ALL.items() if wallet.kind != TREE] + [
    ("tr(own,{pk,sortedmulti_a})", None), ("tr(own,{pk,sortedmulti_a})", 0), ("tr(own,{pk,sortedmulti_a})", 1),
    ("tr(musig,{pk,pk})", 0), ("tr(musig/<0;1>/*,{pk,multi_a})", 0), ("tr(musig/<0;1>/*,{pk,multi_a})", 1),
    ("tr(other,{{pkh,multi_a},pk})", 0), ("tr(other,{{pkh,multi_a},pk})", 1)]


@pytest.fixture(scope="module")
def signer():
    files = Files(list(ALL.values()))
    with bare.Signer(files) as running:
        running.log = bare.ready(running)
        yield running
    files.remove()


def pay(signer, payment, slot=0):
    answer = bare.Assessed(signer.ask(bare.ASSESS, bare.assess(payment, slot=slot))[1])
    assert answer.verdict == 1, answer.code
    log = signer.log
    offset = len(log) - log.shown
    entry = bare.new_entry(payment, slot, offset, log.charge(answer.leaf))
    kind, reply = signer.ask(bare.RELEASE, bare.release(log, entry))
    assert kind == bare.RELEASED, bare.Refusal(reply).code
    log.shown = len(log)
    assert reply[104:106] == b"\x01\x00"
    count = int.from_bytes(reply[106:108], "little")
    assert len(reply) == 108 + 64 * count
    return [reply[108 + 64 * n:172 + 64 * n] for n in range(count)]


def refused(signer, payment):
    answer = bare.Assessed(signer.ask(bare.ASSESS, bare.assess(payment, slot=9))[1])
    assert answer.verdict == 2
    return answer.code


@pytest.mark.parametrize("name, leaf", SPENDS)
def test_the_engine_takes_what_is_signed(signer, name, leaf):
    wallet = ALL[name]
    for sighash in ([0, 1] if wallet.is_taproot else [1]):
        payment = Payment(wallet, [(0, 0), (1, 1_000), (1, 5)], leaf, sighash, salt=f"{name}{leaf}{sighash}".encode())
        signatures = pay(signer, payment)
        raw, prevouts = payment.signed(signatures)
        assert judge.accepts(raw, prevouts)
        # The control: signatures in another order, or another amount, and the engine takes nothing.
        if len(signatures) > 3:
            assert not judge.accepts(payment.signed(signatures[::-1])[0], prevouts)
        wrong = [(amount + 1, text) for amount, text in prevouts]
        if wallet.kind not in (PKH, SH):
            assert not judge.accepts(raw, wrong)
        damaged = [bytes(63) + b"\x01", *signatures[1:]]
        assert not judge.accepts(payment.signed(damaged)[0], prevouts)


@pytest.mark.parametrize("name", ALL)
def test_addresses_are_those_of_the_scripts(signer, name):
    wallet = ALL[name]
    for branch, index in [(0, 0), (1, 0), (0, 1_000), (1, 77)]:
        kind, reply = signer.ask(bare.ADDRESS, wallet.id + bytes([branch]) + u32(index))
        assert kind == 0x86 and reply[2:] == wallet.script(branch, index)
    kind, reply = signer.ask(bare.ADDRESS, wallet.id + b"\x00" + u32(1_001))
    assert kind == wire.REFUSED


def test_what_is_not_the_wallets_or_not_ours_is_refused(signer):
    multi_wallet, tree, musig = ALL["wsh(multi)"], ALL["tr(other,{{pkh,multi_a},pk})"], ALL["tr(musig,{pk,pk})"]
    fraudulent_change, unknown_leaf, mixed, no_key_path, no_leaf = 25, 42, 41, 43, 46

    def payment(wallet, leaf=None, claims=((0, 3), (1, 4))):
        return Payment(wallet, list(claims), leaf, salt=b"refused")

    def changed(wallet, leaf, change):
        made = payment(wallet, leaf)
        change(made)
        return made

    def leaf_of(made, place, other_wallet, branch, index, leaf):
        made.inputs[place]["leaf"] = other_wallet.leaf_hash(leaf, other_wallet.derived(branch, index))

    def key_path(made, places):
        for place in places:
            made.inputs[place]["selector"], made.inputs[place]["leaf"] = 0, b""

    swapped = Wallet(WSH, [own(1), own(2, []), fixed(3)], [multi(2, [1, 0, 2])])
    others = Wallet(WSH, [own(1), own(2, []), fixed(4)], [multi(2, [0, 1, 2])])
    stranger = Wallet(TREE, [other(1), own(5), own(3), other(4)], tree.leaves)
    cases = {
        "keys swapped": (fraudulent_change, changed(multi_wallet, 0, lambda p: p.outputs[1].update(script=swapped.script(1, 4)))),
        "a cosigner exchanged": (fraudulent_change, changed(multi_wallet, 0, lambda p: p.outputs[1].update(script=others.script(1, 4)))),
        "another index": (fraudulent_change, changed(multi_wallet, 0, lambda p: p.outputs[1].update(script=multi_wallet.script(1, 5)))),
        "another branch": (fraudulent_change, changed(multi_wallet, 0, lambda p: p.outputs[1].update(script=multi_wallet.script(0, 4)))),
        "a leaf of another wallet": (unknown_leaf, changed(tree, 0, lambda p: leaf_of(p, 0, stranger, 0, 3, 0))),
        "a leaf of another index": (unknown_leaf, changed(tree, 0, lambda p: leaf_of(p, 0, tree, 0, 4, 0))),
        "a leaf without our key": (no_leaf, changed(tree, 0, lambda p: leaf_of(p, 0, tree, 0, 3, 2))),
        "one input by the key path": (mixed, changed(tree, 0, lambda p: key_path(p, [1]))),
        "the key path of a cosigner": (no_key_path, changed(tree, 0, lambda p: key_path(p, [0, 1]))),
        "the key path of an aggregate": (no_key_path, changed(musig, 0, lambda p: key_path(p, [0, 1]))),
    }
    for name, (code, made) in cases.items():
        assert refused(signer, made) == code, name
    # The control: untouched, each is allowed.
    for wallet, leaf in ((multi_wallet, 0), (tree, 0), (musig, 0)):
        assert bare.Assessed(signer.ask(bare.ASSESS, bare.assess(payment(wallet, leaf), slot=9))[1]).verdict == 1


def test_work_beyond_the_limits_is_refused(signer):
    wide, legacy = ALL["sh(wsh(sortedmulti))"], ALL["pkh"]
    made = Payment(legacy, [(0, 0)], salt=b"wide")
    made.inputs = made.inputs * 1_279
    for place, one in enumerate(made.inputs):
        made.inputs[place] = {**one, "vout": place}
    made.outputs = made.outputs[:1]
    assert refused(signer, made) == 45
    made.inputs = made.inputs[:-4]
    # Fewer: it is the parent that is missing now, which only the front's lie makes so.
    assert refused(signer, made) != 45
    made = Payment(wide, [(0, 0)], 0, salt=b"time")
    made.lock_time = 500_000_000
    assert bare.Assessed(signer.ask(bare.ASSESS, bare.assess(made, slot=9))[1]).verdict == 1
    made = Payment(legacy, [(0, 0)], salt=b"time")
    made.lock_time = 500_000_000
    assert refused(signer, made) == 33


def test_the_figures(signer):
    figure(f"templates: {len(ALL)} wallets, {len(SPENDS)} ways to spend, each taken by the engine")
