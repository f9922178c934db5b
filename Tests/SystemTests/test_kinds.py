"""Wallets of 28 kinds: unsigned by embit, BDK and Electrum, signed by us and by fresh cosigners, finished by us and by BDK,
and judged by Bitcoin Core's engine; and what is spoiled of each is refused by us or by the engine.
"""
import copy
import secrets

import pytest
from embit.transaction import Transaction

import judge
import kinds
import wallets
from appliance import Appliance, Failed, Refused

ALL = kinds.kinds()


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
    assert kinds.finish_by_bdk(whole) == (raw if kind.finished else None)
    return raw


@pytest.mark.parametrize("kind,maker", cases())
@pytest.mark.parametrize("count", [1, 3])
def test_signed_finished_and_valid(box, kind, maker, count):
    payment = kinds.MAKERS[maker](kind, count)
    raw = complete(box, kind, payment)
    assert judge.accepts(raw, payment.prevouts)
    spoiled = list(raw_mutations(kind, raw, payment.prevouts))
    verdicts = judge.accepts_each(spoiled)
    assert len(verdicts) >= 10 and not any(verdicts), [n for n, good in enumerate(verdicts) if good]


ELECTRUM = {"pkh(S/<0;1>/*)": "pkh", "sh(wpkh(S/<0;1>/*))": "sh(wpkh)", "wpkh(S/<0;1>/*)": "wpkh"}


@pytest.mark.skipif(wallets.ELECTRUM is None, reason="no electrum (apt install electrum)")
@pytest.mark.parametrize("form", ELECTRUM)
def test_electrum(box, form):
    kind = next(kind for kind in ALL if kind.form == form)
    address = wallets.foreign_script().address(wallets.NETWORKS["regtest"])
    text, parents = wallets.electrum_psbt(
        "0.0015", address, kind=ELECTRUM[form], path="m/" + kind.path, spk=kind.script(0, 0)
    )
    paid = parents[0].vout[0]
    payment = kinds.Payment(text, [(paid.value, paid.script_pubkey.data)])
    raw = complete(box, kind, payment)
    assert judge.accepts(raw, payment.prevouts)
    assert not any(judge.accepts_each(list(raw_mutations(kind, raw, payment.prevouts))))


# By whom, and by which name, each change of a PSBT is refused; the same for every kind.
REFUSED = {
    "sighash": "sighash-not-permitted", "amount": "amount-mismatch", "parent": "parent-mismatch",
    "foreign": "script-mismatch", "stranger": "foreign-input", "claimed_change": "fraudulent-change",
    "claimed_input": "script-mismatch", "more_out": "outputs-exceed-inputs",
}


@pytest.mark.parametrize("kind", ALL, ids=lambda kind: kind.name)
def test_a_spoiled_psbt_is_refused(box, kind):
    payment = kinds.by_embit(kind, 2)
    refused = {}
    for name, text in psbt_mutations(kind, payment):
        with pytest.raises(Refused) as found:
            box.sign(text)
        refused[name] = found.value.name
    assert refused == REFUSED
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
    changes = (sighash, amount, parent, foreign, stranger, claimed_change, claimed_input, more_out)
    for change in changes:
        yield change.__name__, changed(change)


def test_finalizing_before_the_others_signed_says_so_and_costs_nothing(box):
    kind = next(kind for kind in ALL if kind.others)
    payment = kinds.by_embit(kind, 1)
    with pytest.raises(Failed, match="for others to add their signatures"):
        box.sign(payment.text, "--finalize")
    assert box.sign(payment.text)["seenBefore"]
    assert judge.accepts(complete(box, kind, payment), payment.prevouts)


def test_an_address_is_what_embit_derives(box):
    for kind in ALL:
        index = secrets.randbelow(5_000)
        found = box.run("wallet address", kind.name, "--index", index)
        assert found["verified"] and found["script"] == kind.script(0, index).data.hex()


def test_a_wallet_is_shown_as_its_descriptor(box):
    shown = {wallet["name"]: wallet for wallet in box.run("wallet list")["wallets"]}
    for kind in ALL:
        text, _, checksum = shown[kind.name]["descriptor"].partition("#")
        assert text == kind.text() and len(checksum) == 8
