"""The example policies hold: both sides of every number that they state."""
import json

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
    assert {"subject": "limit", "index": 0, "subjectName": "hourly", "scope": "all payments", "unit": "payments",
            "windowSeconds": 3_600, "expected": 5, "found": 6}.items() <= error.error.items()
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


NAMED = """
version = 1
network = "regtest"
allowance = "10 BTC"

[wallets.savings]
descriptor = "tr(self/86h/1h/0h/<0;1>/*)"

[wallets.shop]
descriptor = "wpkh(self/84h/1h/0h/<0;1>/*)"

[destinations.blocked]
addresses = ["{blocked}"]

[destinations.staff]
addresses = ["{staff}"]

[limits.petty]
wallet = "shop"
window = "1d"
amount = "20_000 sat"

[[rules]]
name = "wages"
effect = "allow"
wallets = ["savings"]
destinations = ["staff"]
max_outflow = "none"
max_fee = "none"

[[rules]]
name = "till"
effect = "allow"
wallets = ["shop"]
destinations = "any"
max_outflow = "50_000 sat"
max_fee = "none"

[[rules]]
name = "never"
effect = "deny"
wallets = "any"
destinations = ["blocked"]
"""


def test_refusals_name_what_the_policy_file_names(tmp_path):
    """In words and in JSON: rule, limit, wallet and lists; the place stays beside the name."""
    network = wallets.NETWORKS["regtest"]
    blocked, staff, other = (wallets.foreign_script() for _ in range(3))
    policy = tmp_path / "named.toml"
    text = NAMED.format(blocked=blocked.address(network), staff=staff.address(network))
    policy.write_text(text)

    def payment(kind, amount, script):
        return wallets.embit_psbt([wallets.Coin(kind, 100_000)], [(script, amount - 1_000)], (kind, 1, 100_000 - amount))

    def check(appliance, psbt, expected, words):
        run = appliance.run("sign", "-", stdin=psbt.to_string().encode(), check=False)
        found = json.loads(run.stdout)["error"]
        assert run.returncode == 3 and {key: found.get(key) for key in expected} == expected, found
        assert words in run.stderr.decode(), run.stderr

    cases = [
        (payment("wpkh", 60_000, other), {"name": "outflow-over-maximum", "subject": "rule", "index": 1,
                                          "subjectName": "till", "expected": 50_000, "found": 60_000},
         'rule "till"'),
        (payment("wpkh", 30_000, other), {"name": "limit-exceeded", "subject": "limit", "index": 0, "subjectName": "petty",
                                          "scope": "wallet shop", "windowSeconds": 86_400, "unit": "satoshi",
                                          "expected": 20_000, "found": 30_000}, 'limit "petty" over wallet shop'),
        (payment("tr", 30_000, other), {"name": "destination-not-listed", "subject": "rule", "index": 0,
                                        "subjectName": "wages", "lists": ["staff"]}, "destinations in staff only"),
        (payment("tr", 30_000, blocked), {"name": "denied-by-rule", "subject": "rule", "index": 2, "subjectName": "never",
                                          "lists": ["blocked"]}, "what stands in blocked"),
    ]
    with Appliance(policy) as named:
        for case in cases:
            check(named, *case)
        named.sign(payment("tr", 30_000, staff))
        named.sign(payment("wpkh", 20_000, other))
    start = text.index('[[rules]]\nname = "till"')
    policy.write_text(text[:start] + text[text.index('[[rules]]\nname = "never"'):])
    with Appliance(policy) as without:
        expected = {"name": "no-rule-for-wallet", "subject": "wallet", "index": 1, "subjectName": "shop"}
        check(without, payment("wpkh", 20_000, other), expected, 'wallet "shop"')
