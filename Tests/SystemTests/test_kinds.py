"""Wallets of 28 kinds: unsigned by embit, BDK and Electrum, signed by us and by fresh cosigners, finished by us, by BDK and by embit,
and judged by Bitcoin Core's engine; and what is spoiled of each is refused by us or by the engine.

Keys, amounts, places, lock times, sequences and counts of inputs are other ones in every run. The seed stands among the figures at
the end; PORTCULLIS_SEED repeats a run, or any case of it alone. PORTCULLIS_ROUNDS makes more of each (2).
"""
import collections
import copy
import os

import pytest
from embit.transaction import Transaction

import judge
import kinds
import wallets
from appliance import Appliance, Failed, Refused
from conftest import figure

ALL = kinds.kinds()
ROUNDS = int(os.environ.get("PORTCULLIS_ROUNDS", "2"))
#: Mutations of each kind, at least.
LEAST = 10
counted = collections.Counter()


@pytest.fixture(scope="module")
def box(tmp_path_factory):
    """An appliance with a wallet of each kind."""
    source = tmp_path_factory.mktemp("kinds") / "policy.toml"
    source.write_text(kinds.policy(ALL))
    with Appliance(str(source)) as running:
        yield running


def cases():
    return [pytest.param(kind, maker, id=f"{kind.name}-{kind.form.split('(S')[0][:24]}-{maker}")
            for kind in ALL for maker in kind.by]


def complete(box, kind, payment):
    """Signed by us, then by the others; finished by us and by BDK: the same bytes."""
    ours = box.sign(payment.text)["psbt"]
    whole = kinds.cosign(ours, kind)
    final = box.sign(whole, "--finalize")
    raw = bytes.fromhex(final["transaction"])
    assert final["txid"] == Transaction.parse(raw).txid().hex()
    by_bdk, by_embit = kinds.finish_by_bdk(whole), kinds.finish_by_embit(whole, kind)
    assert by_bdk == (raw if kind.finished else None)
    assert by_embit in (None, raw)
    counted.update(payments=1, inputs=len(payment.prevouts), bdk=by_bdk is not None, embit=by_embit is not None)
    return raw


def judged(kind, raw, payment):
    """The engine takes what was made, and none of its mutations."""
    assert judge.accepts(raw, payment.prevouts)
    verdicts = judge.accepts_each(list(raw_mutations(kind, raw, payment.prevouts)))
    assert len(verdicts) >= LEAST and not any(verdicts), [n for n, good in enumerate(verdicts) if good]
    counted["invalid"] += len(verdicts)


@pytest.mark.parametrize("kind,maker", cases())
@pytest.mark.parametrize("turn", range(ROUNDS))
def test_signed_finished_and_valid(box, kind, maker, turn):
    kinds.begin(f"{kind.name}/{maker}/{turn}")
    # One input alone is a case of its own: often, but not always.
    payment = kinds.MAKERS[maker](kind, kinds.CHANCE.choice([1, 2, 3, 5, 8]))
    judged(kind, complete(box, kind, payment), payment)


ELECTRUM = {"pkh(S/<0;1>/*)": "pkh", "sh(wpkh(S/<0;1>/*))": "sh(wpkh)", "wpkh(S/<0;1>/*)": "wpkh"}


@pytest.mark.skipif(wallets.ELECTRUM is None, reason="no electrum (apt install electrum)")
@pytest.mark.parametrize("form", ELECTRUM)
def test_electrum(box, form):
    kind = next(kind for kind in ALL if kind.form == form)
    kinds.begin(f"electrum/{form}")
    address = wallets.foreign_script().address(wallets.NETWORKS["regtest"])
    fundings = [kinds.CHANCE.randrange(100_000, 10**7) for _ in range(kinds.CHANCE.choice([2, 3, 4]))]
    # More than all but the smallest, so that all are needed.
    amount = sum(fundings) - kinds.CHANCE.randrange(10_000, 90_000)
    text, parents = wallets.electrum_psbt(
        f"{amount / 1e8:.8f}", address, fundings, ELECTRUM[form], "m/" + kind.path, kind.script(0, 0), kinds.CHANCE.randrange(1, 10**6)
    )
    by_id = {parent.txid(): parent.vout[0] for parent in parents}
    spent = [by_id[place.txid] for place in kinds.psbt.PSBT.from_string(text).inputs]
    assert len(spent) == len(fundings)
    payment = kinds.Payment(text, [(paid.value, paid.script_pubkey.data) for paid in spent])
    judged(kind, complete(box, kind, payment), payment)
    counted["electrum"] += 1


# By which name each change of a PSBT is refused; the same for every kind. Of a lie about a script, it depends on the script's length
# what is seen first.
SIGHASH = {"sighash-not-permitted", "sighash-not-in-rule"}
REFUSED = {
    "sighash": SIGHASH, "anyone_can_pay": SIGHASH | {"anyone-can-pay-inputs"}, "amount": {"amount-mismatch"}, "parent": {"parent-mismatch"},
    "no_coin": {"missing-parent", "foreign-input"}, "foreign": {"script-mismatch"}, "stranger": {"foreign-input"},
    "twice": {"duplicate-input", "malformed-psbt"}, "beyond": {"outpoint-out-of-range", "malformed-psbt", "parent-mismatch"},
    "claimed_change": {"fraudulent-change"}, "claimed_input": {"script-mismatch"}, "more_out": {"outputs-exceed-inputs"},
    "nothing_out": {"zero-value"}, "version": {"transaction-version"}, "strange_script": {"unknown-output-script"},
}


@pytest.mark.parametrize("kind", ALL, ids=lambda kind: kind.name)
def test_a_spoiled_psbt_is_refused(box, kind):
    kinds.begin(f"{kind.name}/spoiled")
    payment = kinds.by_embit(kind, kinds.CHANCE.choice([2, 3, 5]))
    refused = {}
    for name, text in psbt_mutations(kind, payment):
        with pytest.raises(Refused) as found:
            box.sign(text)
        refused[name] = found.value.name
    assert {name: REFUSED[name] for name in refused if refused[name] not in REFUSED[name]} == {}, refused
    assert refused.keys() == REFUSED.keys() and len(refused) >= LEAST
    counted["refused"] += len(refused)
    # The negative control: unspoiled it is signed.
    assert box.sign(payment.text)["psbt"]


def raw_mutations(kind, raw, prevouts):
    """Changes of a final transaction or of what it spends; every one must make it invalid."""
    def changed(change):
        made = Transaction.parse(raw)
        change(made)
        return made.serialize(), prevouts

    def pay_more(tx): tx.vout[0].value += 1
    def pay_others(tx): tx.vout[0].script_pubkey = wallets.foreign_script()
    def keep_change(tx): tx.vout.pop()
    def add_output(tx): tx.vout.append(copy.deepcopy(tx.vout[0]))
    def swap_outputs(tx): tx.vout.reverse()
    def lock(tx): tx.locktime ^= 1
    def version(tx): tx.version ^= 2
    def sequence(tx): tx.vin[0].sequence ^= 1
    def outpoint(tx): tx.vin[0].vout ^= 1
    for change in (pay_more, pay_others, keep_change, add_output, swap_outputs, lock, version, sequence, outpoint):
        yield changed(change)
    for flip in stack_flips(raw):
        yield flip, prevouts
    if not kind.is_legacy:
        yield raw, [(prevouts[0][0] + 1, prevouts[0][1]), *prevouts[1:]]
    yield raw, [(prevouts[0][0], prevouts[0][1][:-2] + bytes([prevouts[0][1][-2] ^ 1, prevouts[0][1][-1]])), *prevouts[1:]]


def stack_flips(raw):
    """One bit of every item of 20 bytes and more that spends the first input: signatures, keys, scripts."""
    tx = Transaction.parse(raw)
    items = tx.vin[0].witness.items
    for number, item in enumerate(items):
        if len(item) >= 20:
            made = Transaction.parse(raw)
            spoiled = bytearray(item)
            spoiled[len(spoiled) // 2] ^= 1
            made.vin[0].witness.items[number] = bytes(spoiled)
            yield made.serialize()
    if not items:
        sig = tx.vin[0].script_sig.data
        for place in (10, len(sig) // 2, len(sig) - 5):
            made = Transaction.parse(raw)
            spoiled = bytearray(sig)
            spoiled[place] ^= 1
            made.vin[0].script_sig.data = bytes(spoiled)
            yield made.serialize()


def psbt_mutations(kind, payment):
    """Changes of an unsigned PSBT that no honest wallet makes."""
    def changed(change):
        made = payment.embit()
        change(made)
        return made.to_string()

    def sighash(made): made.inputs[0].sighash_type = 2
    def anyone_can_pay(made): made.inputs[0].sighash_type = 0x81
    def no_coin(made): made.inputs[0].non_witness_utxo = made.inputs[0].witness_utxo = None
    def twice(made):
        made.inputs[1] = copy.deepcopy(made.inputs[0])
        made.outputs[0].value = made.outputs[1].value = 1_000
    def beyond(made): made.inputs[0].vout = 99
    def nothing_out(made): made.outputs[0].value = 0
    def version(made): made.tx_version = 3
    def strange_script(made): made.outputs[0].script_pubkey = wallets.script.Script(b"\x52\x20" + bytes(32))
    def amount(made):
        made.inputs[0].witness_utxo = copy.deepcopy(made.inputs[0].non_witness_utxo.vout[0])
        made.inputs[0].witness_utxo.value += 1
    def parent(made):
        made.inputs[0].non_witness_utxo = copy.deepcopy(made.inputs[0].non_witness_utxo)
        made.inputs[0].non_witness_utxo.vout[0].value += 1
    def foreign(made):
        spk = wallets.foreign_script()
        strange = wallets.funding((spk, 50_000))
        made.inputs[0].txid, made.inputs[0].vout = strange.txid(), 0
        made.inputs[0].non_witness_utxo, made.inputs[0].witness_utxo = strange, strange.vout[0]
    def stranger(made):
        foreign(made)
        made.inputs[0].bip32_derivations.clear()
        made.inputs[0].taproot_bip32_derivations.clear()
    def claimed_change(made):
        """The payment to a stranger is said to be our change."""
        kinds.describe(made.outputs[0], kind, 1, 7)
    def claimed_input(made):
        made.inputs[0].bip32_derivations.clear()
        made.inputs[0].taproot_bip32_derivations.clear()
        kinds.describe(made.inputs[0], kind, 0, 5_000)
    def more_out(made): made.outputs[0].value += 10**9
    changes = (sighash, anyone_can_pay, amount, parent, no_coin, foreign, stranger, twice, beyond, claimed_change, claimed_input,
               more_out, nothing_out, version, strange_script)
    for change in changes:
        yield change.__name__, changed(change)


def test_finalizing_before_the_others_signed_says_so_and_costs_nothing(box):
    kind = next(kind for kind in ALL if kind.others)
    kinds.begin("others")
    payment = kinds.by_embit(kind, 1)
    with pytest.raises(Failed, match="for others to add their signatures"):
        box.sign(payment.text, "--finalize")
    assert box.sign(payment.text)["seenBefore"]
    assert judge.accepts(complete(box, kind, payment), payment.prevouts)


def test_an_address_is_what_embit_derives(box):
    for kind in ALL:
        index = kinds.CHANCE.randrange(5_000)
        found = box.run("wallet address", kind.name, "--index", index)
        assert found["verified"] and found["script"] == kind.script(0, index).data.hex()


def test_a_wallet_is_shown_as_its_descriptor(box):
    shown = {wallet["name"]: wallet for wallet in box.run("wallet list")["wallets"]}
    for kind in ALL:
        text, _, checksum = shown[kind.name]["descriptor"].partition("#")
        assert text == kind.text() and len(checksum) == 8


def test_the_figures():
    """The line of the issue, in numbers: at least 20 kinds, and of each at least ten mutations on both sides."""
    assert len({kind.form.split("(")[0] + kind.form for kind in ALL}) >= 20
    figure(f"kinds: {len(ALL)} kinds, {counted['payments']} payments of {counted['inputs']} inputs, all valid for the engine; seed {kinds.SEED}")
    figure(f"kinds: the same bytes from BDK {counted['bdk']} times, from embit {counted['embit']}; {counted['electrum']} payments by Electrum")
    figure(f"kinds: {counted['refused']} mutations of PSBTs refused by name, {counted['invalid']} of transactions invalid for the engine")
