"""Payments to which others bring inputs: one input of ours, signed with ANYONECANPAY, is asked for alone, and its signature is good for
the whole. Others' keys are embit's; Bitcoin Core's engine judges the joined transaction.
"""
import copy
import secrets

import judge
import kinds
import pytest
import wallets
from appliance import Failed, Refused
from embit import ec, psbt, script
from embit.transaction import Transaction, TransactionInput, TransactionOutput
from test_hostile_front import StolenFront
from test_hostile_front import changed as lying
from test_sighash import ANYONE, FRIEND, LISTED, ONE, OPEN, PLAIN, TYPES, opened, payment  # noqa: F401  opened is a fixture

JOINT = {name: number for name, number in TYPES.items() if number & 0x80}
ALL_ACP, NONE_ACP, SINGLE_ACP = JOINT["ALL|ANYONECANPAY"], JOINT["NONE|ANYONECANPAY"], JOINT["SINGLE|ANYONECANPAY"]


class Stranger:
    """A coin of somebody else, with the key to it; without a key, one that everybody can spend."""

    def __init__(self, form):
        self.key = None if form == "anyone" else ec.PrivateKey(secrets.token_bytes(32))
        make = {"wpkh": script.p2wpkh, "tr": script.p2tr, "pkh": script.p2pkh}
        spk = make[form](self.key.get_public_key()) if self.key else script.Script(ANYONE)
        self.parent = wallets.funding((spk, 100_000 + secrets.randbelow(10**6)), filler=secrets.randbelow(3))

    def scope(self, made):
        scope = made.inputs[-1]
        scope.non_witness_utxo = self.parent
        if self.key and not self.parent.vout[0].script_pubkey.data.startswith(b"\x76"):
            scope.witness_utxo = self.parent.vout[0]


def joint(kind, sighash, before=("wpkh",), after=("tr", "pkh"), ours=(), outputs=4, **options):
    """A PSBT with a coin of ours between strangers' coins; (psbt, the strangers, our place)."""
    alone = payment(kind, sighash, inputs=1, outputs=outputs, ours=ours, **options)
    made = psbt.PSBT(Transaction(version=2, locktime=7, vin=[], vout=[]))
    made.outputs, strangers = alone.outputs, []
    for form in [*before, None, *after]:
        one = Stranger(form) if form else None
        parent = one.parent if one else alone.inputs[0].non_witness_utxo
        made.inputs.append(psbt.InputScope(vin=TransactionInput(parent.txid(), 0, sequence=0xFFFFFFFD)))
        if one:
            one.scope(made)
            strangers.append(one)
        else:
            made.inputs[-1] = alone.inputs[0]
    # Read again, so that it is what others would write.
    return psbt.PSBT.from_string(made.to_string()), strangers, len(before)


def coins(made):
    return [(scope.non_witness_utxo.vout[0].value, scope.non_witness_utxo.vout[0].script_pubkey.data) for scope in made.inputs]


def signed_by(text, strangers):
    made = psbt.PSBT.from_string(text)
    for one in strangers:
        assert made.sign_with(one.key) == 1
    return made.to_string()


PLACES = {"first": ((), ("wpkh", "tr")), "between": (("pkh",), ("tr", "wpkh")), "last": (("tr", "pkh", "wpkh"), ())}


def cases():
    """Every kind with every type, at one place after the other."""
    for row, name in enumerate(OPEN):
        for column, (word, sighash) in enumerate(JOINT.items()):
            is_placed = OPEN[name].is_legacy and sighash == SINGLE_ACP
            where = "first" if is_placed else list(PLACES)[(row + column) % 3]
            yield pytest.param(name, sighash, where, id=f"{name}-{word}-{where}")


@pytest.mark.parametrize("name, sighash, where", cases())
def test_joined_with_others_it_is_valid(opened, name, sighash, where):  # noqa: F811
    kind, (before, after) = OPEN[name], PLACES[where]
    made, strangers, place = joint(kind, sighash, before, after, ours=[1])
    # Some sign before us, some behind us.
    early = secrets.randbelow(len(strangers) + 1)
    text = signed_by(made.to_string(), strangers[:early])
    spent = opened.run("status")["allowance"]["spent"]
    answer = opened.sign(text)
    amount = coins(made)[place][0]
    assert opened.run("status")["allowance"]["spent"] - spent == amount == answer["fee"]
    assert answer["txid"] == made.tx.txid().hex()
    whole = signed_by(answer["psbt"], strangers[early:])
    final = opened.sign(whole, "--finalize")
    assert final["seenBefore"]
    raw = bytes.fromhex(final["transaction"])
    assert judge.accepts(raw, coins(made))
    tx = Transaction.parse(raw)
    assert [spend.txid for spend in tx.vin] == [scope.txid for scope in made.inputs] and tx.vout == made.tx.vout


@pytest.mark.parametrize("sighash", JOINT.values(), ids=JOINT)
@pytest.mark.parametrize("name", OPEN)
def test_what_it_fixes_stays_fixed_and_the_rest_is_the_others(opened, name, sighash):  # noqa: F811
    kind = OPEN[name]
    place = 0 if kind.is_legacy else 1
    made, _, _ = joint(kind, sighash, ("anyone",) * place, ("anyone",) * 2)
    # What everybody can spend nobody signs, so only ours is finished.
    ready = opened.run("psbt finalize", "-", "--partial", "--wallet", kind.name, stdin=opened.sign(made)["psbt"].encode())
    scope = psbt.PSBT.from_string(ready["psbt"]).inputs[place]
    tx, spent = made.tx, coins(made)
    tx.vin[place].witness = scope.final_scriptwitness or tx.vin[place].witness
    tx.vin[place].script_sig = scope.final_scriptsig or tx.vin[place].script_sig

    def verdict(change):
        changed, prevouts = copy.deepcopy(tx), list(spent)
        change(changed, prevouts)
        return changed.serialize(), prevouts

    def other_sequence(changed, _): changed.vin[2].sequence = 5
    def other_coin(changed, _): changed.vin[2].txid = secrets.token_bytes(32)
    def add_input(changed, prevouts):
        changed.vin.append(TransactionInput(secrets.token_bytes(32), 1))
        prevouts.append((1, ANYONE))
    def drop_input(changed, prevouts):
        changed.vin.pop()
        prevouts.pop()
    def nothing(changed, prevouts): pass
    def our_sequence(changed, _): changed.vin[place].sequence = 5
    def our_coin(changed, _): changed.vin[place].vout ^= 1
    def lock_time(changed, _): changed.locktime = 8
    def pay(at):
        return lambda changed, _: setattr(changed.vout[at], "value", changed.vout[at].value - 1)
    free = [nothing, other_sequence, other_coin, add_input, drop_input]
    fixed = [our_sequence, our_coin, lock_time]
    for at in range(len(tx.vout)):
        is_free = sighash == NONE_ACP or (sighash == SINGLE_ACP and at != place)
        (free if is_free else fixed).append(pay(at))
    verdicts = judge.accepts_each([verdict(change) for change in free + fixed])
    assert verdicts == [True] * len(free) + [False] * len(fixed)


@pytest.mark.parametrize("name", ["pkh", "sh"])
def test_single_outside_of_segwit_only_in_the_first_place(opened, name):  # noqa: F811
    """Its digest says at which place the output is, and a request of one input cannot."""
    made, _, place = joint(OPEN[name], SINGLE_ACP)
    with pytest.raises(Refused) as refused:
        opened.sign(made)
    assert (refused.value.name, refused.value.error["index"]) == ("sighash-not-permitted", place)
    assert opened.sign(joint(OPEN[name], SINGLE_ACP, (), ("wpkh",))[0])["psbt"]


def test_two_of_ours_are_refused(opened):  # noqa: F811
    for types in ([ALL_ACP, ALL_ACP], [ALL_ACP, None], [SINGLE_ACP, NONE_ACP]):
        made, _, place = joint(OPEN["wpkh"], ALL_ACP)
        made.inputs[place].sighash_type = types[0]
        second = payment(OPEN["wpkh"], types[1], inputs=1).inputs[0]
        made.inputs.append(second)
        with pytest.raises(Refused) as refused:
            opened.sign(psbt.PSBT.from_string(made.to_string()))
        assert (refused.value.name, refused.value.error["index"]) == ("anyone-can-pay-inputs", place)
        assert "2 inputs are ours" in refused.value.error["message"]


@pytest.mark.parametrize("sighash", [None, 1, 2, 3])
def test_what_fixes_others_inputs_is_refused_as_ever(opened, sighash):  # noqa: F811
    made, _, _ = joint(OPEN["wpkh"], sighash)
    # A stranger's own type does not help.
    made.inputs[2].sighash_type = ALL_ACP
    with pytest.raises(Refused) as refused:
        opened.sign(made)
    assert (refused.value.name, refused.value.error["index"]) == ("foreign-input", 0)
    shown = opened.run("psbt inspect", "-", stdin=made.to_string().encode())
    assert not shown["signable"]


def test_a_refusal_names_the_place_in_the_psbt(opened):  # noqa: F811
    spent = opened.run("status")["allowance"]["spent"]
    cases = [
        (joint(PLAIN, ALL_ACP)[0], "sighash-not-in-rule", None),
        (joint(ONE, SINGLE_ACP)[0], "sighash-not-in-rule", None),
        (joint(LISTED, ALL_ACP)[0], "destination-not-listed", None),
        (joint(OPEN["tr"], SINGLE_ACP, ("wpkh",) * 2, outputs=2)[0], "sighash-single-without-output", 2),
    ]
    odd = joint(OPEN["wpkh"], SINGLE_ACP, ("wpkh",) * 2)[0]
    odd.outputs[2].script_pubkey = wallets.script.Script(b"\x52\x20" + bytes(32))
    zero = joint(OPEN["wpkh"], SINGLE_ACP, ("wpkh",) * 3)[0]
    zero.outputs[3].value = 0
    false = joint(OPEN["wpkh"], ALL_ACP)[0]
    kinds.describe(false.outputs[3], OPEN["wpkh"], 1, 7)
    cases += [(odd, "unknown-output-script", 2), (zero, "zero-value", 3), (false, "fraudulent-change", 3)]
    for made, name, index in cases:
        with pytest.raises(Refused) as refused:
            opened.sign(made)
        assert refused.value.name == name and index in (None, refused.value.error.get("index")), refused.value.error
    assert opened.run("status")["allowance"]["spent"] == spent
    # The control: an output that SINGLE does not fix is nobody's business here.
    fine = joint(OPEN["wpkh"], SINGLE_ACP, ("wpkh",) * 2)[0]
    fine.outputs[0].value = 0
    assert opened.sign(fine)["psbt"]
    friend = joint(LISTED, ALL_ACP, outputs=1)[0]
    friend.outputs[0].script_pubkey = FRIEND
    assert opened.sign(friend)["psbt"]


@pytest.mark.parametrize("name", ["wpkh", "tr"])
def test_with_a_contribution_to_the_nonce(opened, name):  # noqa: F811
    # A stranger of the other kind stands first.
    made, strangers, _ = joint(OPEN[name], ALL_ACP, ("tr" if name == "wpkh" else "wpkh",))
    answer = opened.sign(made, "--anti-exfil")
    assert answer["antiExfil"] == "verified"
    final = opened.sign(signed_by(answer["psbt"], strangers), "--finalize", "--anti-exfil", "--again", answer["again"])
    assert judge.accepts(bytes.fromhex(final["transaction"]), coins(made))


def test_the_others_are_waited_for(opened):  # noqa: F811
    made, _, _ = joint(OPEN["tr"], ALL_ACP)
    with pytest.raises(Failed, match="for others to add their signatures"):
        opened.sign(made, "--finalize")
    shown = opened.run("psbt inspect", "-", stdin=made.to_string().encode())
    assert shown["signable"] and any("ALL|ANYONECANPAY" in remark for remark in shown["remarks"])


def test_a_front_cannot_answer_with_another_joint_payment(opened):  # noqa: F811
    asked, other = joint(OPEN["wpkh"], ALL_ACP)[0], joint(OPEN["wpkh"], ALL_ACP)[0]
    loose = copy.deepcopy(asked)
    loose.inputs[1].sighash_type = NONE_ACP
    for answered in (other, loose):
        answer = opened.sign(answered)
        front = StolenFront(opened.home)
        try:
            front.lie = lying(result=psbt.PSBT.from_string(answer["psbt"]).serialize(), receipt=answer["receipt"], fee=answer["fee"],
                              txid=asked.tx.txid().hex())
            with pytest.raises(Refused) as refused:
                opened.sign(asked)
            assert refused.value.name == "answer-mismatch"
        finally:
            front.close()
    assert opened.sign(asked)["psbt"]
