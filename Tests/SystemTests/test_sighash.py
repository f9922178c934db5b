"""Sighash types beside ALL and DEFAULT: signed only where a rule permits them, and what each leaves open and fixes.

The engine of Bitcoin Core judges: what a type leaves open can be changed in the final transaction, what it fixes cannot.
"""
import copy
import secrets

import judge
import kinds
import pytest
import wallets
from appliance import Appliance, Refused
from embit import psbt
from embit.transaction import Transaction, TransactionInput, TransactionOutput
from test_hostile_front import StolenFront
from test_hostile_front import changed as lying

TYPES = {"NONE": 0x02, "SINGLE": 0x03, "ALL|ANYONECANPAY": 0x81, "NONE|ANYONECANPAY": 0x82, "SINGLE|ANYONECANPAY": 0x83}
FORMS = {
    "wpkh": "wpkh(S/<0;1>/*)", "pkh": "pkh(S/<0;1>/*)", "nested": "sh(wpkh(S/<0;1>/*))", "wsh": "wsh(multi(1,B/<0;1>/*,S/<0;1>/*))",
    "sh": "sh(multi(1,S/<0;1>/*,B/<0;1>/*))", "tr": "tr(S/<0;1>/*)", "tapscript": "tr(B/<0;1>/*,pk(S/<0;1>/*))",
}
OPEN = {name: kinds.Kind(form).register(number) for number, (name, form) in enumerate(FORMS.items())}
# One wallet that no rule permits a type for, one for SINGLE alone, one that may pay a list only.
PLAIN = kinds.Kind("wpkh(S/<0;1>/*)").register(len(OPEN))
ONE = kinds.Kind("tr(S/<0;1>/*)").register(len(OPEN) + 1)
LISTED = kinds.Kind("wpkh(S/<0;1>/*)").register(len(OPEN) + 2)
FRIEND = wallets.foreign_script()
ANYONE = b"\x51"  # OP_TRUE: an output that everybody can spend


def policy():
    lines = ["version = 1", 'network = "regtest"', f'fingerprint = "{wallets.FINGERPRINT.hex()}"', 'allowance = "1000 BTC"']
    for kind in [*OPEN.values(), PLAIN, ONE, LISTED]:
        lines += [f"[wallets.{kind.name}]", f'descriptor = "{kind.text()}"']
    lines += ["[destinations.friends]", f'addresses = ["{FRIEND.address(wallets.NETWORKS["regtest"])}"]']

    def rule(name, wallet_kinds, types, destinations='"any"'):
        names = ", ".join(f'"{kind.name}"' for kind in wallet_kinds)
        lines.extend(["[[rules]]", f'name = "{name}"', 'effect = "allow"', f"wallets = [{names}]",
                      f"destinations = {destinations}", 'max_outflow = "10 BTC"', 'max_fee = "10 BTC"'])
        if types:
            lines.append("sighash = [" + ", ".join(f'"{one}"' for one in types) + "]")
    rule("open", OPEN.values(), TYPES)
    rule("plain", [PLAIN], [])
    rule("one", [ONE], ["SINGLE"])
    rule("listed", [LISTED], ["ALL|ANYONECANPAY"], '["friends"]')
    return "\n".join(lines) + "\n"


@pytest.fixture(scope="module")
def opened(tmp_path_factory):
    source = tmp_path_factory.mktemp("sighash") / "policy.toml"
    source.write_text(policy())
    with Appliance(str(source)) as running:
        yield running


def payment(kind, sighash, inputs=None, outputs=3, ours=(), worth=None):
    """Random coins and outputs; `sighash` for every input, or a list. Outputs `ours` are change, each worth `worth` if given."""
    types = sighash if isinstance(sighash, list) else [sighash] * (inputs or (1 if sighash and sighash & 0x80 else 2))
    coins = [(secrets.randbelow(2), secrets.randbelow(1_000), 100_000 + secrets.randbelow(10**6)) for _ in types]
    total = sum(coin[2] for coin in coins)
    pay = [TransactionOutput(worth or total // (outputs + 1), kind.script(1, place) if place in ours else wallets.foreign_script())
           for place in range(outputs)]
    parents = [wallets.funding((kind.script(branch, index), amount), filler=1) for branch, index, amount in coins]
    spends = [TransactionInput(parent.txid(), 0, sequence=0xFFFFFFFD) for parent in parents]
    made = psbt.PSBT(Transaction(version=2, vin=spends, vout=pay, locktime=7))
    for scope, parent, (branch, index, _), one in zip(made.inputs, parents, coins, types):
        scope.non_witness_utxo = parent
        if not kind.is_legacy:
            scope.witness_utxo = parent.vout[0]
        scope.sighash_type = one
        kinds.describe(scope, kind, branch, index)
    for place in ours:
        kinds.describe(made.outputs[place], kind, 1, place)
    return made


def spent_by(made):
    return [(scope.non_witness_utxo.vout[0].value, scope.non_witness_utxo.vout[0].script_pubkey.data) for scope in made.inputs]


def changes(raw, prevouts):
    """(what, place, its transaction, what it spends) for each change of one thing."""
    def made(change, spent=prevouts):
        transaction = Transaction.parse(raw)
        change(transaction)
        return transaction.serialize(), spent

    count = len(Transaction.parse(raw).vout)
    for place in range(count):
        yield "amount", place, *made(lambda tx, place=place: setattr(tx.vout[place], "value", tx.vout[place].value - 1))
        yield "script", place, *made(lambda tx, place=place: setattr(tx.vout[place], "script_pubkey", wallets.any_script()))
    yield "add output", count, *made(lambda tx: tx.vout.append(TransactionOutput(1, wallets.any_script())))
    yield "drop output", count - 1, *made(lambda tx: tx.vout.pop())
    stranger = TransactionInput(secrets.token_bytes(32), 0, sequence=5)
    yield "add input", None, *made(lambda tx: tx.vin.append(stranger), [*prevouts, (10**8, ANYONE)])
    yield "lock time", None, *made(lambda tx: setattr(tx, "locktime", 8))
    yield "version", None, *made(lambda tx: setattr(tx, "version", 1))
    yield "sequence", None, *made(lambda tx: setattr(tx.vin[0], "sequence", 0xFFFFFFFC))
    yield "amount spent", None, *made(lambda tx: None, [(prevouts[0][0] + 1, prevouts[0][1]), *prevouts[1:]])


def is_open(what, place, types, is_legacy):
    """What BIP-143, BIP-341 and the original client say: whether all signatures stay good."""
    bases = [max(one & 0x7F, 1) for one in types]
    if what in ("amount", "script", "add output", "drop output"):
        return all(base == 2 or (base == 3 and index != place) for index, base in enumerate(bases))
    if what == "add input":
        return all(one & 0x80 for one in types)
    return what == "amount spent" and is_legacy


def judged(raw, prevouts, types, is_legacy):
    """The engine accepts it, and of every change exactly those that the types leave open."""
    assert judge.accepts(raw, prevouts)
    made = list(changes(raw, prevouts))
    verdicts = judge.accepts_each([(raw, spent) for _, _, raw, spent in made])
    for (what, place, _, _), verdict in zip(made, verdicts):
        assert verdict == is_open(what, place, types, is_legacy), (what, place, types)
    return sum(verdicts)


@pytest.mark.parametrize("name", OPEN)
@pytest.mark.parametrize("sighash", TYPES.values(), ids=TYPES)
def test_what_a_type_leaves_open_can_be_changed_and_the_rest_cannot(opened, name, sighash):
    kind = OPEN[name]
    made = payment(kind, sighash, ours=[1])
    spent = opened.run("status")["allowance"]["spent"]
    final = opened.sign(made, "--finalize")
    total = sum(amount for amount, _ in spent_by(made))
    # All that goes in is charged, though an output is ours, and is all that may become fee.
    assert opened.run("status")["allowance"]["spent"] - spent == total == final["fee"]
    types = [sighash] * len(made.inputs)
    assert judged(bytes.fromhex(final["transaction"]), spent_by(made), types, kind.is_legacy) > 0
    assert opened.sign(made, "--finalize")["seenBefore"]


@pytest.mark.parametrize("name", OPEN)
@pytest.mark.parametrize("types", [[1, 2], [3, 1, 3], [2, 3, 3], [None, 3]], ids=str)
def test_a_mixed_request_is_as_open_as_its_inputs_together(opened, name, types):
    kind = OPEN[name]
    made = payment(kind, types)
    final = opened.sign(made, "--finalize")
    usual = 0 if kind.is_taproot else 1
    types = [usual if one is None else one for one in types]
    judged(bytes.fromhex(final["transaction"]), spent_by(made), types, kind.is_legacy)


@pytest.mark.parametrize("name", OPEN)
def test_r28_the_byte_behind_a_signature_is_the_one_that_was_asked_for(opened, name):
    """And the engine takes no other, so no signature can be passed off as of another type."""
    kind = OPEN[name]
    for sighash in TYPES.values():
        made = payment(kind, sighash, inputs=1)
        raw = bytes.fromhex(opened.sign(made, "--finalize")["transaction"])
        spend = Transaction.parse(raw).vin[0]
        scope = psbt.PSBT.from_string(opened.sign(made)["psbt"]).inputs[0]
        found = [*scope.partial_sigs.values(), *scope.taproot_sigs.values()]
        if name == "tr":
            found = [spend.witness.items[0]]
        assert len(found) == 1 and found[0][-1] == sighash and found[0] in raw
        relabelled = [(raw.replace(found[0], found[0][:-1] + bytes([other])), spent_by(made))
                      for other in {0, 1, *TYPES.values()} - {sighash}]
        assert not any(judge.accepts_each(relabelled))


@pytest.mark.parametrize("sighash", TYPES.values(), ids=TYPES)
def test_without_a_permission_it_is_refused_by_name(opened, sighash):
    spent = opened.run("status")["allowance"]["spent"]
    questions = [(PLAIN, sighash), (PLAIN, sighash if sighash & 0x80 else [1, sighash])]
    if sighash != TYPES["SINGLE"]:
        questions.append((ONE, sighash))
    for kind, types in questions:
        with pytest.raises(Refused) as refused:
            opened.sign(payment(kind, types))
        assert refused.value.name == "sighash-not-in-rule"
        assert refused.value.error["subjectName"] == ("plain" if kind is PLAIN else "one")
    assert opened.run("status")["allowance"]["spent"] == spent
    # The controls: the same wallets without a type, and with the one that is permitted.
    assert opened.sign(payment(PLAIN, None))["psbt"] and opened.sign(payment(ONE, TYPES["SINGLE"]))["psbt"]


def test_r26_a_consolidation_with_none_is_charged_whole(opened):
    for sighash, is_whole in ((None, False), (TYPES["NONE"], True), (TYPES["SINGLE"], True)):
        made = payment(OPEN["wpkh"], sighash, inputs=2, ours=[0, 1, 2])
        before = opened.run("status")["allowance"]["spent"]
        opened.sign(made)
        total = sum(amount for amount, _ in spent_by(made))
        kept = sum(output.value for output in made.tx.vout)
        assert opened.run("status")["allowance"]["spent"] - before == (total if is_whole else total - kept)


def test_single_without_an_output_is_refused(opened):
    for kind in OPEN.values():
        with pytest.raises(Refused) as refused:
            opened.sign(payment(kind, TYPES["SINGLE"], inputs=2, outputs=1))
        assert refused.value.name == "sighash-single-without-output" and refused.value.error["index"] == 1
        assert opened.sign(payment(kind, [TYPES["SINGLE"], None], outputs=1))["psbt"]


def test_anyone_can_pay_with_two_inputs_is_refused(opened):
    for sighash in (TYPES["ALL|ANYONECANPAY"], TYPES["NONE|ANYONECANPAY"], TYPES["SINGLE|ANYONECANPAY"]):
        for types in ([sighash, sighash], [sighash, None], [None, sighash]):
            with pytest.raises(Refused) as refused:
                opened.sign(payment(OPEN["tr"], types))
            assert refused.value.name == "anyone-can-pay-inputs"


def test_an_offer_that_others_pay_for_is_signed_and_completed(opened):
    """SINGLE|ANYONECANPAY: our coin against an output that is worth more; a stranger adds the rest."""
    for name in ("wpkh", "tr", "pkh"):
        made = payment(OPEN[name], TYPES["SINGLE|ANYONECANPAY"], outputs=1, ours=[0], worth=5 * 10**8)
        final = Transaction.parse(bytes.fromhex(opened.sign(made, "--finalize")["transaction"]))
        final.vin.append(TransactionInput(secrets.token_bytes(32), 3))
        final.vout.append(TransactionOutput(10**8, wallets.foreign_script()))
        assert judge.accepts(final.serialize(), [*spent_by(made), (7 * 10**8, ANYONE)])
        final.vout[0].value -= 1
        assert not judge.accepts(final.serialize(), [*spent_by(made), (7 * 10**8, ANYONE)])
        # Without ANYONECANPAY nobody else can pay for it.
        with pytest.raises(Refused) as refused:
            opened.sign(payment(OPEN[name], TYPES["SINGLE"], inputs=1, outputs=1, worth=5 * 10**8))
        assert refused.value.name == "outputs-exceed-inputs"


def test_a_rule_with_destinations_takes_only_what_fixes_the_outputs(opened):
    for spk, name in ((FRIEND, None), (wallets.foreign_script(), "destination-not-listed")):
        made = payment(LISTED, TYPES["ALL|ANYONECANPAY"], outputs=1)
        made.outputs[0].script_pubkey = spk
        if name is None:
            assert opened.sign(made)["psbt"]
            continue
        with pytest.raises(Refused) as refused:
            opened.sign(made)
        assert refused.value.name == name


def test_the_log_and_the_inspection_say_what_is_open(opened):
    made = payment(OPEN["wpkh"], TYPES["NONE"])
    shown = opened.run("psbt inspect", "-", stdin=made.to_string().encode())
    assert any("NONE" in remark for remark in shown["remarks"])
    assert opened.sign(made)["receipt"]
    found = [one for one in opened.run("audit show")["entries"] if one.get("sighashes") == ["NONE"]]
    total = sum(amount for amount, _ in spent_by(made))
    assert found[-1]["outflow"] == found[-1]["fee"] == total
    assert opened.run("audit verify")["ok"]


def test_r27_a_front_cannot_loosen_what_was_asked(opened):
    """The front asks for NONE in the place of ALL, which the policy permits; the command line finds it in the receipt."""
    asked = payment(OPEN["wpkh"], None)
    loose = copy.deepcopy(asked)
    for scope in loose.inputs:
        scope.sighash_type = TYPES["NONE"]
    answer = opened.sign(loose)
    front = StolenFront(opened.home)
    try:
        front.lie = lying(result=psbt.PSBT.from_string(answer["psbt"]).serialize(), receipt=answer["receipt"], fee=answer["fee"],
                          txid=answer["txid"])
        with pytest.raises(Refused) as refused:
            opened.sign(asked)
        assert refused.value.name == "answer-mismatch" and "SIGHASH" in refused.value.error["message"].upper()
    finally:
        front.close()
    assert opened.sign(asked)["psbt"]
