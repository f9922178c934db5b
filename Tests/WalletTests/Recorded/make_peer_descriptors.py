"""Writes peer-descriptors.jsonl: random descriptors and what BDK and embit make of them.

    python make_peer_descriptors.py > peer-descriptors.jsonl

Made with bdkpython 3.1.1 and embit 0.8.0 (reference: pip install bdkpython==3.1.1 embit==0.8.0).
Each line: the descriptor, the scripts of both places at three indices where a peer takes it, whether
BDK calls it sane, and the weight that BDK would reserve for a spend. None of it comes from us.
"""
import hashlib
import json
import random

import bdkpython as bdk
from embit import bip32
from embit.descriptor import Descriptor
from embit.networks import NETWORKS

chance = random.Random(20261121)
INDICES = [0, 1, 2_147_483_647]


def extended_key():
    root = bip32.HDKey.from_seed(chance.randbytes(32))
    path = chance.choice(["48h/1h/0h/2h", "84h/1h/3h", "86h/1h/0h", "0"])
    key = root.derive("m/" + path).to_public()
    text = key.to_base58(NETWORKS["test"]["xpub"])
    return f"[{root.my_fingerprint.hex()}/{path}]{text}"


def key():
    first, second = chance.sample(range(0, 50), 2)
    steps = chance.choice(["/<0;1>/*", "/<0;1>/*", f"/<{first};{second}>/*", f"/7/<{first};{second}>/*"])
    return extended_key() + steps


def digest(count):
    return hashlib.sha512(chance.randbytes(8)).hexdigest()[: 2 * count]


def older():
    return chance.choice([1, 144, 65535, 4194305, 4194304 + 500, 52560])


def after():
    return chance.choice([1, 16, 17, 840000, 499999999, 500000000, 1700000000])


def multi(tapscript, word=None):
    count = chance.randint(1, 4)
    word = word or ("multi_a" if tapscript else "multi")
    return f"{word}({chance.randint(1, count)},{','.join(key() for _ in range(count))})"


def base(depth, tapscript):
    """A random expression that is meant to be of base B."""
    if depth == 0:
        return chance.choice(
            [lambda: f"pk({key()})"] * 3
            + [lambda: f"pkh({key()})", lambda: multi(tapscript)]
            + [lambda: f"older({older()})", lambda: f"after({after()})"]
            + [lambda: f"sha256({digest(32)})", lambda: f"hash160({digest(20)})"]
            + [lambda: f"ripemd160({digest(20)})", lambda: f"hash256({digest(32)})"]
        )()
    def b(): return base(depth - 1, tapscript)
    def v(): return verify(depth - 1, tapscript)
    def w(): return wrapped(depth - 1, tapscript)
    def parts():
        others = [w() for _ in range(chance.randint(1, 3))]
        return f"thresh({chance.randint(1, 1 + len(others))},{b()},{','.join(others)})"
    return chance.choice(
        [
            lambda: f"and_v({v()},{b()})", lambda: f"and_v({v()},{b()})",
            lambda: f"and_b({b()},{w()})", lambda: f"or_b({b()},{w()})",
            lambda: f"or_d({b()},{b()})", lambda: f"or_i({b()},{b()})",
            lambda: f"andor({b()},{b()},{b()})", lambda: f"and_n({b()},{b()})",
            parts, b,
        ]
    )()


def prefix(letters, text):
    head = text.split("(")[0]
    return letters + text if ":" in head else f"{letters}:{text}"


def verify(depth, tapscript):
    return prefix("v", base(depth, tapscript))


def wrapped(depth, tapscript):
    return chance.choice([
        lambda: prefix("a", base(depth, tapscript)),
        lambda: f"s:pk({key()})",
        lambda: prefix("snl", f"older({older()})"),
        lambda: prefix("aj", base(depth, tapscript)),
    ])()


def tree(depth):
    if depth == 0 or chance.random() < 0.3:
        return chance.choice([
            lambda: f"pk({key()})", lambda: multi(True), lambda: multi(True, "sortedmulti_a"),
            lambda: base(1, True), lambda: base(2, True),
        ])()
    return "{%s,%s}" % (tree(depth - 1), tree(depth - 1))


FORMS = [
    lambda: f"pkh({key()})", lambda: f"wpkh({key()})", lambda: f"sh(wpkh({key()}))",
    lambda: f"tr({key()})", lambda: f"sh({multi(False)})", lambda: f"wsh({multi(False)})",
    lambda: f"sh(wsh({multi(False)}))", lambda: f"sh({multi(False, 'sortedmulti')})",
    lambda: f"wsh({multi(False, 'sortedmulti')})",
    lambda: f"sh(wsh({multi(False, 'sortedmulti')}))",
    lambda: f"wsh({base(1, False)})", lambda: f"wsh({base(2, False)})",
    lambda: f"wsh({base(2, False)})", lambda: f"wsh({base(3, False)})",
    lambda: f"sh(wsh({base(2, False)}))", lambda: f"tr({key()},{base(2, True)})",
    lambda: f"tr({key()},{tree(1)})", lambda: f"tr({key()},{tree(2)})",
    lambda: f"tr({key()},{tree(4)})",
]


def by_bdk(text):
    try:
        descriptor = bdk.Descriptor(text, bdk.NetworkKind.TEST)
    except Exception as problem:
        return None, None, str(problem)
    try:
        descriptor.sanity_check()
        problem = None
    except Exception as found:
        problem = str(found)
    try:
        weight = descriptor.max_weight_to_satisfy()
    except Exception:
        weight = None
    places = []
    for single in descriptor.to_single_descriptors():
        scripts = []
        for index in INDICES:
            address = single.derive_address(index, bdk.Network.TESTNET)
            scripts.append(bytes(address.script_pubkey().to_bytes()).hex())
        places.append(scripts)
    return places, weight, problem


def by_embit(text):
    try:
        descriptor = Descriptor.from_string(text)
        return [
            [descriptor.derive(i, branch_index=b).script_pubkey().data.hex() for i in INDICES]
            for b in range(2)
        ]
    except Exception:
        return None


seen = {"tries": 0, "refused": 0}
lines = 0
while lines < 400 and seen["tries"] < 4000:
    seen["tries"] += 1
    text = chance.choice(FORMS)()
    if len(text) > 4000:
        continue
    scripts, weight, problem = by_bdk(text)
    other = by_embit(text)
    row = {"descriptor": text, "bdk": scripts, "embit": other, "weight": weight, "problem": problem}
    # Of those that BDK cannot read keep some: they say what must be judged.
    if scripts is None:
        seen["refused"] += 1
        if seen["refused"] > 100:
            continue
    print(json.dumps(row))
    lines += 1
