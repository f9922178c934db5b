"""R23 … R39 of reference/refusals.md: sighash types and the form of transaction and PSBT."""
import base64
import copy
import hashlib

import judge
import pytest
import wallets
import wire
from appliance import b64, prevouts
from attacks import TEMPLATES, box, changed, embit_payment  # noqa: F401
from embit import psbt, script
from embit.transaction import Transaction, TransactionInput, TransactionOutput
from templates import compact
from wire import u32, u64

NAMES = ["small", "taproot", "legacy", "nested", "vault", "tree"]
# No rule of this policy permits a type, and some types are refused whatever a rule says.
REFUSED = ("sighash-not-permitted", "sighash-not-in-rule", "sighash-single-without-output", "anyone-can-pay-inputs")
NONE, SINGLE, ANYONE = 2, 3, 0x80


def types(request, kind, places=None):
    def change(request):
        for place, one in enumerate(request.inputs):
            if places is None or place in places:
                one["sighash"] = kind
    return changed(request, change)


def refuses_type(box, name, kind):
    """In all inputs, in one alone, and in a transaction of one input."""
    honest = box.payment(name)
    for places in (None, [0], [1]):
        box.refuses(types(honest, kind, places), *REFUSED)
    box.refuses(types(box.payment(name, [(0, 0)]), kind), *REFUSED)
    assert box.signs(honest)


@pytest.mark.parametrize("name", NAMES)
def test_r23_sighash_none(box, name):
    refuses_type(box, name, NONE)


@pytest.mark.parametrize("name", NAMES)
def test_r24_sighash_single(box, name):
    refuses_type(box, name, SINGLE)
    # The input without an output at its place: a legacy signature would be of the number one.
    alone = box.payment(name)
    alone.outputs.pop()
    box.refuses(types(alone, SINGLE, [1]), *REFUSED)


@pytest.mark.parametrize("name", NAMES)
def test_r25_anyone_can_pay(box, name):
    for kind in (1 | ANYONE, NONE | ANYONE, SINGLE | ANYONE):
        refuses_type(box, name, kind)


@pytest.mark.parametrize("name", NAMES)
def test_r26_consolidation_with_another_type(box, name):
    """All goes back to us today; tomorrow it need not."""
    consolidation = box.payment(name)
    consolidation.outputs.pop(0)
    for kind in (NONE, SINGLE, 1 | ANYONE, NONE | ANYONE, SINGLE | ANYONE):
        box.refuses(types(consolidation, kind), *REFUSED)
        box.refuses(types(consolidation, kind, [1]), *REFUSED)
    assert box.signs(consolidation)


@pytest.mark.parametrize("name", NAMES)
def test_r27_unknown_sighash_bytes(box, name):
    honest = box.payment(name)
    good = {0, 1} if TEMPLATES[name].is_taproot else {1}
    for kind in set(range(256)) - good:
        box.refuses(types(honest, kind), *REFUSED)
    for kind in good:
        assert box.signs(types(honest, kind))


def test_r27_unknown_sighash_types_in_a_psbt(box):
    """The field has four bytes there; all of them count."""
    for kind, good in (("wpkh", 1), ("tr", 0)):
        made = embit_payment(kind)
        for number in (NONE, SINGLE, 4, 0x40, 0x80, 0x81, 0x82, 0x83, 0x101, 0x80000001, 0xFFFFFFFF):
            spoiled = changed(made, lambda p: setattr(p.inputs[0], "sighash_type", number))
            box.refuses_psbt(spoiled, *REFUSED, "malformed-psbt")
        made.inputs[0].sighash_type = good
        assert box.sign(made)


def test_r28_wrong_byte_in_the_returned_signature(box):
    """The byte that stands behind each signature is the one agreed, and the engine takes no other."""
    for kind, asked, byte in (("wpkh", None, b"\x01"), ("wpkh", 1, b"\x01"), ("tr", None, b""), ("tr", 1, b"\x01")):
        made = embit_payment(kind)
        if asked is not None:
            for place in made.inputs:
                place.sighash_type = asked
        final = Transaction.parse(bytes.fromhex(box.sign(made, "--finalize")["transaction"]))
        signed = psbt.PSBT.from_string(box.sign(made)["psbt"])
        for place, spend in zip(signed.inputs, final.vin):
            found = list(place.partial_sigs.values())[0] if kind == "wpkh" else spend.witness.items[0]
            assert found == spend.witness.items[0] and (found[-1:] == byte if kind == "wpkh" else found[64:] == byte)
        assert judge.accepts(final.serialize(), prevouts(made))
        for other in (b"\x02", b"\x03", b"\x81", b"\x00", b""):
            swapped = copy.deepcopy(final)
            found = swapped.vin[0].witness.items[0]
            swapped.vin[0].witness.items[0] = (found[:64] if kind == "tr" else found[:-1]) + other
            if swapped.vin[0].witness.items[0] != found:
                assert not judge.accepts(swapped.serialize(), prevouts(made))


@pytest.mark.parametrize("name", NAMES)
def test_r29_transaction_version(box, name):
    honest = box.payment(name)
    for version in (0, 3, 4, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF):
        box.refuses(changed(honest, lambda r: setattr(r, "transaction_version", version)), "transaction-version")
    for version in (1, 2):
        assert box.signs(changed(honest, lambda r: setattr(r, "transaction_version", version)))


@pytest.mark.parametrize("name", ["small", "taproot", "legacy", "nested"])
def test_r30_time_based_lock(box, name):
    """Only wallets of scripts, which may ask for a time themselves (BIP-65), may have one; no rule depends on a lock time."""
    honest = box.payment(name)
    for lock in (500_000_000, 0x7FFFFFFF, 0xFFFFFFFF):
        for sequence in (0xFFFFFFFD, 0xFFFFFFFF, 0):
            box.refuses(changed(honest, lambda r: (setattr(r, "lock_time", lock), r.inputs[0].update(sequence=sequence))), "time-lock")
    assert box.signs(changed(honest, lambda r: setattr(r, "lock_time", 499_999_999)))


def test_r31_lock_without_effect(box):
    """No rule asks for a lock, so none can be fooled; whoever looks at the PSBT is told."""
    for sequence, words in ((0xFFFFFFFF, "no effect"), (0xFFFFFFFE, "not before block 800000")):
        made = embit_payment("wpkh", locktime=800_000, sequence=sequence)
        shown = box.run("psbt inspect", "-", stdin=made.to_string().encode())
        assert any(words in remark for remark in shown["remarks"]), shown["remarks"]
        final = bytes.fromhex(box.sign(made, "--finalize")["transaction"])
        assert judge.accepts(final, prevouts(made))
        assert Transaction.parse(final).locktime == 800_000


@pytest.mark.parametrize("name", ["small", "taproot"])
def test_r33_duplicate_inputs(box, name):
    """Far behind the first hundred, where a signer with a small memory has forgotten the first; and among few."""
    many = box.payment(name, [(0, 0)])
    coin = TransactionOutput(1_000, script.Script(TEMPLATES[name].script(0, 0)))
    parent = Transaction(version=2, vin=[TransactionInput(bytes(31) + b"\x07", 0)], vout=[coin] * 3_000, locktime=0)
    one = dict(many.inputs[0], txid=bytes(reversed(parent.txid())), amount=1_000)
    many.inputs, many.parents = [dict(one, vout=n) for n in range(3_000)], [wire.legacy(parent)]
    many.outputs[0]["amount"], many.outputs[1]["amount"] = 2_000_000, 900_000
    for twice in (0, 1, 1_500, 2_998):
        box.refuses(changed(many, lambda r: r.inputs[2_999].update(vout=twice)), "duplicate-input")
    few = box.payment(name)
    box.refuses(changed(few, lambda r: (r.inputs.__setitem__(1, r.inputs[0]), r.parents.pop())), "duplicate-input")
    # The same coin by another claim is the same coin.
    box.refuses(changed(few, lambda r: (r.inputs.__setitem__(1, dict(r.inputs[0], index=1)), r.parents.pop())), "duplicate-input")
    assert box.signs(few) and len(box.signs(many).signatures) == 3_000


class Maps:
    """A PSBT as its maps of keys and values, which may hold what they like."""

    def __init__(self, raw):
        self.maps, at = [[]], 5

        def number():
            nonlocal at
            width = {0xFD: 2, 0xFE: 4}.get(raw[at], 0)
            value = int.from_bytes(raw[at + 1:at + 1 + width], "little") if width else raw[at]
            at += 1 + width
            return value

        def take(count):
            nonlocal at
            at += count
            return raw[at - count:at]
        while at < len(raw):
            if count := number():
                self.maps[-1].append((take(count), take(number())))
            else:
                self.maps.append([])
        assert self.maps.pop() == []

    def raw(self):
        def text(data):
            return compact(len(data)) + data
        return b"psbt\xff" + b"".join(b"".join(text(k) + text(v) for k, v in one) + b"\0" for one in self.maps)

    def with_pair(self, place, key, value):
        made = copy.deepcopy(self)
        made.maps[place].append((key, value))
        return b64(made.raw())


def test_r34_duplicate_and_unknown_psbt_keys(box):
    made = embit_payment("wpkh")
    old = Maps(made.serialize())
    assert old.raw() == made.serialize()
    new = Maps(base64.b64decode(to_version_2(made)))
    for maps in (old, new):
        for place, pairs in enumerate(maps.maps):
            for key, value in pairs:
                # With the same value as with another.
                for again in (value, value[:-1] + bytes([value[-1] ^ 1])):
                    box.refuses_psbt(maps.with_pair(place, key, again), "malformed-psbt", "unsupported-psbt-version")
    # What only the other version may hold.
    only_new = [(0, b"\x02", u32(2)), (0, b"\x03", u32(0)), (0, b"\x04", b"\x02"), (0, b"\x05", b"\x02"), (0, b"\x06", b"\x00"),
                (1, b"\x0e", bytes(32)), (1, b"\x0f", u32(0)), (1, b"\x10", u32(1)), (1, b"\x11", u32(500_000_000)),
                (1, b"\x12", u32(1)), (3, b"\x03", u64(1)), (3, b"\x04", b"\x00\x14" + bytes(20))]
    for place, key, value in only_new:
        box.refuses_psbt(old.with_pair(place, key, value), "malformed-psbt")
    box.refuses_psbt(new.with_pair(0, b"\x00", old.maps[0][0][1]), "malformed-psbt")
    # What nobody knows is kept, byte for byte.
    unknown = [(b"\xf3" + b"strange", b"\x00\xff" * 30), (b"\xfc\x05other\x01", b"")]
    for maps in (old, new):
        spiced = copy.deepcopy(maps)
        for pairs in spiced.maps:
            pairs += unknown
        back = Maps(base64.b64decode(box.sign(b64(spiced.raw()))["psbt"]))
        assert all(pair in pairs for pairs in back.maps for pair in unknown)


def to_version_2(made):
    """The same PSBT as BIP-370 has it, by hand."""
    tx, old = made.tx, Maps(made.serialize())
    count = lambda number: bytes([number])  # noqa: E731
    old.maps[0] = [(b"\x02", u32(tx.version)), (b"\x03", u32(tx.locktime)), (b"\x04", count(len(tx.vin))), (b"\x05", count(len(tx.vout))),
                   (b"\xfb", u32(2))]
    for place, spend in enumerate(tx.vin, 1):
        old.maps[place] += [(b"\x0e", bytes(reversed(spend.txid))), (b"\x0f", u32(spend.vout)), (b"\x10", u32(spend.sequence))]
    for place, pay in enumerate(tx.vout, 1 + len(tx.vin)):
        old.maps[place] += [(b"\x03", u64(pay.value)), (b"\x04", pay.script_pubkey.data)]
    for pairs in old.maps:
        pairs.sort()
    return b64(old.raw())


def test_r34_control_version_2_is_signed(box):
    made = embit_payment("wpkh")
    final = box.sign(to_version_2(made), "--finalize")
    assert judge.accepts(bytes.fromhex(final["transaction"]), prevouts(made))


DATA = b"\x6a\x04note"


def data_output(request, text, amount=0):
    request.outputs.append({"amount": amount, "script": text, "owner": None})


@pytest.mark.parametrize("name", ["small", "taproot", "legacy"])
def test_r35_data_outputs(box, name):
    honest = box.payment(name)
    for amount in (1, 1_000, 9_999):
        box.refuses(changed(honest, lambda r: data_output(r, DATA, amount)), "data-output-not-permitted")
    box.refuses(changed(honest, lambda r: (data_output(r, DATA), data_output(r, DATA))), "data-output-not-permitted")
    box.refuses(changed(honest, lambda r: data_output(r, b"\x6a\x4c\x51" + bytes(81))), "data-output-not-permitted")
    # No plain pushes: an opcode, a push that is cut, a reserved one.
    for text in (b"\x6a\xac", b"\x6a\x04not", b"\x6a\x50", b"\x6a\x4c", b"\x6a\x4e\xff\xff\xff\xff"):
        box.refuses(changed(honest, lambda r: data_output(r, text)), "unknown-output-script")
    for text in (DATA, b"\x6a", b"\x6a\x4c\x50" + bytes(80)):
        assert box.signs(changed(honest, lambda r: data_output(r, text)))


UNKNOWN = {
    "nothing": b"", "anyone can spend": b"\x51", "a bare key": b"\x21\x02" + bytes([2]) * 32 + b"\xac",
    "a bare multisig": b"\x51\x21\x02" + bytes([2]) * 32 + b"\x51\xae", "witness version 2": b"\x52\x20" + bytes(32),
    "witness version 16": b"\x60\x02" + bytes(2), "version 0 of 21 bytes": b"\x00\x15" + bytes(21), "version 1 of 33 bytes": b"\x51\x21" + bytes(33),
    "an anchor": b"\x51\x02\x4e\x73", "p2pkh and a byte": b"\x76\xa9\x14" + bytes(20) + b"\x88\xac\x61",
    "p2sh by a long push": b"\xa9\x4c\x14" + bytes(20) + b"\x87", "very long": b"\x61" * 9_999,
}


@pytest.mark.parametrize("text", UNKNOWN)
def test_r36_unknown_output_scripts(box, text):
    for name in ("small", "taproot"):
        honest = box.payment(name)
        box.refuses(changed(honest, lambda r: r.outputs[0].update(script=UNKNOWN[text])), "unknown-output-script")
        box.refuses(changed(honest, lambda r: r.outputs[1].update(script=UNKNOWN[text], owner=None)), "unknown-output-script")
        assert box.signs(honest)


def test_r37_nothing_to_sign(box):
    for name in NAMES:
        box.refuses(changed(box.payment(name), lambda r: (r.inputs.clear(), r.parents.clear())), "nothing-to-sign")
    spk = wallets.foreign_script()
    parent = wallets.funding((spk, 100_000))
    made = embit_payment("wpkh", amounts=(100_000,), pay=50_000)
    made.inputs[0].txid, made.inputs[0].vout = parent.txid(), 0
    made.inputs[0].non_witness_utxo, made.inputs[0].witness_utxo = parent, parent.vout[0]
    box.refuses_psbt(changed(made, lambda p: p.inputs[0].bip32_derivations.clear()), "foreign-input", "nothing-to-sign")
    # Ours by its claim, somebody's by its script.
    box.refuses_psbt(made, "script-mismatch", "foreign-input")


@pytest.mark.parametrize("kind", ["wpkh", "tr"])
def test_r38_already_fully_signed(box, kind):
    """What was ours comes back as it was, and nothing is charged again; what is final is not signed."""
    made = embit_payment(kind)
    first = box.sign(made)
    raw = bytes.fromhex(box.sign(made, "--finalize")["transaction"])
    spent = box.used()
    final = psbt.PSBT.from_string(made.to_string())
    for place, spend in zip(final.inputs, Transaction.parse(raw).vin):
        place.final_scriptwitness = spend.witness
    again = box.sign(first["psbt"], "--finalize")
    assert again["seenBefore"] and bytes.fromhex(again["transaction"]) == raw
    assert box.used() == spent
    box.refuses_psbt(final, "nothing-to-sign")


@pytest.mark.parametrize("name", ["small", "taproot", "legacy", "vault"])
def test_r39_coinbase_inputs(box, name):
    honest = box.payment(name, [(0, 0)])
    paid = [TransactionOutput(7_000, script.Script(b"\x00\x14" + bytes(20))),
            TransactionOutput(100_000, script.Script(TEMPLATES[name].script(0, 0)))]

    def mined(outpoint):
        height = script.Script(b"\x03" + hashlib.sha256(str(box.made).encode()).digest()[:3])
        spend = TransactionInput(outpoint[0], outpoint[1], script_sig=height, sequence=0xFFFFFFFF)
        parent = Transaction(version=1, vin=[spend], vout=paid, locktime=0)
        # With its scriptSig, which `wire.legacy` leaves out.
        raw = parent.serialize()
        txid = hashlib.sha256(hashlib.sha256(raw).digest()).digest()
        return changed(honest, lambda r: (r.inputs[0].update(txid=txid), r.parents.__setitem__(0, raw)))
    box.refuses(mined((bytes(32), 0xFFFFFFFF)), "coinbase-input")
    assert box.signs(mined((b"\x01" * 32, 0xFFFFFFFF)))
