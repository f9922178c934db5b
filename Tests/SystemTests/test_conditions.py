"""What a policy can say beyond caps: fee budgets hold, and what no program knows is refused by every one for itself."""
import pytest

import bare
import wallets
from appliance import REPOSITORY, Appliance, Failed, Refused
from templates import Files, Key, Wallet, bundle
from wire import u8, u16, u32, u64

BUDGETS = """
[limits.whole]
scope = "global"
of = "fees"
window = "1d"
amount = "20_000 sat"

[limits.till]
wallet = "segwit"
of = "fees"
window = "1d"
amount = "10_000 sat"

[limits.everyday]
rule = "everyday"
of = "fees"
window = "1d"
amount = "15_000 sat"
"""


def budgets(tmp_path, text=BUDGETS):
    source = (REPOSITORY / "policies/examples/regtest-open.toml").read_text()
    policy = tmp_path / "budgets.toml"
    policy.write_text(source.replace("[[rules]]", text + "\n[[rules]]", 1))
    return policy


def pay(fee, kind="wpkh", coins=None, more=0):
    coins = coins or [wallets.Coin(kind, 100_000)]
    total = sum(coin.amount for coin in coins)
    return coins, wallets.embit_psbt(coins, [(TO, 20_000)], (kind, 1, total - 20_000 - fee - more))


TO = wallets.foreign_script()


def over(running, psbt, limit, unit="satoshi"):
    with pytest.raises(Refused) as caught:
        running.sign(psbt)
    assert caught.value.name == "limit-exceeded" and caught.value.error["subjectName"] == limit, caught.value


def test_a_fee_budget_holds_for_a_wallet_a_rule_and_the_whole(tmp_path):
    """20,000 sat are paid each time and count for nothing; the fees do, to the satoshi, over a restart too."""
    with Appliance(budgets(tmp_path)) as running:
        running.sign(pay(6_000)[1])
        over(running, pay(4_001)[1], "till")
        running.sign(pay(4_000)[1])
        over(running, pay(1)[1], "till")
        # Another wallet: the rule has 5,000 left of 15,000.
        over(running, pay(5_001, "tr")[1], "everyday")
        running.stop()
        running.start()
        over(running, pay(5_001, "tr")[1], "everyday")
        running.sign(pay(5_000, "tr")[1])
        over(running, pay(1, "tr")[1], "everyday")


def test_a_fee_budget_of_the_whole_counts_a_bump_once(tmp_path):
    text = BUDGETS[:BUDGETS.index("[limits.till]")]
    with Appliance(budgets(tmp_path, text)) as running:
        coins, first = pay(6_000)
        running.sign(first)
        # They exclude one another, so together they charge the larger fee.
        running.sign(pay(15_000, coins=coins)[1])
        over(running, pay(5_001, "tr")[1], "whole")
        running.sign(pay(5_000, "tr")[1])
        over(running, pay(1, "tr")[1], "whole")


WALLET = [Wallet(1, [Key(1, [84 | 1 << 31, 1 | 1 << 31, 1 << 31])], [])]


def rule(effect, *conditions):
    body = b"".join(conditions)
    return u8(4) + b"more" + u8(effect) + u64(1) + u16(len(body)) + body


def limit(scope):
    return u16(1) + u8(4) + b"each" + u8(scope) + u16(0) + u32(3_600) + u64(1_000) + u32(2**32 - 1)


def behind(extensions=0, body=b""):
    return u8(0) + u8(0) + u8(0) + u32(0) + u16(extensions) + body


REQUESTERS = u8(8) + u8(1) + u32(7)
RANGES = u8(1) + u8(1) + u64(0) + u64(10**6) + u8(1) + u8(2) + u64(0) + u64(10**5)
KEY = b"\0\0\0\x0bssh-ed25519\0\0\0\x20" + bytes(32)
APPROVERS = u8(1) + u8(5) + b"alice" + u8(1) + u8(0) + u16(len(KEY)) + KEY + u8(1) + u8(3) + b"all" + u64(1)
APPROVED = u8(11) + u8(1) + u8(0) + u8(1) + u8(255) + u32(0) + u32(3_600)
PEOPLE = behind(1, u16(1) + u32(len(APPROVERS)) + APPROVERS)
ENFORCED = {
    "deny a requester": bundle(WALLET, rules=[rule(6, REQUESTERS)]),
    "allow by ranges": bundle(WALLET, rules=[rule(5, RANGES)]),
    "each destination": bundle(WALLET, lists=[b"list"], limits=limit(4)),
    "fees": bundle(WALLET, lists=[b"list"], limits=limit(16)),
    "version 2": bundle(WALLET, version=2, behind=behind()),
}
UNKNOWN = {
    "another effect": bundle(WALLET, rules=[rule(7, REQUESTERS)]),
    "another condition": bundle(WALLET, rules=[rule(6, u8(200) + REQUESTERS[1:])]),
    "an allow rule without caps": bundle(WALLET, rules=[rule(5, REQUESTERS)]),
    "another scope": bundle(WALLET, lists=[b"list"], limits=limit(19)),
    "an extension without bytes": bundle(WALLET, version=2, behind=behind(1)),
    "version 3": bundle(WALLET, version=3, behind=behind()),
}
UNENFORCED = {
    "approvers": bundle(WALLET, version=2, behind=PEOPLE),
    "a rule with approvals": bundle(WALLET, version=2, rules=[rule(5, RANGES, APPROVED)], behind=PEOPLE),
}


@pytest.mark.parametrize("name", ENFORCED)
def test_what_is_enforced_opens_laid_out_by_hand(name):
    files = Files(WALLET, ENFORCED[name])
    try:
        with bare.Signer(files) as signer:
            bare.ready(signer)
    finally:
        files.remove()


@pytest.mark.parametrize("name", UNENFORCED)
def test_what_is_not_enforced_is_refused_by_init_signer_and_gate_each_for_itself(name):
    with pytest.raises(AssertionError, match="unsupported-policy"):
        Files(WALLET, UNENFORCED[name])
    # A home of before into which somebody put it.
    files = Files(WALLET)
    try:
        (files.folder / "bundle.bin").write_bytes(UNENFORCED[name])
        with bare.Signer(files) as signer:
            assert signer.wait() == 25
    finally:
        files.remove()
    with Appliance() as running:
        running.stop()
        (running.home / "public" / "bundle.bin").write_bytes(UNENFORCED[name])
        with pytest.raises((Failed, Refused)):
            running.start(timeout=20)
        assert "unsupported-policy" in "".join(running.log)


@pytest.mark.parametrize("name", UNKNOWN)
def test_what_is_not_known_is_refused_by_signer_and_gate_each_for_itself(name):
    with pytest.raises(AssertionError, match="damaged"):
        Files(WALLET, UNKNOWN[name])
    with Appliance() as running:
        running.stop()
        (running.home / "public" / "bundle.bin").write_bytes(UNKNOWN[name])
        with pytest.raises((Failed, Refused)):
            running.start(timeout=20)
