"""R23 … R26, R41 and R65 of reference/refusals.md once more, where a rule permits other sighash types: what is signed then is charged
as the most that can come of it."""
import pytest
import wallets
from attacks import TEMPLATES, Box, changed, embit_payment, policy
from templates import Payment
from wire import u32

NONE, SINGLE, ANYONE = 2, 3, 0x80
BLOCKED = wallets.foreign_script()
PERMITTED = policy().replace('max_fee = "0.01 BTC"\nmax_feerate = "1000 sat/vB"\n', '''max_fee = "none"
sighash = ["NONE", "SINGLE", "ALL|ANYONECANPAY", "NONE|ANYONECANPAY", "SINGLE|ANYONECANPAY"]
''').replace('max_outflow = "100 BTC"', 'max_outflow = "200_000 sat"').replace("[limits.all]", f"""[destinations.blocked]
addresses = ["{BLOCKED.address(wallets.NETWORKS["regtest"])}"]
[limits.all]""") + """
[[rules]]
name = "never"
effect = "deny"
wallets = ["taproot"]
destinations = ["blocked"]
"""
NAMES = ["small", "legacy", "nested", "vault", "tree"]


@pytest.fixture(scope="module")
def open_box():
    with Box(PERMITTED) as running:
        yield running


def types(request, kind):
    return changed(request, lambda r: [one.update(sighash=kind) for one in r.inputs])


def back_to_us(box, name, inputs=1):
    """All that goes in comes back but a fee, by one output."""
    made = box.payment(name, [(0, n) for n in range(inputs)])
    made.outputs = [dict(made.outputs[1], amount=100_000 * inputs - 5_000)]
    return made


@pytest.mark.parametrize("name", NAMES)
def test_r23_none_is_charged_all_that_goes_in(open_box, name):
    for kind in (NONE, NONE | ANYONE):
        request = back_to_us(open_box, name)
        spent = open_box.used()[0]
        open_box.signs(types(request, kind))
        assert open_box.used()[0] - spent == 100_000
    # The cap of the rule is on all of it: three coins of which all comes back are too much, and with ALL they are not.
    three = back_to_us(open_box, name, inputs=3)
    open_box.refuses(types(three, NONE), "outflow-over-maximum")
    open_box.refuses(types(three, SINGLE), "sighash-single-without-output")
    assert open_box.signs(three)


@pytest.mark.parametrize("name", NAMES)
def test_r24_one_output_of_ours_promised_twice(open_box, name):
    """Two requests whose inputs both sign the same output that comes back: put together, one of the two coins is a fee."""
    first, second = back_to_us(open_box, name), back_to_us(open_box, name)
    assert first.outputs == second.outputs and first.inputs != second.inputs
    for kind in (SINGLE, SINGLE | ANYONE):
        spent = open_box.used()[0]
        first, second = back_to_us(open_box, name), back_to_us(open_box, name)
        for request in (first, second):
            open_box.signs(types(request, kind))
        assert open_box.used()[0] - spent == 200_000
    # The legacy number one, for an input without its output.
    two = back_to_us(open_box, name, inputs=2)
    open_box.refuses(types(two, SINGLE), "sighash-single-without-output")


@pytest.mark.parametrize("name", NAMES)
def test_r25_signatures_that_could_be_taken_apart(open_box, name):
    """With ANYONECANPAY each input can stand in a transaction of its own, beside others: only one is signed at a time."""
    two = back_to_us(open_box, name, inputs=2)
    two.outputs.append(dict(two.outputs[0], amount=1_000))
    two.outputs[0]["amount"] = 190_000
    for kind in (1 | ANYONE, NONE | ANYONE, SINGLE | ANYONE):
        open_box.refuses(types(two, kind), "anyone-can-pay-inputs")
        open_box.refuses(changed(two, lambda r: r.inputs[1].update(sighash=kind)), "anyone-can-pay-inputs")
    assert open_box.signs(two)


def test_r26_r41_one_output_for_the_coins_of_two_rounds(open_box):
    """A coinjoin by ALL|ANYONECANPAY, in which each of two coins of ours is told that the same output is its own."""
    spent = open_box.used()[0]
    for _ in range(2):
        open_box.signs(types(back_to_us(open_box, "small"), 1 | ANYONE))
    assert open_box.used()[0] - spent == 200_000
    # Through the front, with a stranger's coin beside ours and our own type for ALL: refused as ever.
    made = embit_payment("wpkh")

    def join(psbt):
        psbt.inputs[1].bip32_derivations.clear()
        parent = wallets.funding((wallets.foreign_script(), 100_000))
        psbt.inputs[1].txid, psbt.inputs[1].vout = parent.txid(), 0
        psbt.inputs[1].non_witness_utxo, psbt.inputs[1].witness_utxo = parent, parent.vout[0]
    open_box.refuses_psbt(changed(made, join), "foreign-input")


def test_r65_an_open_output_is_on_every_forbidden_list(open_box):
    """What may be paid later is unknown, and unknown is denied: the rule against a list matches whatever the outputs say now."""
    honest = back_to_us(open_box, "taproot")
    for kind in (NONE, SINGLE, NONE | ANYONE, SINGLE | ANYONE):
        open_box.refuses(types(honest, kind), "denied-by-rule")
    # Where the type fixes the outputs, they are known.
    assert open_box.signs(types(honest, 1 | ANYONE))
    banned = changed(back_to_us(open_box, "taproot"), lambda r: r.outputs.append({"amount": 1_000, "script": BLOCKED.data, "owner": None}))
    banned.outputs[0]["amount"] -= 1_000
    for kind in (0, 1, 1 | ANYONE):
        open_box.refuses(types(banned, kind), "denied-by-rule")


def test_r27_unknown_bytes_stay_unknown(open_box):
    for name in ("small", "taproot"):
        honest = back_to_us(open_box, name)
        known = {1, 2, 3, 0x81, 0x82, 0x83} | ({0} if TEMPLATES[name].is_taproot else set())
        for kind in set(range(256)) - known:
            open_box.refuses(types(honest, kind), "sighash-not-permitted")


def test_r32_a_coin_signed_with_types_and_again(open_box):
    """The group of a coin keeps the most that any of its signatures can cost."""
    request = Payment(TEMPLATES["small"], [(0, 0)], salt=b"types" + u32(1))
    request.wallets = [open_box.ids["small"]]
    request.outputs = [dict(request.outputs[1], amount=95_000)]
    before = open_box.used()[1][0][0]
    open_box.signs(request)
    assert open_box.used()[1][0][0] - before == 5_000
    for kind in (NONE, SINGLE, 1 | ANYONE):
        open_box.signs(types(request, kind))
        assert open_box.used()[1][0][0] - before == 100_000
