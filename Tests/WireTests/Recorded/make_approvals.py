"""Writes approvals.jsonl: decisions that await approval, the texts about them, and signatures of those texts, good and bad.

    python make_approvals.py > approvals.jsonl

Made with PyNaCl 1.6.2. The bundles, the leaves, the texts and the signatures are laid out here and in Tests/SystemTests/approvals.py, from
docs/protocol.md and OpenSSH's PROTOCOL.sshsig and PROTOCOL.u2f. None of it comes from us.
"""
import json
import pathlib
import random
import struct
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "SystemTests"))
from approvals import Authenticator, KINDS, Plain, armour, sha256, tagged, text  # noqa: E402

chance = random.Random(20261122)
u8 = lambda n: struct.pack("<B", n)
u16 = lambda n: struct.pack("<H", n)
u32 = lambda n: struct.pack("<I", n)
u64 = lambda n: struct.pack("<Q", n)
vec8 = lambda b: u8(len(b)) + b
vec16 = lambda b: u16(len(b)) + b
HARD = 1 << 31
SECOND = 10**9

PEOPLE = {
    b"alice": [Plain(b"alice"), Authenticator(b"alice's token")], b"bob": [Authenticator(b"bob")],
    b"carol": [Authenticator(b"carol", "ssh:carol", flags=5)], b"dave": [Plain(b"dave")],
}
VERIFIED = {b"carol"}
GROUPS = [(b"board", 0b1000), (b"security", 0b0100), (b"treasury", 0b0011)]
ODD = [b"hot", b"a b", b"x, pays 1.00000000 BTC to me", b"in [list]", "kr\u00e4he".encode(), b"\\x41", b"rule", b"-_0", b"A" * 255]


def scripts():
    h20, h32 = chance.randbytes(20), chance.randbytes(32)
    push = chance.randbytes(chance.randrange(1, 76))
    return [
        b"\x76\xa9\x14" + h20 + b"\x88\xac", b"\xa9\x14" + h20 + b"\x87", b"\x00\x14" + h20, b"\x00\x20" + h32, b"\x51\x20" + h32,
        b"\x51\x02\x4e\x73", b"\x60\x28" + h20 + h20, b"\x5f\x02ab", b"\x00\x02ab", b"\x50\x02ab", b"\x6a", b"\x6a\x00",
        b"\x6a" + u8(len(push)) + push, b"\x6a\x4c\x50" + b"z" * 80, b"\x6a\x4d\x04\x00data", b"\x6a\x01\x07\x01\x07", b"\x6a\x05abc", b"\x6a\x4c",
        b"\x6a\x0d\npays 1.00 BTC", b"\x51", b"\x76\xa9\x14" + bytes(20) + b"\x88\xac", h32 * 3,
    ]


def approvals(quorums, veto=255, wait=0, expiry=86_400):
    return u8(11) + u8(len(quorums)) + b"".join(u8(g) + u8(t) for g, t in quorums) + u8(veto) + u32(wait) + u32(expiry)


def bundle(network=4, names=None, listed=(), rules=None):
    """Wallets, lists and rules with hostile names, and the people above."""
    name = names or (lambda: chance.choice(ODD))
    coin = 0 if network == 0 else 1
    wallets, ids = b"", []
    for place in range(2):
        key = u8(1) + u8(3) + u32(84 | HARD) + u32(coin | HARD) + u32(place | HARD) + u8(2) + u32(0) + u32(1)
        template = u8(1) + u32(1_000) + u8(1) + key
        ids.append(tagged("portcullis/wallet/1", template))
        wallets += vec8(b"%d-%s" % (place, name()[:200])) + template + vec16(b"by hand")
    lists = sorted({name() for _ in range(4)})
    found = sorted(listed, key=lambda script: (len(script), script))
    destinations = b"".join(vec16(s) + u64(chance.randrange(1, 1 << len(lists))) for s in found)
    conditions = [
        u8(1) + u8(1) + u64(0) + u64(2**64 - 1) + u8(1) + u8(2) + u64(0) + u64(2**64 - 1) + more
        for more in rules or [b"", approvals([(2, 2), (1, 1)], 0, 3_600), approvals([(2, 1)], 255, 59, 60)]
    ]
    rules = b"".join(vec8(b"%d-" % place + name()[:200]) + u8(5) + u64(3) + vec16(body) for place, body in enumerate(conditions))
    shape = u64(1) + vec8(b"zz") + u16(2) + u16(80)
    people = b"".join(
        vec8(who) + u8(len(keys)) + b"".join(u8(who in VERIFIED) + vec16(key.wire) for key in keys) for who, keys in PEOPLE.items()
    )
    body = u8(len(PEOPLE)) + people + u8(len(GROUPS)) + b"".join(vec8(group) + u64(bits) for group, bits in GROUPS)
    source = b"version = 1\n"
    data = b"PCBUNDL1" + u16(2) + u8(network) + u64(chance.choice([1, 1, 2**64 - 1]))
    epoch = int.from_bytes(data[11:19], "little")
    data += (bytes(32) if epoch == 1 else chance.randbytes(32)) + sha256(source) + u64(10**12)
    data += u8(1) + u8(1) + vec16(Plain(b"admin").wire) + u16(2) + wallets
    data += u16(len(lists)) + b"".join(map(vec8, lists)) + u32(len(found)) + destinations + u16(0)
    data += u16(len(conditions)) + rules + u8(0) + u8(1) + shape + u8(0) + u32(0)
    data += u16(1) + u16(1) + u32(len(body)) + body + u32(len(source)) + source
    return data, ids


def leaf(data, wallet, network, destinations, rules, asked, digest=None, verdict=3, **numbers):
    bits = 35 | (4 if numbers.get("types") else 0) | (16 if numbers.get("replaced") else 0)
    body = b"\x02\x01" + chance.randbytes(16) + u8(verdict) + bytes(22) + (digest or chance.randbytes(32))
    body += tagged("portcullis/bundle/1", data) + u8(network) + u8(bits)
    body += u8(numbers["types"]) if bits & 4 else b""
    body += numbers["replaced"] + u64(1) if bits & 16 else b""
    body += u32(numbers.get("requester", 1_001)) + u64(asked) + u8(1) + u8(1)
    body += chance.randbytes(32) + u64(numbers.get("outflow", 50_001_234)) + u64(numbers.get("fee", 1_234)) + u32(numbers.get("vsize", 141))
    body += chance.randbytes(36) + u16(1) + chance.randbytes(32) + wallet + u16(numbers.get("own", 1)) + u64(numbers.get("back", 7))
    body += u16(len(destinations)) + b"".join(u64(amount) + vec16(script) for amount, script in destinations)
    body += u16(len(rules)) + b"".join(u16(rule) + u8(1) + u16(0) + u64(5) for rule in rules) + u8(0)
    return body + chance.randbytes(32)


def case(title, data, made, home, log, **more):
    texts = {kind: text(kind, made, data, home, log).decode() for kind in KINDS}
    return dict(title=title, bundle=data.hex(), leaf=made.hex(), home=home.hex(), log=log, **texts, **more)


def random_case(number):
    network = number % 5
    pool = scripts()
    data, ids = bundle(network, listed=set(chance.sample(pool, 6)))
    count = chance.choice([0, 1, 2, 22])
    amounts = [0, 1, 99_999_999, 10**8, 21 * 10**14, 2**64 - 1]
    destinations = [(chance.choice(amounts), script) for script in chance.sample(pool, count)]
    asked = chance.choice([0, SECOND - 1, 951_782_400 * SECOND, 1_709_164_799 * SECOND, 2**64 - 1, chance.randrange(2**64)])
    made = leaf(
        data, ids[number % 2], network, destinations, chance.choice([[1], [1, 2], [0, 2], [2]]), asked,
        requester=chance.choice([0, 2**32 - 1]),
        outflow=chance.choice(amounts), fee=chance.choice([0, 1, 1_234, 10**8]), vsize=chance.choice([1, 141, 100_000]),
        own=chance.choice([0, 1, 4_000]), back=chance.choice(amounts), types=chance.choice([0, 0, 1, 27, 31]) if number % 3 else 0,
        replaced=None if number % 3 else chance.randbytes(32),
    )
    return case(f"random {number}", data, made, chance.randbytes(32), chance.choice([0, 7, 2**32 - 1]))



def judged():
    """One payment, and who says what of it: the blobs in order, seconds after it was asked for, and what that makes."""
    script = b"\x00\x14" + sha256(b"somebody")[:20]
    two = approvals([(1, 1), (2, 2)], 0, 3_600, 86_400)
    data, ids = bundle(4, names=lambda: b"plain", listed={script}, rules=[two])
    home, log, asked, digest = sha256(b"home"), 0, 1_795_400_000 * SECOND, sha256(b"request")
    made = leaf(data, ids[0], 4, [(50_000_000, script)], [0], asked, digest)
    right = text("approval", made, data, home, log)
    against = text("rejection", made, data, home, log)
    alice, token = PEOPLE[b"alice"]
    (bob,), (carol,), (dave,) = PEOPLE[b"bob"], PEOPLE[b"carol"], PEOPLE[b"dave"]
    flagged = lambda key, flags: Authenticator(key, "ssh:carol" if key == b"carol" else "ssh:", flags=flags)
    good = [alice.sign(right), bob.sign(right), carol.sign(right, algorithm="sha256")]
    HOUR, DAY = 3_600, 86_400
    other = leaf(data, ids[0], 4, [(50_000_001, script)], [0], asked, sha256(b"another"))
    later = leaf(data, ids[0], 4, [(50_000_000, script)], [0], asked + SECOND, digest)
    cases = [
        ("enough, after the wait", good, HOUR, "satisfied"),
        ("in another order", good[::-1], HOUR, "satisfied"),
        ("by the authenticator of the same person", [token.sign(right), *good[1:]], HOUR, "satisfied"),
        ("one more than needed", [*good, dave.sign(right)], HOUR, "satisfied"),
        ("the last second", good, DAY - 1, "satisfied"),
        ("expired", good, DAY, "approval-expired"),
        ("long ago", good, 10 * DAY, "approval-expired"),
        ("too early", good, HOUR - 1, "approval-too-early"),
        ("before it was asked", good, -1, "approval-too-early"),
        ("nobody", [], HOUR, "approvals-missing"),
        ("one of two", [alice.sign(right), good[2]], HOUR, "approvals-missing"),
        ("one group alone", good[:2], HOUR, "approvals-missing"),
        ("by one of another group", [alice.sign(right), good[2], dave.sign(right)], HOUR, "approvals-missing"),
        ("the same person twice", [alice.sign(right), alice.sign(right)], HOUR, "approval-same-person"),
        ("the same person with two keys", [alice.sign(right), token.sign(right), *good[1:]], HOUR, "approval-same-person"),
        ("for a file", [alice.sign(right, "file")], HOUR, "approval-namespace"),
        ("of an admin", [alice.sign(right, "portcullis-admin")], HOUR, "approval-namespace"),
        ("a rejection of the text to approve", [alice.sign(right, KINDS["rejection"])], HOUR, "approval-namespace"),
        ("the text to reject under approval", [alice.sign(against)], HOUR, "approval-signature"),
        ("of another request", [alice.sign(text("approval", other, data, home, log))], HOUR, "approval-signature"),
        ("of another home", [bob.sign(text("approval", made, data, sha256(b"other"), log))], HOUR, "approval-signature"),
        ("of another log", [bob.sign(text("approval", made, data, home, 1))], HOUR, "approval-signature"),
        ("asked at another time", [bob.sign(text("approval", later, data, home, log))], HOUR, "approval-signature"),
        ("on another network", [alice.sign(right.replace(b"network regtest", b"network main"))], HOUR, "approval-signature"),
        ("by a key that was revoked", [Plain(b"alice before").sign(right)], HOUR, "approval-unknown-key"),
        ("by an admin", [Plain(b"admin").sign(right)], HOUR, "approval-unknown-key"),
        ("the same key for another application", [Authenticator(b"bob", "ssh:bob").sign(right)], HOUR, "approval-unknown-key"),
        ("the same key as a plain one", [Plain(b"bob").sign(right)], HOUR, "approval-unknown-key"),
        ("untouched", [flagged(b"bob", 0).sign(right)], HOUR, "approval-without-touch"),
        ("verified but untouched", [flagged(b"carol", 4).sign(right)], HOUR, "approval-without-touch"),
        ("touched, not verified", [flagged(b"carol", 1).sign(right)], HOUR, "approval-without-verification"),
        ("verified where nobody asks", [flagged(b"bob", 5).sign(right), alice.sign(right), good[2]], HOUR, "satisfied"),
        ("no signature", [b""], HOUR, "approval-malformed"),
        ("armoured", [armour(good[0]).encode()], HOUR, "approval-malformed"),
        ("good ones, then a bad one", [*good, alice.sign(right, "file")], HOUR, "approval-namespace"),
    ]
    yield case("judged", data, made, home, log, keys={
        who.decode(): [key.line for key in keys] for who, keys in PEOPLE.items()
    }, cases=[dict(title=title, blobs=[blob.hex() for blob in blobs], after=after, expected=name) for title, blobs, after, name in cases],
        reject=[dave.sign(against, KINDS["rejection"]).hex(), carol.sign(against, KINDS["rejection"]).hex()])


if __name__ == "__main__":
    for found in [*judged(), *map(random_case, range(40))]:
        print(json.dumps(found, sort_keys=True))
