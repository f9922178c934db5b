"""Replacements (docs/protocol.md, section 3): signed end to end over the command line, charged the difference, held to the first.

Judges: Bitcoin Core's engine for the transactions, BDK for bumps that are not ours.
"""
import copy

import bare
import bdkpython as bdk
import judge
import pytest
import wallets
from appliance import Refused, prevouts
from attacks import Box, changed
from embit import psbt
from embit.transaction import Transaction
from refusals import NAMES
from test_hostile_gate import Scene
from test_sign import judged


def spent(it):
    return it.run("status")["allowance"]["spent"]


def payment(kind, coins=None, fee=5_000, **options):
    coins = coins or [wallets.Coin(kind, 100_000, index=place) for place in range(2)]
    return coins, lambda more=0, extra=(): wallets.embit_psbt(
        [*coins, *extra], [(TO, 60_000)], (kind, 3, sum(c.amount for c in [*coins, *extra]) - 60_000 - fee - more), **options)


TO = wallets.foreign_script()


class Files:
    """PSBTs as files, for --replaces."""

    def __init__(self, folder):
        self.folder, self.count = folder, 0

    def __call__(self, made):
        self.count += 1
        path = self.folder / f"{self.count}.psbt"
        path.write_text(made if isinstance(made, str) else made.to_string())
        return path


def replacing(*paths):
    return [word for path in paths for word in ("--replaces", path)]


@pytest.fixture
def keep(tmp_path):
    return Files(tmp_path)


@pytest.mark.parametrize("kind", ["wpkh", "tr"])
def test_a_bump_costs_what_it_takes_more(opened, keep, kind):
    coins, make = payment(kind)
    before = spent(opened)
    first, second, third = make(), make(3_000), make(10_000)
    original = keep(first)
    opened.sign(first)
    assert spent(opened) == before + 65_000
    document = opened.sign(second, *replacing(original))
    assert spent(opened) == before + 68_000
    assert not document["seenBefore"] and document["replacedOutflow"] == 65_000 and document["fee"] == 8_000
    raw = wallets.bdk_finalize(document["psbt"])
    judged(raw, prevouts(second))
    assert {(i.txid, i.vout) for i in Transaction.parse(raw).vin} == {(c.parent.txid(), c.vout) for c in coins}
    # The same again gives the same, for nothing, and finalized as well.
    again = opened.sign(second, "--finalize", *replacing(original))
    assert again["seenBefore"] and bytes.fromhex(again["transaction"]) == raw and spent(opened) == before + 68_000
    # One that replaces the replacement; what that replaced is named before it.
    bumped = keep(second)
    with pytest.raises(Refused) as caught:
        opened.sign(third, *replacing(bumped))
    assert caught.value.name == "replaced-not-recent"
    document = opened.sign(third, *replacing(original, bumped))
    assert spent(opened) == before + 75_000 and document["replacedOutflow"] == 68_000
    judged(wallets.bdk_finalize(document["psbt"]), prevouts(third))
    # A second replacement of the first, with a coin more and no change for it.
    extra = wallets.Coin(kind, 20_000, index=7)
    wider = make(20_001, [extra])
    document = opened.sign(wider, *replacing(original))
    assert spent(opened) == before + 75_000 + 20_001
    judged(wallets.bdk_finalize(document["psbt"]), prevouts(wider))
    # Without the word for it the same is an ordinary payment.
    opened.sign(third)
    assert spent(opened) == before + 75_000 + 20_001 + 75_000
    # The log says so to whoever reads it.
    entries = [one for one in opened.run("audit show")["entries"] if one.get("replacedOutflow")]
    assert [one["replacedOutflow"] for one in entries[-3:]] == [65_000, 68_000, 65_000]
    assert entries[-3]["replaces"] == entries[-1]["replaces"] != entries[-2]["replaces"]
    opened.run("audit verify")


@pytest.mark.parametrize("kind", ["wpkh", "tr"])
def test_a_payment_of_bdk_is_bumped(opened, keep, kind):
    """BDK's own bump shuffles and moves the change to a fresh address: an ordinary payment, not a replacement."""
    recipient = wallets.foreign_script()
    made, bump = wallets.bdk_bump(kind, [200_000, 300_000], recipient, 450_000)
    before = spent(opened)
    raw = wallets.bdk_finalize(opened.sign(made)["psbt"])
    first = spent(opened) - before
    original = keep(made)
    moved = bump(raw, 9)
    with pytest.raises(Refused) as caught:
        opened.sign(moved, *replacing(original))
    assert caught.value.name in ("replacement-output", "replacement-input") and spent(opened) == before + first
    # The same PSBT with less change is one.
    lowered = psbt.PSBT.from_string(made)
    change, = (one for one in lowered.outputs if one.script_pubkey != recipient)
    change.value -= 2_000
    document = opened.sign(lowered, *replacing(original))
    judged(wallets.bdk_finalize(document["psbt"]), prevouts(lowered))
    assert spent(opened) - before == first + 2_000
    document = opened.sign(moved)
    judged(wallets.bdk_finalize(document["psbt"]), prevouts(psbt.PSBT.from_string(moved)))
    assert spent(opened) - before == first + 2_000 + 450_000 + document["fee"]


@pytest.mark.parametrize("kind", ["wpkh", "tr"])
def test_the_signed_psbt_does_for_the_one_that_was_given(opened, keep, kind):
    coins, make = payment(kind)
    signed = opened.sign(make())["psbt"]
    before = spent(opened)
    opened.sign(make(3_000), *replacing(keep(signed)))
    assert spent(opened) == before + 3_000
    # Of a finished one the front cannot tell what was asked for, and says which it is about.
    finished = bdk.Psbt(signed).finalize().psbt.serialize()
    with pytest.raises(Refused) as caught:
        opened.sign(make(4_000), *replacing(keep(finished)))
    assert "the payment that is replaced" in caught.value.error["message"] and spent(opened) == before + 3_000


def test_anti_exfil_of_the_first_is_named(opened, keep):
    coins, make = payment("wpkh")
    first, second = make(), make(3_000)
    token = opened.sign(first, "--anti-exfil")["again"]
    before = spent(opened)
    original = replacing(keep(first))
    with pytest.raises(Refused) as caught:
        opened.sign(second, *original)
    assert caught.value.name == "replaced-not-recent" and "without --replaces" in caught.value.error["remedy"]
    document = opened.sign(second, "--anti-exfil", *original, "--replaces-again", token)
    assert document["antiExfil"] == "verified" and spent(opened) == before + 3_000
    third = keep(second)
    both = [*original, *replacing(third), "--replaces-again", token, "--replaces-again", document["again"]]
    document = opened.sign(make(4_000), *both)
    assert spent(opened) == before + 4_000
    judged(wallets.bdk_finalize(document["psbt"]), prevouts(make(4_000)))


def test_after_a_restart_the_first_is_remembered(keep):
    with Box() as it:
        first = it.payment("small")
        it.signs(first)
        bumped = lower(first, 5_000).replacing(first)
        it.stop()
        it.start()
        it.signs(bumped)
        assert it.used()[0] == 65_000
        it.stop()
        it.start()
        assert it.signs(bumped).seen_before and it.used()[0] == 65_000
        # 112 later it is not, and the words say what is left to do.
        for place in range(112):
            other = it.payment("small", [(0, 0)])
            other.outputs = [{"amount": 99_000, "script": other.outputs[0]["script"], "owner": None}]
            it.signs(other)
        # The bump pushed the first out of its place, and itself is gone with the 112th.
        it.refuses(bumped, "replaced-not-recent")
        it.refuses(lower(bumped, 1).replacing(bumped), "replaced-not-recent")
        charged = it.used()[0]
        it.signs(lower(first, 5_000))
        assert it.used()[0] == charged + 65_000


def lower(request, fee, place=1):
    """The same with more fee, out of the change."""
    return changed(request, lambda r: r.outputs[place].update(amount=r.outputs[place]["amount"] - fee))


@pytest.fixture(scope="module")
def box():
    with Box() as running:
        yield running


@pytest.mark.parametrize("name", ["small", "legacy", "nested", "taproot", "vault", "tree"])
def test_every_kind_of_wallet_replaces(box, name):
    first = box.payment(name)
    box.signs(first)
    before = box.used()[0]
    bumped = lower(first, 5_000).replacing(first)
    answer = box.signs(bumped)
    assert box.used()[0] == before + 5_000
    # Of the vault others have to sign as well.
    if name != "vault":
        assert judge.accepts(*bumped.signed(answer.signatures))


def test_a_stolen_gate_shows_a_charge_that_was_never_released(signer):
    """Decision and charge stand in the tree, but nothing was charged to the allowance: nothing to replace."""
    scene = Scene(signer)
    bumped = lower(scene.request, 1).replacing(scene.request)
    for _ in range(2):
        answer = scene.assess(bumped, slot=5)
        assert (answer.verdict, NAMES[answer.code]) == (2, "replaced-not-recent")
        scene.log.leaves.append(answer.leaf)
        scene.settle()
    assert signer.status().spent == 0
    # The control: released it counts, and only the difference is charged.
    assert signer.ask(bare.RELEASE, scene.retry())[0] == bare.RELEASED
    charged = signer.status().spent
    answer = scene.assess(bumped, slot=5)
    assert answer.verdict == 1
    charge = scene.log.charge(answer.leaf)
    entry = bare.new_entry(bumped, 5, 0, charge)
    assert signer.ask(bare.RELEASE, bare.release(scene.log, entry))[0] == bare.RELEASED
    assert signer.status().spent == charged + 1


def test_words_of_a_refusal_say_what_was_changed(opened, keep):
    coins, make = payment("wpkh")
    opened.sign(make())
    original = replacing(keep(make()))

    def grown(made):
        made.outputs[0].value += 1_000
        made.outputs[1].value -= 4_000
    for change, name, expected, found in (
            (lambda made: None, "replacement-fee", 5_001, 5_000),
            (grown, "replacement-output", 60_000, 61_000)):
        made = make()
        change(made)
        with pytest.raises(Refused) as caught:
            opened.sign(copy.deepcopy(made), *original)
        error = caught.value.error
        assert (caught.value.name, error["expected"], error["found"]) == (name, expected, found)
        assert error["message"] and error["remedy"]
