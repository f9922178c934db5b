"""PSBTs made fresh by three wallet programs are signed, and Bitcoin Core's engine judges the result."""
import secrets
import subprocess
import sys

import pytest
from embit import psbt as embit_psbt
from embit.transaction import Transaction

import judge
import wallets
from appliance import REPOSITORY, b64, prevouts

KINDS = ["wpkh", "tr"]


def judged(raw, spent):
    """The engine accepts, and refuses the same with one satoshi more in any place that is signed."""
    assert judge.accepts(raw, spent)
    for place in range(len(spent)):
        wrong = [(amount + (n == place), script) for n, (amount, script) in enumerate(spent)]
        assert not judge.accepts(raw, wrong)
    transaction = Transaction.parse(raw)
    transaction.vout[0].value += 1
    assert not judge.accepts(transaction.serialize(), spent)


def coins(kind, count):
    return [
        wallets.Coin(kind, 100_000 + n, branch=secrets.randbelow(2), index=secrets.randbelow(1_000), filler=n % 3)
        for n in range(count)
    ]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("count", [1, 2, 7, 50])
def test_embit(opened, kind, count):
    spent = coins(kind, count)
    total = sum(c.amount for c in spent)
    made = wallets.embit_psbt(spent, [(wallets.foreign_script(), total // 2)], (kind, 5, total - total // 2 - 5_000))
    document = opened.sign(made)
    raw = wallets.bdk_finalize(document["psbt"])
    judged(raw, prevouts(made))
    final = opened.sign(made, "--finalize")
    assert bytes.fromhex(final["transaction"]) == raw
    assert final["seenBefore"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("amounts", [[200_000], [200_000, 300_000], [50_000] * 12])
def test_bdk(opened, kind, amounts):
    made, _ = wallets.bdk_psbt(kind, amounts, wallets.foreign_script(), sum(amounts) // 2)
    document = opened.sign(made)
    parsed = embit_psbt.PSBT.from_string(made)
    judged(wallets.bdk_finalize(document["psbt"]), prevouts(parsed))


@pytest.mark.parametrize("name", ["segwit", "taproot"])
def test_the_demonstration_payments_are_what_their_script_makes_with_the_parents(opened, tmp_path, name):
    subprocess.run([sys.executable, REPOSITORY / "demo/make_demo_psbt.py", tmp_path], check=True, capture_output=True)
    text = (REPOSITORY / f"demo/payment-{name}.psbt").read_text()
    assert (tmp_path / f"payment-{name}.psbt").read_text() == text
    made = embit_psbt.PSBT.from_string(text.strip())
    assert [place.non_witness_utxo.txid() for place in made.inputs] == [place.txid for place in made.inputs]
    final = opened.sign(made, "--finalize")
    judged(bytes.fromhex(final["transaction"]), prevouts(made))


@pytest.mark.skipif(wallets.ELECTRUM is None, reason="no electrum (apt install electrum)")
def test_electrum(opened):
    address = wallets.foreign_script().address(wallets.NETWORKS["regtest"])
    made, _ = wallets.electrum_psbt("0.0015", address)
    final = opened.sign(made, "--finalize")
    judged(bytes.fromhex(final["transaction"]), prevouts(embit_psbt.PSBT.from_string(made)))


def test_deterministic_signatures_equal_those_of_embit(opened):
    """RFC 6979 with low R: two programs that share no code give the same bytes."""
    made = wallets.embit_psbt(coins("wpkh", 3), [(wallets.foreign_script(), 250_000)])
    ours = embit_psbt.PSBT.from_string(opened.sign(made)["psbt"])
    assert made.sign_with(wallets.ROOT) == 3
    for one, other in zip(ours.inputs, made.inputs):
        assert dict(one.partial_sigs) == dict(other.partial_sigs)


def test_the_same_request_again_is_charged_once(opened):
    made = wallets.embit_psbt(coins("tr", 2), [(wallets.foreign_script(), 150_000)])
    before = opened.run("status")["allowance"]["spent"]
    first = opened.sign(made)
    spent = opened.run("status")["allowance"]["spent"] - before
    assert spent == 200_001
    again = opened.sign(made)
    assert again["psbt"] == first["psbt"] and again["seenBefore"] and not first["seenBefore"]
    assert opened.run("status")["allowance"]["spent"] - before == spent


def test_taproot_without_parents_is_signed_and_wpkh_is_not(opened):
    payment = [(wallets.foreign_script(), 90_000)]
    taproot = wallets.embit_psbt([wallets.Coin("tr", 100_000)], payment, with_parents=False)
    judged(bytes.fromhex(opened.sign(taproot, "--finalize")["transaction"]), prevouts(taproot))


def test_binary_and_base64_give_the_same(opened, tmp_path):
    made = wallets.embit_psbt(coins("wpkh", 1), [(wallets.foreign_script(), 90_000)])
    binary, text = tmp_path / "a.psbt", tmp_path / "a.txt"
    binary.write_bytes(made.serialize())
    text.write_text(b64(made.serialize()) + "\n")
    one = opened.run("sign", binary, "-o", tmp_path / "one.psbt")
    two = opened.run("sign", text, "-o", tmp_path / "two.txt")
    assert one["psbt"] == two["psbt"]
    assert (tmp_path / "one.psbt").read_bytes()[:5] == b"psbt\xff"
    assert (tmp_path / "two.txt").read_text().startswith("cHNidP")
    assert (tmp_path / "one.psbt.receipt").exists()


def test_large_request(opened):
    """1,000 inputs from three parents of many outputs each."""
    spent = []
    for group in range(3):
        indices = [secrets.randbelow(100_000) for _ in range(334)]
        scripts = [wallets.script_of("wpkh", 0, index) for index in indices]
        parent = wallets.funding(*[(spk, 10_000) for spk in scripts], filler=166)
        spent += [wallets.Coin("wpkh", 10_000, 0, index, parent=parent, vout=n) for n, index in enumerate(indices)]
    spent = spent[:1_000]
    made = wallets.embit_psbt(spent, [(wallets.foreign_script(), 9_000_000)])
    final = opened.sign(made, "--finalize")
    assert judge.accepts(bytes.fromhex(final["transaction"]), prevouts(made))
