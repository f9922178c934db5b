"""Messages by the real binaries: BIP-322 of every kind of wallet with Bitcoin Core's engine as the judge, the legacy format with
Electrum, proofs of funds, and what a front in other hands cannot have signed."""
import hashlib
import json
import os
import pathlib
import tempfile
import time

import pytest
from embit import psbt
from embit.script import Script, Witness
from embit.transaction import Transaction, TransactionInput, TransactionOutput

import judge
import kinds
import messages
import wallets
import wire
from appliance import REPOSITORY, Appliance, Failed, Refused, portcullis
from conftest import figure
from test_hostile_front import StolenFront, changed, forged

VECTORS = pathlib.Path(os.environ.get("PORTCULLIS_VECTORS", REPOSITORY / "../shared/vectors"))
ALL = kinds.kinds()
ANYTHING = """
[[rules]]
name = "anything"
effect = "allow-messages"
wallets = "any"
formats = "any"
branches = "any"
indexes = "any"
text = "**"
"""
counted = {"messages": 0, "proofs": 0, "refused": 0}


@pytest.fixture(scope="module")
def box(tmp_path_factory):
    """An appliance with a wallet of each kind, any message allowed."""
    source = tmp_path_factory.mktemp("message") / "policy.toml"
    head, tables = kinds.policy(ALL).split("[wallets.", 1)
    source.write_text(head + ANYTHING + "[wallets." + tables)
    with Appliance(str(source)) as running:
        yield running


def locks(kind):
    """The options that a script with locks needs, and what they say."""
    version, lock_time, sequence = 0, 0, 0
    if kind.older:
        version, sequence = 2, kind.older
    if kind.after:
        lock_time, sequence = kind.after, 0xFFFFFFFE
    if (kind.others or kind.preimage) and not version and not lock_time:
        # embit, which signs for the others, takes a version or a sequence of 0 for none.
        version, sequence = 2, 1
    options = ["--transaction-version", version, "--lock-time", lock_time, "--sequence", sequence]
    return options if version or lock_time else []


def finished(box, kind, options, tmp_path):
    """Signed by us, then by the others; a preimage is added where the script asks for one."""
    if not kind.others and not kind.preimage:
        return box.run("message sign", *options)
    ours = box.run("message sign", *options, "--psbt")
    assert ours["format"] == "psbt" and "signature" not in ours
    whole = psbt.PSBT.from_string(kinds.cosign(ours["psbt"], kind))
    if kind.preimage:
        for scope in whole.inputs:
            scope.unknown = {b"\x0b" + hashlib.sha256(kind.preimage).digest(): kind.preimage}
    path = tmp_path / "whole.psbt"
    path.write_bytes(whole.serialize())
    return box.run("message combine", path)


@pytest.mark.parametrize("kind", ALL, ids=lambda kind: f"{kind.name}-{kind.form.split('(S')[0][:24]}")
def test_every_kind_signs_and_the_engine_takes_it(box, kind, tmp_path):
    kinds.begin(f"message/{kind.name}")
    text = f"I am here,\n{kinds.CHANCE.getrandbits(64):x} öäü 测试 😄"
    branch, index = kinds.CHANCE.randrange(2), kinds.CHANCE.randrange(5_000)
    place = ["--wallet", kind.name, "--index", index] + (["--change"] if branch else [])
    spk = kind.script(branch, index).data
    signed = finished(box, kind, [text, *place, *locks(kind)], tmp_path)["signature"]
    is_native = not kind.form.startswith(("pkh(", "sh("))
    assert signed[:3] == ("smp" if is_native and not locks(kind) else "ful")
    assert messages.is_valid(signed, text.encode(), spk)
    # The controls: another text, another address, one bit of the text.
    other = kind.script(branch, index ^ 1).data
    assert not messages.is_valid(signed, text.encode() + b"!", spk)
    assert not messages.is_valid(signed, text.encode(), other)
    # What is signed of another text does not pass once it is put where this one's stands.
    made, _ = messages.parse(signed, text.encode(), spk)
    made.vin[0] = TransactionInput(messages.to_spend(text.encode() + b"!", spk).txid(), 0, sequence=made.vin[0].sequence,
                                   script_sig=made.vin[0].script_sig, witness=made.vin[0].witness)
    assert not judge.accepts(made.serialize(), [(0, spk)])
    counted["messages"] += 1


@pytest.mark.parametrize("kind", ALL, ids=lambda kind: kind.name)
def test_a_proof_of_funds_of_every_kind_is_worth_nothing_on_a_chain(box, kind, tmp_path):
    kinds.begin(f"proof/{kind.name}")
    text = f"these coins are ours: {kinds.CHANCE.getrandbits(64):x}"
    index = kinds.CHANCE.randrange(5_000)
    spk = kind.script(0, index).data
    coins = []
    for _ in range(2):
        branch, place, amount = kinds.CHANCE.randrange(2), kinds.CHANCE.randrange(5_000), 1_000 + kinds.CHANCE.randrange(10**7)
        coins.append((wallets.funding((kind.script(branch, place), amount)), amount, branch, place))
    if kind.is_legacy:
        options = ["--from", write(tmp_path, legacy_proof(kind, text, index, coins))]
    else:
        options = [text, "--wallet", kind.name, "--index", index, *locks(kind)]
        for parent, amount, branch, place in coins:
            options += ["--coin", f"{parent.txid().hex()}:0:{amount}:{branch}:{place}"]
    signed = finished(box, kind, options, tmp_path)["signature"]
    assert signed[:3] == "pof"
    made, shown = messages.parse(signed, text.encode(), spk)
    expected = [(amount, kind.script(branch, place).data) for _, amount, branch, place in coins]
    assert shown == expected
    assert messages.is_valid(signed, text.encode(), spk)
    assert not messages.is_valid(signed, text.encode() + b"!", spk)
    if not kind.is_legacy:
        assert not judge.accepts(made.serialize(), [(0, spk), (shown[0][0] + 1, shown[0][1]), shown[1]])
    # The same signatures without the input that cannot exist, or with another in its place, spend nothing.
    stripped = Transaction(version=made.version, vin=made.vin[1:], vout=made.vout, locktime=made.locktime)
    assert not judge.accepts(stripped.serialize(), shown)
    paying = Transaction(version=made.version, vin=made.vin[1:], vout=[TransactionOutput(900, wallets.foreign_script())],
                         locktime=made.locktime)
    assert not judge.accepts(paying.serialize(), shown)
    real = TransactionInput(bytes([7]) * 32, 0, sequence=made.vin[0].sequence, script_sig=made.vin[0].script_sig,
                            witness=made.vin[0].witness)
    swapped = Transaction(version=made.version, vin=[real] + made.vin[1:], vout=made.vout, locktime=made.locktime)
    assert not judge.accepts(swapped.serialize(), [(0, spk)] + shown)
    counted["proofs"] += 1


def write(tmp_path, data):
    path = tmp_path / "asked.psbt"
    path.write_bytes(data)
    return path


def test_coins_outside_of_segwit_are_asked_for_with_their_transactions(box):
    """What such a coin holds stands nowhere else; the words say how to ask."""
    legacy = [kind for kind in ALL if kind.is_legacy]
    assert len(legacy) == 3
    for kind in legacy:
        options = ["mine", "--wallet", kind.name, "--index", 0, "--coin", f"{'22' * 32}:0:5000:0:0"]
        with pytest.raises(Failed, match="previous transaction alone.*--from"):
            box.run("message sign", *options)


def legacy_proof(kind, text, index, coins):
    """A PSBT of a proof by embit, with the previous transactions that coins outside of segwit need."""
    spk = kind.script(0, index).data
    spent = messages.to_spend(text.encode(), spk)
    version, sequence = (2, 1) if kind.others else (0, 0)
    asked = messages.to_sign(text.encode(), spk, version, 0, sequence)
    asked.vin += [TransactionInput(parent.txid(), 0, sequence=sequence) for parent, _, _, _ in coins]
    made = psbt.PSBT(asked)
    made.unknown = {b"\x09": text.encode()}
    for scope, parent in zip(made.inputs, [spent] + [coin[0] for coin in coins]):
        scope.non_witness_utxo = parent
    kinds.describe(made.inputs[0], kind, 0, index)
    for scope, (_, _, branch, place) in zip(made.inputs[1:], coins):
        kinds.describe(scope, kind, branch, place)
    # embit takes a version or a sequence of 0 for none.
    return made.serialize().replace(made.tx.serialize(), asked.serialize())


LEGACY = {"pkh(S/<0;1>/*)", "sh(wpkh(S/<0;1>/*))", "wpkh(S/<0;1>/*)"}


@pytest.mark.parametrize("kind", ALL, ids=lambda kind: kind.name)
def test_the_legacy_format_is_for_single_ecdsa_keys_and_electrum_verifies_it(box, kind):
    kinds.begin(f"legacy/{kind.name}")
    text, index = f"old but gold {kinds.CHANCE.getrandbits(64):x}", kinds.CHANCE.randrange(5_000)
    options = [text, "--wallet", kind.name, "--index", index, "--format", "legacy"]
    if kind.form not in LEGACY:
        with pytest.raises(Refused) as refused:
            box.run("message sign", *options)
        assert refused.value.name == "message-format"
        return
    signed = box.run("message sign", *options)["signature"]
    address = kind.script(0, index).address(wallets.NETWORKS["regtest"])
    assert portcullis("message", "verify", address, signed, text)["valid"]
    with pytest.raises(Refused, match="signature-invalid"):
        portcullis("message", "verify", address, signed, text + "!")
    if wallets.ELECTRUM is None:
        pytest.skip("no electrum (apt install electrum)")
    with tempfile.TemporaryDirectory() as folder:
        assert wallets.electrum(folder, "verifymessage", address, signed, text) == "true"
        assert wallets.electrum(folder, "verifymessage", address, signed, text + "!") == "false"


def test_the_vectors_of_the_bip():
    if not (VECTORS / "bitcoin").exists():
        pytest.skip(f"no test vectors at {VECTORS}")
    cases = json.loads((VECTORS / "bitcoin/bip-0322/basic-test-vectors.json").read_text())
    good = bad = 0
    for case in cases["simple"]:
        spk = Script.from_address(case["address"]).data
        for signature in case["bip322_signatures"]:
            assert portcullis("message", "verify", case["address"], signature, case["message"])["valid"]
            prefixed = signature if signature.startswith("smp") else "smp" + signature
            assert messages.is_valid(prefixed, case["message"].encode(), spk)
            with pytest.raises(Refused, match="signature-invalid"):
                portcullis("message", "verify", case["address"], signature, case["message"] + " ")
            assert not messages.is_valid(prefixed, case["message"].encode() + b" ", spk)
            good += 1
    for case in cases["error"]:
        with pytest.raises(Refused, match="signature-invalid"):
            portcullis("message", "verify", case["address"], case["signature"], case["message"])
        bad += 1
    hashes = cases["tx_hashes"]
    for case in hashes:
        text, spk = case["message"].encode(), Script.from_address(case["address"]).data
        assert wire.tagged("BIP0322-signed-message", text).hex() == case["message_hash"]
        assert messages.to_spend(text, spk).txid().hex() == case["to_spend_tx_hash"]
        assert messages.to_sign(text, spk).txid().hex() == case["to_sign_tx_hash"]
    assert (good, bad, len(hashes)) == (6, 8, 3)
    figure(f"bip-0322: {good} of {good} signatures good, {bad} of {bad} errors refused, {len(hashes)} of {len(hashes)} hashes")


POLICY = """
version = 1
network = "regtest"
allowance = "1 BTC"
[wallets.a]
descriptor = "wpkh(self/84h/1h/0h/<0;1>/*)"
[wallets.b]
descriptor = "tr(self/86h/1h/0h/<0;1>/*)"
[limits.logins]
rule = "login"
window = "1h"
transactions = 3
[[rules]]
name = "pay"
effect = "allow"
wallets = ["b"]
destinations = "any"
max_outflow = "1 BTC"
max_fee = "1 BTC"
[[rules]]
name = "login"
effect = "allow-messages"
wallets = ["a"]
formats = ["bip322"]
branches = ["receive"]
indexes = "5-9"
text = 'login to \\*example\\* at *'
[[rules]]
name = "proof"
effect = "allow-messages"
wallets = ["a"]
formats = ["proof-of-funds"]
branches = ["receive"]
indexes = "0-9"
text = "**"
[[rules]]
name = "dear"
effect = "allow-messages"
wallets = ["b"]
formats = "any"
branches = "any"
indexes = "any"
text = "**"
"""


@pytest.fixture()
def strict(tmp_path):
    source = tmp_path / "policy.toml"
    source.write_text(POLICY)
    with Appliance(str(source)) as running:
        yield running


def refusal(box, *options):
    with pytest.raises(Refused) as refused:
        box.run("message sign", *options)
    counted["refused"] += 1
    return refused.value.error


def test_the_rule_says_which_address_signs_which_text(strict):
    good = ["login to *example* at noon", "--wallet", "a", "--index", 5]
    first = strict.run("message sign", *good)
    assert first["seenBefore"] is False
    again = strict.run("message sign", *good)
    assert again["seenBefore"] is True and again["signature"] == first["signature"]
    for text in ("login to example at noon", "login to *example* at noon\nI owe you all", "Login to *example* at noon",
                 " login to *example* at noon", "login to *example*"):
        error = refusal(strict, text, "--wallet", "a", "--index", 5)
        assert (error["name"], error["expected"], error["subjectName"]) == ("message-not-matched", 4, "login")
    assert refusal(strict, good[0], "--wallet", "a", "--index", 4)["expected"] == 3
    assert refusal(strict, good[0], "--wallet", "a", "--index", 10)["expected"] == 3
    assert refusal(strict, good[0], "--wallet", "a", "--index", 5, "--change")["expected"] == 2
    assert refusal(strict, good[0], "--wallet", "a", "--index", 5, "--format", "legacy")["expected"] == 1
    # What is allowed counts one each, the same again none.
    strict.run("message sign", "login to *example* at one", "--wallet", "a", "--index", 6)
    strict.run("message sign", "login to *example* at two", "--wallet", "a", "--index", 9)
    error = refusal(strict, "login to *example* at three", "--wallet", "a", "--index", 9)
    assert (error["name"], error["subjectName"]) == ("limit-exceeded", "logins")
    assert strict.run("message sign", *good)["signature"] == first["signature"]
    status = strict.run("status")
    assert status["allowance"]["spent"] == 0
    assert [(limit["amount"], limit["count"]) for limit in status["limits"]] == [(0, 3)]
    # The log shows text, place and rule, and every reader takes it.
    # What was refused gets its leaf before long, and then is published.
    wanted, deadline = {"login to *example* at noon", "login to *example*"}, time.monotonic() + 20
    texts = set()
    while not wanted <= texts and time.monotonic() < deadline:
        texts = {entry["message"]["text"] for entry in strict.run("audit show")["entries"] if entry.get("message")}
    assert wanted <= texts
    assert strict.run("audit verify")["ok"]
    # By their names, as the policy has them.
    while time.monotonic() < deadline:
        entries = strict.run("audit show")["entries"]
        if any(entry.get("outcome") == "limit-exceeded" for entry in entries):
            break
    decisions = [entry for entry in entries if entry["kind"] == "decision"]
    assert all(entry["ruleNames"] == ["login"] for entry in decisions if entry["verdict"] == "allow")
    assert {entry["subjectName"] for entry in decisions if entry.get("refusal") == "message-not-matched"} == {"login"}
    charges = [entry for entry in entries if entry["kind"] == "charge"]
    assert {entry["ruleName"] for entry in charges if entry["outcome"] == "charged"} == {"login"}
    assert [entry["limitName"] for entry in charges if entry["outcome"] == "limit-exceeded"] == ["logins"]


def test_a_proof_of_funds_speaks_for_no_coin_outside_of_the_rule(strict):
    proof = lambda *coins: ["my coins", "--wallet", "a", "--index", 2] + [
        word for number, at in enumerate(coins) for word in ("--coin", f"{'11' * 32}:{number}:5000:{at}")]
    assert strict.run("message sign", *proof("0:0", "0:9", "0:2"))["format"] == "proof"
    for at, condition, found in (("1:3", 5, 1), ("0:10", 6, 10), ("1:10", 5, 1)):
        for coins in ((at,), ("0:0", at), (at, "0:9")):
            error = refusal(strict, *proof(*coins))
            assert (error["name"], error["expected"], error["found"]) == ("message-not-matched", condition, found), error
            assert error["subjectName"] == "proof"


def test_a_message_and_a_payment_never_stand_for_one_another(strict):
    # Rules about messages allow no payment, and those about payments no message.
    coin = wallets.Coin("wpkh", 100_000, index=5)
    with pytest.raises(Refused) as refused:
        strict.sign(wallets.embit_psbt([coin], [(wallets.foreign_script(), 90_000)]))
    assert refused.value.name == "no-rule-for-wallet"
    paid = wallets.Coin("tr", 100_000)
    strict.sign(wallets.embit_psbt([paid], [(wallets.foreign_script(), 90_000)]))
    # A PSBT of a message is no payment, whoever asks.
    made = strict.run("message sign", "anything", "--wallet", "b", "--index", 0, "--psbt")
    with pytest.raises(Refused) as refused:
        strict.sign(made["psbt"])
    assert refused.value.name in ("transaction-version", "zero-value", "sighash-not-permitted")


def test_restart_and_retry_give_the_same_signature(strict):
    options = ["again", "--wallet", "b", "--index", 3]
    first = strict.run("message sign", *options)
    strict.run("lock")
    strict.wait_for("sealed")
    strict.unlock()
    strict.wait_for("ready")
    again = strict.run("message sign", *options)
    assert again["signature"] == first["signature"] and again["seenBefore"] is True
    assert strict.run("audit verify")["ok"]


def test_text_and_address_come_in_several_forms(strict, tmp_path):
    text = "öäü\n\tlast line\n"
    (tmp_path / "text").write_text(text)
    spk = wallets.script_of("tr", 0, 7)
    address = spk.address(wallets.NETWORKS["regtest"])
    first = strict.run("message sign", text, "--wallet", "b", "--index", 7)
    assert first["format"] == "simple" and messages.is_valid(first["signature"], text.encode(), spk.data)
    for options in (["--file", tmp_path / "text", "--wallet", "b", "--index", 7], [text, "--address", address]):
        again = strict.run("message sign", *options)
        assert again["signature"] == first["signature"] and again["seenBefore"]
    piped = strict.run("message sign", "-", "--address", address, stdin=text.encode())
    assert piped["signature"] == first["signature"]
    (tmp_path / "signature").write_text(first["signature"] + "\n")
    assert portcullis("message", "verify", address, f"@{tmp_path}/signature", "--file", tmp_path / "text")["valid"]
    # What cannot be asked: usage, and the front goes on.
    (tmp_path / "text").write_bytes(b"\xff")
    coin = "11" * 32 + ":0:5000"
    for wrong in (["--file", tmp_path / "text", "--address", address], [text, "--address", "bc1qnobody"],
                  [text, "--address", wallets.foreign_script().address(wallets.NETWORKS["regtest"])],
                  [text, "--wallet", "c", "--index", 0], [text, "--wallet", "b", "--index", 2**31],
                  [text, "--address", address, "--coin", f"{coin}:0:4294967295"], [text, "--address", address, "--coin", f"{coin}:2:0"],
                  [text, "--address", address, "--coin", coin], [text, "--address", address, "--coin", coin + ":0:0", "--format", "legacy"]):
        run = strict.run("message sign", *wrong, check=False)
        assert run.returncode == 2 and json.loads(run.stdout)["error"]["kind"] == "usage", (wrong, run)
    assert strict.run("message sign", text, "--address", address, "--coin", f"{coin}:0:0")["format"] == "proof"


def test_a_stolen_front_passes_nothing_off_as_the_message(strict, tmp_path):
    here = ["--wallet", "b", "--index", 1]
    other = strict.run("message sign", "other", *here)
    elsewhere = strict.run("message sign", "this", "--wallet", "b", "--index", 2)
    full = strict.run("message sign", "this", *here, "--format", "full")
    out = tmp_path / "out"
    front = StolenFront(strict.home)
    try:
        lies = {
            "another text's signature": {"signature": other["signature"]},
            "another address's signature": {"signature": elsewhere["signature"]},
            "a spoiled signature": {"signature": full["signature"][:-8] + "AAAAAAA="},
            "no signature": {"signature": None},
            "what is none": {"signature": "smp"},
            "another receipt": {"receipt": other["receipt"]},
            "another address's receipt": {"receipt": elsewhere["receipt"]},
            "no receipt": {"receipt": ""},
            "a receipt by another key": {"receipt": forged(full["receipt"])},
            "all of another message": {key: other[key] for key in ("signature", "receipt", "format")},
        }
        for name, fields in lies.items():
            front.lie = changed(**fields)
            with pytest.raises(Refused):
                strict.run("message sign", "this", *here, "-o", out)
                pytest.fail(name)
            assert not out.exists() and not (tmp_path / "out.receipt").exists(), name
        # The control: the truth goes through the same hands.
        front.lie = changed()
        assert strict.run("message sign", "this", *here, "-o", out)["seenBefore"]
        assert out.exists() and (tmp_path / "out.receipt").exists()
    finally:
        front.close()


def test_what_does_not_show_is_not_signed(strict):
    """Straight at the gate, as a front in other hands would."""
    wallet = wire.wallet_id("tr")
    bad = [b"\x00", b"a\x00b", b"\r", b"\x1b[2J", b"\x7f", b"\xc2\x85", b"\xc0\xaf", b"\xc3", b"\xed\xa0\x80", b"\xf4\x90\x80\x80",
           "\u202e".encode(), "\u2067".encode(), "\u200b".encode(), "\ufeff".encode(), "\U000e0041".encode(), "\u2028".encode(),
           b"\xff", "a\u00ad".encode(), "\ue000".encode()]
    with wire.Connection(strict.home / "run/gate.sock") as gate:
        for text in bad:
            kind, payload = gate.ask(wire.SIGN, messages.Request(wallet, b"x" + text).encode())
            assert (kind, payload[1:3]) == (wire.GATE_REFUSED, wire.u16(51)), text
        for text in (b"", b"a\tb\nc", "ü測😄".encode(), b"x" * 16_384):
            kind, payload = gate.ask(wire.SIGN, messages.Request(wallet, text).encode())
            assert kind == wire.SIGNED, payload
        kind, payload = gate.ask(wire.SIGN, messages.Request(wallet, b"x" * 16_385).encode())
        assert (kind, payload[1:3]) == (wire.GATE_REFUSED, wire.u16(50))
        wrong = messages.Request(wallet, b"x")
        wrong.parents, wrong.trailing = 1, wire.vec32(b"")
        kind, payload = gate.ask(wire.SIGN, wrong.encode())
        assert (kind, payload[1:3]) == (wire.GATE_REFUSED, wire.u16(20))
    assert strict.run("audit verify")["ok"]


def test_the_dearest_patterns_and_text_keep_nobody_waiting(tmp_path):
    """64 rules whose automata all stay busy for all of 16 KiB."""
    rules = "".join(
        ANYTHING.replace('"anything"', f'"r{n}"').replace('"**"', '"' + "*a" * 126 + '"') for n in range(64)
    )
    source = tmp_path / "policy.toml"
    source.write_text(POLICY.split("[limits")[0] + rules)
    with Appliance(str(source)) as running, wire.Connection(running.home / "run/gate.sock") as gate:
        request = messages.Request(wire.wallet_id("tr"), b"a" * 16_383 + b"b").encode()
        took = []
        for _ in range(3):
            start = time.monotonic()
            kind, payload = gate.ask(wire.SIGN, request)
            took.append(time.monotonic() - start)
            assert (kind, payload[1:3]) == (wire.GATE_REFUSED, wire.u16(208))
        figure(f"message: 64 rules of 126 stars over 16 KiB: {min(took) * 1000:.0f} ms")
        assert min(took) < 1


def test_figures():
    figure(f"message: {counted['messages']} kinds, {counted['proofs']} proofs of funds valid for the engine; {counted['refused']} refusals")
    assert counted["messages"] in (0, len(ALL)) and counted["proofs"] in (0, len(ALL))
