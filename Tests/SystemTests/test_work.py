"""How much work one request can make the shipped signer do: the dearest is refused before any of it, the largest honest one passes."""
import hashlib
import os

import pytest

import bare
from conftest import figure
from templates import (AGGREGATE, HARD, TR, TREE, WPKH, WSH, X_ONLY, Files, Key, Leaf, Payment, Wallet, multi, multi_a, other,
                       own, pk)
from wire import u8, u32

TOO_MUCH_WORK = 57


class Many(Payment):
    """`count` inputs at as many indexes. Their parents are left out, which taproot permits and others are refused for in the end."""

    def __init__(self, wallet, count, first=0, leaf_hashes=None, branch=0, output_indexes=()):
        self.version, self.network, self.anti_exfil, self.replaces = 1, 4, 0, 0
        self.wallets, self.transaction_version, self.lock_time = [wallet.id], 2, 0
        self.parents, self.trailing = [], b""
        self.inputs = [{
            "txid": hashlib.sha256(u32(place)).digest(), "vout": place, "sequence": 0xFFFFFFFD, "amount": 100_000, "wallet": 0,
            "branch": branch, "index": first + place, "selector": 0 if leaf_hashes is None else 1,
            "leaf": b"" if leaf_hashes is None else leaf_hashes[place], "sighash": 0 if wallet.is_taproot else 1,
        } for place in range(count)]
        self.outputs = [{"amount": 10_000, "script": b"\x00\x14" + bytes(20), "owner": None}]
        self.outputs += [{"amount": 1_000, "script": wallet.script(0, index), "owner": (0, 0, index)} for index in output_indexes]


def seconds(signer, request):
    """(the signer's verdict, its code, CPU seconds)."""
    def used():
        fields = open(f"/proc/{signer.pid}/stat").read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    before = used()
    answer = bare.Assessed(signer.ask(bare.ASSESS, bare.assess(request))[1])
    return answer.verdict, answer.code, used() - before


def large_leaves(keys):
    """64 leaves of 10,000 bytes that hold all the keys."""
    holes = [[key for key in range(keys) if key % 64 == place] or [0] for place in range(64)]
    leaves = []
    for place, mine in enumerate(holes):
        pieces = [part for key in mine for part in (b"\x20", (key, X_ONLY), b"\xad")]
        leaves.append(Leaf(*pieces, u8(0x61 + place) * (10_000 - 34 * len(mine)), depth=6, version=0xC0, weight=20_000))
    return leaves


def aggregates(branches=(0, 1)):
    """16 keys that derive at each index, and 16 aggregates made anew of all of them."""
    return [own(n, branches) for n in range(16)] + [Key(AGGREGATE, range(16), None) for _ in range(16)]


FAR = 1 << 30
DEAR = {
    "aggregates": Wallet(TREE, aggregates(), [multi_a(1, range(32), 0)], FAR),
    "leaves": Wallet(TREE, [own(0)], large_leaves(1), FAR),
    "both": Wallet(TREE, aggregates((2, 3)), large_leaves(32), FAR),
}
HONEST = {
    "wpkh": (Wallet(WPKH, [Key(1, [84 | HARD, 1 | HARD, 0 | HARD])], (), FAR), 5_000),
    "tr": (Wallet(TR, [Key(1, [86 | HARD, 1 | HARD, 0 | HARD])], (), FAR), 5_000),
    "wsh(15 of 15)": (Wallet(WSH, [own(20), *map(other, range(14))], [multi(15, range(15), [(0, 15)])], FAR), 2_000),
    "tr of 32 leaves": (Wallet(TREE, [own(30), *map(other, range(31))], [pk(n, 5) for n in range(32)], FAR), 1_000),
}


@pytest.fixture(scope="module")
def signer():
    files = Files([*DEAR.values(), *(wallet for wallet, _ in HONEST.values())])
    with bare.Signer(files) as running:
        running.gate.socket.settimeout(300)
        bare.ready(running)
        yield running
    files.remove()


@pytest.mark.parametrize("name", DEAR)
def test_the_dearest_request_is_refused_before_any_work(signer, name):
    """It took a minute of the signer's time, and was free where another check refused it in the end."""
    wallet = DEAR[name]
    verdict, code, used = seconds(signer, Many(wallet, 5_000, first=10_000))
    assert (verdict, code) == (2, TOO_MUCH_WORK) and used < 0.3, used
    # The dearest that is not too dear: found by halving, at indexes that nothing is remembered of.
    good, bad = 1, 5_000
    while bad - good > 1:
        middle = (good + bad) // 2
        made = Many(wallet, middle, first=middle * 100_000)
        # Refused at once for something later than the bound, so that looking costs nothing.
        made.outputs[0]["script"] = b"\x6a" * 4
        _, code, _ = seconds(signer, made)
        good, bad = (good, middle) if code == TOO_MUCH_WORK else (middle, bad)
    verdict, code, most = seconds(signer, Many(wallet, good, first=700_000_000))
    assert verdict == 1 and most < 6, (code, most)
    figure(f"work: {name}: 5,000 inputs refused in {used:.2f} s of CPU; the most that is checked, {good} inputs, takes {most:.2f} s")


def test_one_leaf_of_one_address_is_looked_for_once(signer):
    """5,000 coins of one address by its last leaf: each cost a walk over 640,000 bytes, and counted as one address."""
    wallet = DEAR["leaves"]
    keys = wallet.derived(0, 77)
    last, first = wallet.leaf_hash(63, keys), wallet.leaf_hash(0, keys)

    def spending(leaves):
        made = Many(wallet, 5_000, leaf_hashes=leaves)
        for spent in made.inputs:
            spent["index"] = 77
        return made

    verdict, code, used = seconds(signer, spending([last] * 5_000))
    assert verdict == 1 and used < 1.5, (code, used)
    figure(f"work: 5,000 inputs by the last of 64 leaves of 10,000 bytes checked in {used:.2f} s of CPU")
    # Where they change, each is looked for, and each counts.
    verdict, code, used = seconds(signer, spending([last, first] * 2_500))
    assert (verdict, code) == (2, TOO_MUCH_WORK) and used < 0.3, used
    # A leaf that is not there is said of the first input already.
    verdict, code, used = seconds(signer, spending([bytes(32)] * 5_000))
    assert verdict == 2 and code != TOO_MUCH_WORK and used < 0.3, used


@pytest.mark.parametrize("name", HONEST)
def test_the_largest_honest_request_passes(signer, name):
    wallet, count = HONEST[name]
    verdict, code, used = seconds(signer, Many(wallet, count, first=50_000))
    missing_parent = 17
    # Parents are left out: outside of taproot that is what is refused, after all else was checked.
    assert verdict == 1 if wallet.is_taproot else code == missing_parent, code
    figure(f"work: {count:,} inputs of {name} checked in {used:.2f} s of CPU")
