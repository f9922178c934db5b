"""R1 … R11 of reference/refusals.md: amounts and fees."""
import copy

import judge
import kinds
import pytest
import wallets
from attacks import TEMPLATES, box, changed, embit_payment  # noqa: F401
from embit import script
from templates import Payment
from wire import u64

SEGWIT0 = ("small", "nested", "vault")
MILLIONS = 2_100_000_000_000_000


def lied(place, by):
    def change(request):
        request.inputs[place]["amount"] += by
    return change


def test_r01_lied_input_amount_legacy(box):
    honest = box.payment("legacy")
    for place in (0, 1):
        for by in (-1, 1, -80_000):
            # What is hidden of the input is missing in the change, so that the fee looks as it did.
            request = changed(honest, lied(place, by))
            request.outputs[1]["amount"] += by
            box.refuses(request, "amount-mismatch")
    # The parent that would tell is left out; another one is put in its place; it is changed so that it says the same.
    box.refuses(changed(honest, lambda r: r.parents.pop(0)), "missing-parent")
    strange = box.payment("legacy")
    box.refuses(changed(honest, lambda r: r.parents.__setitem__(0, strange.parents[0])), "unused-parent")

    def forge(request):
        """The parent says 10,000 less as well, so that its txid is another one."""
        request.inputs[0]["amount"] -= 10_000
        request.parents[0] = request.parents[0].replace(u64(100_000), u64(90_000))
    box.refuses(changed(honest, forge), "unused-parent")
    kind = kinds.Kind("pkh(S/<0;1>/*)")
    kind.path = "44h/1h/0h"
    text = kinds.by_embit(kind, 2)
    without = text.embit()
    without.inputs[0].witness_utxo = without.inputs[0].non_witness_utxo.vout[0]
    without.inputs[0].non_witness_utxo = None
    box.refuses_psbt(without, "missing-parent", "malformed-psbt")
    assert box.signs(honest)
    assert box.sign(text.text)


@pytest.mark.parametrize("name", SEGWIT0)
def test_r02_two_pass_fee_burn_of_segwit_v0(box, name):
    """CVE-2020-14199: each request lies about another input, so that the two good signatures together burn the difference."""
    honest = box.payment(name)
    first, second = (changed(honest, lied(place, -40_000)) for place in (0, 1))
    for request in (first, second):
        request.outputs[1]["amount"] -= 40_000
        box.refuses(request, "amount-mismatch")
        # Without any parents, which a segwit signature does not need by itself.
        box.refuses(changed(request, lambda r: r.parents.clear()), "missing-parent")
    assert box.signs(honest)


def test_r02_two_pass_fee_burn_of_taproot(box):
    """Parents may be left out, for a taproot signature commits to every amount: the lies make signatures that are good for nothing,
    together or alone; and each request was charged."""
    honest = box.payment("taproot")
    honest.outputs[1]["amount"] -= 40_000
    burnt = []
    for place in (0, 1):
        request = changed(honest, lied(place, -40_000))
        request.parents.clear()
        burnt.append(box.signs(request).signatures)
        with_parents = changed(honest, lied(place, -40_000))
        box.refuses(with_parents, "amount-mismatch")
    mixes = [[burnt[0][0], burnt[1][1]], [burnt[1][0], burnt[0][1]], burnt[0], burnt[1]]
    questions = [honest.signed(signatures) for signatures in mixes]
    assert judge.accepts_each(questions) == [False] * 4
    # The control: the honest amounts, without parents, are good.
    assert judge.accepts(*honest.signed(box.signs(changed(honest, lambda r: r.parents.clear())).signatures))


def test_r03_witness_and_non_witness_utxo_disagree(box):
    for kind in ("wpkh", "tr"):
        made = embit_payment(kind)

        def with_utxo(change):
            def spoil(psbt):
                utxo = copy.deepcopy(psbt.inputs[0].witness_utxo)
                change(utxo)
                psbt.inputs[0].witness_utxo = utxo
            return changed(made, spoil)
        for by in (1, -1, 50_000):
            box.refuses_psbt(with_utxo(lambda utxo: setattr(utxo, "value", utxo.value + by)), "amount-mismatch")
        strange = script.Script(b"\x00\x14" + bytes(20))
        box.refuses_psbt(with_utxo(lambda utxo: setattr(utxo, "script_pubkey", strange)), "script-mismatch", "amount-mismatch")
        assert box.sign(made)


@pytest.mark.parametrize("name", ["small", "taproot", "legacy"])
def test_r04_prevout_index_out_of_range(box, name):
    honest = box.payment(name)
    for vout in (2, 3, (1 << 19) - 1, 1 << 19, (1 << 32) - 1):
        box.refuses(changed(honest, lambda r: r.inputs[1].update(vout=vout)), "outpoint-out-of-range")
    assert box.signs(honest)


@pytest.mark.parametrize("name", ["small", "taproot", "legacy"])
def test_r05_negative_fee(box, name):
    honest = box.payment(name)
    for place, amount in ((0, 60_001), (1, 150_001), (0, MILLIONS - 140_000)):
        box.refuses(changed(honest, lambda r: r.outputs[place].update(amount=amount)), "outputs-exceed-inputs")
    # No fee at all is no negative one.
    honest.outputs[0]["amount"] = 60_000
    assert box.signs(honest)


def test_r06_integer_overflow_in_sums(box):
    honest = box.payment("taproot")
    for amount in (MILLIONS + 1, (1 << 63) - 1, 1 << 63, (1 << 64) - 1, (1 << 64) - 140_000):
        box.refuses(changed(honest, lambda r: r.outputs[0].update(amount=amount)), "amount-out-of-range")
        box.refuses(changed(honest, lambda r: r.outputs[1].update(amount=amount)), "amount-out-of-range")
        box.refuses(changed(honest, lambda r: r.inputs[0].update(amount=amount)), "amount-out-of-range")

    def each_fits(request):
        """Each output is a possible amount; the sum of 8,785 of them would wrap to little."""
        request.outputs = [dict(request.outputs[0], amount=MILLIONS) for _ in range(3_000)]
    box.refuses(changed(honest, each_fits), "amount-out-of-range")
    # The same among inputs whose amounts nobody proves.
    both = changed(honest, lambda r: (r.parents.clear(), [one.update(amount=MILLIONS) for one in r.inputs]))
    box.refuses(both, "amount-out-of-range")
    assert box.signs(honest)


def test_r07_absurd_fee(box):
    """By amount and by rate; and where every output is ours, the fee is what leaves. A share is not asked for: the cap on the amount
    has no default that would let a large share of much through."""
    rich_coins = Payment(TEMPLATES["small"], [(0, 0)] * 30, salt=b"fee")
    rich_coins.wallets = [box.ids["small"]]
    # 30 inputs and two outputs: about 2,100 vB; 1,000,000 sat are permitted, and under the permitted rate.
    rich_coins.outputs[1]["amount"] = 3_000_000 - 50_000 - 1_000_000
    box.refuses(changed(rich_coins, lambda r: r.outputs[1].update(amount=r.outputs[1]["amount"] - 1)), "fee-over-maximum")
    consolidation = changed(rich_coins, lambda r: r.outputs.pop(0))
    box.refuses(changed(consolidation, lambda r: r.outputs[0].update(amount=1)), "fee-over-maximum")
    assert box.signs(rich_coins)
    # One input of 110 vB: 110,000 sat are the most at 1,000 sat/vB.
    small = box.payment("taproot", [(0, 0), (0, 1)])
    small.outputs[1]["amount"] = 1
    answer = box.refuses(changed(small, lambda r: r.outputs.pop(0)), "feerate-over-maximum")
    assert answer.expected == 1_000_000 < answer.found
    assert box.signs(box.payment("taproot"))


def test_r09_fee_as_a_way_around_limits(box):
    """What counts is our inputs less our outputs: a payment to nobody is charged its fee, in limits and allowance."""
    spent, limits = box.used()
    consolidation = box.payment("small")
    consolidation.outputs.pop(0)
    consolidation.outputs[0]["amount"] = 200_000 - 30_000
    box.signs(consolidation)
    after, charged = box.used()
    assert after - spent == 30_000 and charged[0][0] - limits[0][0] == 30_000
    # Change that is not said to be ours counts as paid, and so does all that is not.
    unclaimed = box.payment("small")
    unclaimed.outputs[1]["owner"] = None
    box.signs(unclaimed)
    assert box.used()[0] - after == 200_000


def test_r10_zero_value(box):
    for name in ("small", "taproot"):
        honest = box.payment(name)
        box.refuses(changed(honest, lambda r: r.outputs[0].update(amount=0)), "zero-value")
        box.refuses(changed(honest, lambda r: r.outputs[1].update(amount=0)), "zero-value")
        empty = changed(honest, lambda r: r.inputs[0].update(amount=0))
        box.refuses(empty, "zero-value")
        empty.parents[0] = empty.parents[0].replace(u64(100_000), u64(0))
        box.refuses(empty, "zero-value")
        # One satoshi is something.
        honest.outputs[0]["amount"] = 1
        assert box.signs(honest)


def test_r11_fee_unknown_because_an_input_has_no_utxo(box):
    for kind in ("wpkh", "tr"):
        made = embit_payment(kind)
        none = changed(made, lambda p: (setattr(p.inputs[0], "witness_utxo", None), setattr(p.inputs[0], "non_witness_utxo", None)))
        error = box.refuses_psbt(none, "missing-parent", "foreign-input")
        assert error["index"] == 0

        def foreign(psbt):
            """One input that is nobody's, with and without what it spends."""
            psbt.inputs[1].bip32_derivations.clear()
            psbt.inputs[1].taproot_bip32_derivations.clear()
            parent = wallets.funding((wallets.foreign_script(), 100_000))
            psbt.inputs[1].txid, psbt.inputs[1].vout = parent.txid(), 0
            psbt.inputs[1].non_witness_utxo, psbt.inputs[1].witness_utxo = parent, parent.vout[0]
        strange = changed(made, foreign)
        box.refuses_psbt(strange, "foreign-input")
        bare = changed(strange, lambda p: (setattr(p.inputs[1], "witness_utxo", None), setattr(p.inputs[1], "non_witness_utxo", None)))
        box.refuses_psbt(bare, "missing-parent", "foreign-input")
        assert box.sign(made)
    # Past the front, to the signer itself.
    honest = box.payment("small")
    box.refuses(changed(honest, lambda r: r.parents.pop()), "missing-parent")
    assert box.signs(honest)
