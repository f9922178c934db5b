"""`policy simulate`: the log of a real appliance run again. Under its own policy nothing changes; under another exactly what
this file counts by hand."""
import itertools
import json
import pathlib
import shutil

import pytest
from embit.networks import NETWORKS

import wallets
from appliance import REPOSITORY, Appliance, Refused, portcullis

STRICT = REPOSITORY / "policies/examples/regtest-strict.toml"
NUMBERS = itertools.count()
BTC = 100_000_000


def pay(running, amount, fee=1_000, script=None):
    """One payment of its own coin; what was allowed."""
    coin = wallets.Coin("wpkh", amount + fee + 50_000, index=next(NUMBERS))
    made = wallets.embit_psbt([coin], [(script or wallets.any_script(), amount)], change=("wpkh", 0, 50_000))
    try:
        running.sign(made)
    except Refused:
        return False
    return True


@pytest.fixture(scope="module")
def spent():
    """A stopped appliance under the strict policy (0.1 BTC a payment, 0.2 BTC and 5 an hour) that was asked for these."""
    running = Appliance("regtest-strict").start()
    try:
        script = wallets.any_script()
        asked = [BTC // 100, BTC // 20, BTC // 5, BTC // 11, BTC // 12, BTC // 50, BTC // 200, BTC // 300, BTC // 400]
        allowed = [pay(running, amount, script=script) for amount in asked]
        assert allowed == [True, True, False, True, False, True, True, False, False]
        # A request that only a check refuses, and one that is asked for twice.
        with pytest.raises(Refused):
            running.sign(wallets.embit_psbt([wallets.Coin("tr", 90_000, index=1)], [(script, 95_000)]))
        running.stop()
        yield running, asked, script
    finally:
        running.stop()
        shutil.rmtree(running.home, ignore_errors=True)


def simulate(running, text, tmp_path, *more, **keywords):
    path = pathlib.Path(tmp_path) / "candidate.toml"
    path.write_text(text)
    return portcullis("policy", "simulate", path, "--home", running.home, *more, **keywords)


def outflows(changes):
    return [change["outflow"] - 1_000 for change in changes]


def test_its_own_policy_changes_nothing(spent, tmp_path):
    running, asked, _ = spent
    said = simulate(running, STRICT.read_text(), tmp_path)
    assert said["decisions"] == len(asked) and said["newlyAllowed"] == [] == said["newlyRefused"]
    assert said["allowedBefore"] == said["allowedNow"] == 5 and said["unknown"] == 0


def test_a_tighter_cap_refuses_what_is_over_it_and_leaves_room_in_the_limits(spent, tmp_path):
    running, asked, _ = spent
    text = STRICT.read_text().replace('max_outflow = "0.1 BTC"', 'max_outflow = "0.06 BTC"')
    assert text != STRICT.read_text()
    said = simulate(running, text, tmp_path)
    # The 0.0909 are over the cap now. The hour's sum then has room for what was refused by it: 0.01 + 0.05 + 0.02 + 0.005 + 0.0033;
    # the ninth is the sixth of the hour, still.
    assert outflows(said["newlyRefused"]) == [BTC // 11]
    assert said["newlyRefused"][0]["was"] == 'allowed by "small"'
    assert said["newlyRefused"][0]["would"] == 'refused, outflow-over-maximum (rule "small")'
    assert outflows(said["newlyAllowed"]) == [BTC // 300]
    assert said["newlyAllowed"][0]["was"] == 'over limit "hourly"'


def test_a_wider_limit_allows_what_it_had_no_room_for(spent, tmp_path):
    running, asked, _ = spent
    text = STRICT.read_text().replace("transactions = 5", "transactions = 50").replace('amount = "0.2 BTC"', 'amount = "9 BTC"')
    said = simulate(running, text, tmp_path)
    assert outflows(said["newlyAllowed"]) == [BTC // 12, BTC // 300, BTC // 400] and said["newlyRefused"] == []
    assert said["allowedNow"] == 8
    # And a higher cap the one that was over it.
    said = simulate(running, text.replace('max_outflow = "0.1 BTC"', 'max_outflow = "0.3 BTC"'), tmp_path)
    assert outflows(said["newlyAllowed"]) == [BTC // 5, BTC // 12, BTC // 300, BTC // 400]
    assert said["newlyAllowed"][0]["was"] == 'refused, outflow-over-maximum (rule "small")' and said["allowedNow"] == len(asked)


def test_a_list_and_a_deny_are_asked_of_what_was_really_paid(spent, tmp_path):
    running, asked, script = spent
    address = script.address(NETWORKS["regtest"])
    deny = f'[destinations.no]\naddresses = ["{address}"]\n[[rules]]\nname = "never"\neffect = "deny"\nwallets = "any"\ndestinations = ["no"]\n'
    text = STRICT.read_text()
    mark = text.index("[limits.hourly]")
    lists, rule = deny.split("[[rules]]")
    said = simulate(running, text[:mark] + lists + text[mark:] + "\n[[rules]]" + rule, tmp_path)
    assert said["allowedNow"] == 0 and len(said["newlyRefused"]) == 5
    assert {change["would"] for change in said["newlyRefused"]} == {'refused, denied-by-rule (rule "never")'}


def test_another_wallet_and_words(spent, tmp_path):
    running, _, _ = spent
    text = STRICT.read_text().replace("84h/1h/0h", "84h/1h/1h")
    said = simulate(running, text, tmp_path)
    assert said["allowedNow"] == 0 and "no-rule-for-wallet" in said["newlyRefused"][0]["would"]
    run = simulate(running, text, tmp_path, check=False)
    assert b"5 that were allowed would be refused, 0 that were refused would be allowed" in run.stderr


def test_what_cannot_be_simulated_is_said(spent, tmp_path):
    running, _, _ = spent
    with pytest.raises(Refused) as caught:
        simulate(running, STRICT.read_text().replace("0.1 BTC", "0.1"), tmp_path)
    assert caught.value.error["name"] == "policy-invalid"
    run = simulate(running, STRICT.read_text(), tmp_path, "--log", "7", check=False)
    assert run.returncode == 2 and "there is no log 7" in json.loads(run.stdout)["error"]["message"]


def test_a_log_that_is_not_good_is_not_simulated(spent, tmp_path):
    running, _, _ = spent
    entries = next(path for path in sorted(pathlib.Path(running.logs()[0]).glob("tile/entries/**/*")) if path.is_file())
    bytes_ = entries.read_bytes()
    try:
        entries.write_bytes(bytes_[:200] + bytes([bytes_[200] ^ 1]) + bytes_[201:])
        with pytest.raises(Refused) as caught:
            simulate(running, STRICT.read_text(), tmp_path)
        assert caught.value.error["name"] == "log-invalid"
    finally:
        entries.write_bytes(bytes_)
