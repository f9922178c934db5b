"""The example policies hold: both sides of every number that they state."""
import pytest

import wallets
from appliance import REPOSITORY, Appliance, Refused


@pytest.fixture()
def strict():
    with Appliance("regtest-strict") as running:
        yield running


def spend(amount, fee, kind="wpkh", coin=100_000_000):
    """Pays so that exactly `amount` leaves, the fee included."""
    return wallets.embit_psbt(
        [wallets.Coin(kind, coin)], [(wallets.foreign_script(), amount - fee)], (kind, 1, coin - amount)
    )


def refused(appliance, psbt):
    with pytest.raises(Refused) as caught:
        appliance.sign(psbt)
    return caught.value


def test_strict_maximum_per_transaction(strict):
    assert refused(strict, spend(10_000_001, 1_000)).name == "outflow-over-maximum"
    strict.sign(spend(10_000_000, 1_000))


def test_strict_five_transactions_an_hour(strict):
    for _ in range(5):
        strict.sign(spend(10_000, 1_000))
    error = refused(strict, spend(10_000, 1_000))
    assert error.name == "limit-exceeded"
    strict.stop()
    strict.start()
    assert refused(strict, spend(10_000, 1_000)).name == "limit-exceeded"


def test_strict_amount_an_hour(strict):
    strict.sign(spend(10_000_000, 1_000))
    strict.sign(spend(9_999_999, 1_000, kind="tr"))
    assert refused(strict, spend(2_000, 1_000)).name == "limit-exceeded"


def test_allowance_is_never_exceeded_and_a_refill_raises_it(tmp_path):
    policy = tmp_path / "small.toml"
    source = (REPOSITORY / "policies/examples/regtest-open.toml").read_text()
    assert 'allowance = "100000 BTC"' in source
    policy.write_text(source.replace('allowance = "100000 BTC"', 'allowance = "0.0002 BTC"'))
    with Appliance(policy) as small:
        small.sign(spend(15_000, 1_000))
        assert refused(small, spend(6_000, 1_000)).name == "allowance-exceeded"
        small.sign(spend(5_000, 1_000))
        small.run("refill", "--amount", 50_000, secrets=[("--passphrase-fd", "correct horse")])
        small.wait_for("ready")
        small.sign(spend(30_000, 1_000))
        assert refused(small, spend(2_000, 1_000)).name == "allowance-exceeded"


def test_open_maximum_fee(opened):
    assert refused(opened, spend(5_000_000, 1_000_001)).name == "fee-over-maximum"
    opened.sign(spend(5_000_000, 1_000_000))
    assert refused(opened, spend(100_000_001, 1_000, coin=300_000_000)).name == "outflow-over-maximum"
    opened.sign(spend(100_000_000, 1_000, coin=300_000_000))
