#!/usr/bin/env python3
"""Writes the first inputs of the fuzz targets, from docs/protocol.md and nothing of ours.

    seeds.py FOLDER    one folder a target is made in FOLDER

The corpus in git grew out of these: `FuzzX -merge=1 Fuzz/Corpus/FuzzX FOLDER/FuzzX` adds to it
those that reach anything new.
"""

import base64
import hashlib
import pathlib
import struct
import sys

HERE = pathlib.Path(__file__).resolve().parent
ALL = 2**64 - 1
HARDENED = 2**31


def u8(number):
    return struct.pack("<B", number)


def u16(number):
    return struct.pack("<H", number)


def u32(number):
    return struct.pack("<I", number)


def u64(number):
    return struct.pack("<Q", number)


def vec8(data):
    return u8(len(data)) + data


def vec16(data):
    return u16(len(data)) + data


def vec32(data):
    return u32(len(data)) + data


def wire():
    """The published examples, each behind the number of the reader that it is for; and messages."""
    for name, request, leaf in messages():
        yield "message-" + name, u8(6) + request
        yield "leaf-message-" + name, u8(2) + leaf
        yield "leaf-message-" + name + "-by-kind", u8(3) + leaf
    readers = {"frame": 0, "resolved": 1, "leaf-decision": 2, "leaf": 3, "assess-head": 4,
               "release": 5, "": 7}
    for line in (HERE.parent / "docs/examples/wire.txt").read_text().splitlines():
        name, text = line.split(" ")
        number = next(number for start, number in readers.items() if name.startswith(start))
        yield name, u8(number) + bytes.fromhex(text)
        if name.startswith("leaf-decision"):
            yield name + "-by-kind", u8(3) + bytes.fromhex(text)


def messages():
    """Messages of every format (protocol.md, sections 3 and 5), with the leaf of each."""
    text = "caf\u00e9 at noon\n\ttwo lines".encode()
    coin = b"\x33" * 32 + u32(1) + u32(0) + u64(50_000) + u8(0) + u8(1) + u32(9) + u8(1)
    script = b"\x00\x14" + b"\xab" * 20
    shapes = {
        "simple": (1, b"", text, [], (0, 0, 0)), "empty": (1, b"", b"", [], (2, 0, 0)),
        "leaf": (1, b"\x44" * 32, text, [], (2, 840_000, 144)), "legacy": (3, b"", text, [], (0, 0, 0)),
        "proof": (2, b"", text, [coin + u8(0)], (0, 0, 0)),
        "proof-by-leaves": (2, b"\x44" * 32, text, [coin + u8(1) + b"\x55" * 32] * 2, (2, 0, 7)),
    }
    for name, (form, leaf_hash, said, coins, (version, lock_time, sequence)) in shapes.items():
        address = b"\x77" * 32 + u8(1) + u32(5)
        request = (u8(2) + u8(4) + u8(0) + u8(form) + address + u8(1 if leaf_hash else 0) + leaf_hash
                   + u32(version) + u32(lock_time) + u32(sequence) + vec32(said) + section(coins))
        facts = (u8(9) + u8(form) + address + vec16(script) + b"\x66" * 32 + u32(0) + u16(len(coins))
                 + hashlib.sha256(coin).digest() + u64(50_000 * len(coins)) + vec32(said))
        charges = u8(1) + u16(0) + u64(0)
        decision = (u8(2) + u8(1) + bytes(16) + u8(1) + u16(0) + u32(0) + u64(0) + u64(0)
                    + hashlib.sha256(request).digest() + b"\x88" * 32 + u8(4))
        tail = section([u16(0) + charges]) + charges + b"\x99" * 32
        yield name, request, decision + facts + tail
        # Under a bundle with conditions: who asked, and when.
        asked = u8(41) + u32(1_001) + u64(1_800_000_000 * 10**9) + u16(0)
        yield name + "-asked", request, decision + asked + facts[1:] + tail


def size(number):
    if number < 0xFD:
        return u8(number)
    return b"\xfd" + u16(number) if number < 0x10000 else b"\xfe" + u32(number)


def transaction(inputs, scripts, version=2):
    parts = [u32(version), size(len(inputs))]
    for txid, script in inputs:
        parts += [txid, u32(1), size(len(script)), script, u32(0xFFFFFFFD)]
    parts.append(size(len(scripts)))
    for place, script in enumerate(scripts):
        parts += [u64(1000 * (place + 1)), size(len(script)), script]
    return b"".join(parts) + u32(840_000)


def transactions():
    wpkh, taproot = b"\x00\x14" + b"\xab" * 20, b"\x51\x20" + b"\xcd" * 32
    one = (b"\x11" * 32, b"")
    shapes = {
        "least": transaction([one], [b""]),
        "two-outputs": transaction([one, (b"\x22" * 32, b"\x16" + wpkh)], [wpkh, taproot]),
        "many-outputs": transaction([one], [wpkh] * 20),
        "coinbase": transaction([(bytes(32), b"\x03abc")], [wpkh, b"\x6a\x04data"]),
        "long-script": transaction([one], [b"\x6a" * 300, taproot, b"\x51" * 64, b"\x51" * 65]),
    }
    yield from shapes.items()


def wallet(name, kind, purpose, coin, branches=(0, 1)):
    path = [purpose | HARDENED, coin | HARDENED, HARDENED]
    key = u8(1) + vec8_numbers(path) + vec8_numbers(branches)
    return vec8(name) + u8(kind) + u32(1000) + u8(1) + key + vec16(b"wpkh(key)")


def vec8_numbers(numbers):
    return u8(len(numbers)) + b"".join(map(u32, numbers))


def limit(name, scope, index, amount, count):
    return vec8(name) + u8(scope) + u16(index) + u32(3600) + u64(amount) + u32(count)


def rule(name, effect, wallets, lists, caps=(ALL, ALL, ALL)):
    return (vec8(name) + u8(effect) + u64(wallets) + b"".join(map(u64, caps))
            + u8(1 if lists else 0) + u64(lists))


def section(items, count=u16):
    return count(len(items)) + b"".join(items)


def bundle(network=4, epoch=1, admins=(), wallets=(), lists=(), scripts=(), limits=(), rules=(),
           source=b"version = 1\n", sections=b""):
    parent = bytes(32) if epoch == 1 else b"\x77" * 32
    keys = [vec16(u32be(11) + b"ssh-ed25519" + u32be(32) + key) for key in admins]
    return b"".join([
        b"PCBUNDL1", u16(2 if sections else 1), u8(network), u64(epoch), parent, hashlib.sha256(source).digest(),
        u64(5_000_000), u8(1 if keys else 0), u8(len(keys)), *keys, section(wallets),
        section([vec8(name) for name in lists]),
        section([vec16(script) + u64(mask) for script, mask in scripts], u32),
        section(limits), section(rules), sections, vec32(source),
    ])


def conditions(name, effect, wallets, *parts):
    return vec8(name) + u8(effect) + u64(wallets) + vec16(b"".join(parts))


def between(fact, least, most):
    return u8(1) + u8(fact) + u64(least) + u64(most)


def sections():
    """Two zones, two shapes of data, nothing that ages and no extension."""
    changes = struct.pack("<BBBi", 3, 5, 0, 7200) + struct.pack("<BBBi", 10, 5, 0, 10800)
    berlin = struct.pack("<iBi", 3600, 1, 7200) + changes
    zones = [struct.pack("<iB", 0, 0), berlin]
    shapes = [u64(1) + vec8(b"") + u16(0) + u16(0), u64(2) + vec8(b"\x01\x02") + u16(2) + u16(80)]
    return section(zones, u8) + section(shapes, u8) + u8(0) + u32(0) + u16(0)


def u32be(number):
    return struct.pack(">I", number)


def bundles():
    one = [wallet(b"main", 1, 84, 1)]
    two = [wallet(b"cold", 2, 86, 1, (0,)), wallet(b"main", 1, 84, 1)]
    scripts = [(b"\x00\x14" + b"\x01" * 20, 1), (b"\x00\x14" + b"\x02" * 20, 3),
               (b"\x51\x20" + b"\x03" * 32, 2)]
    rules = [rule(b"daily", 1, 3, 0, (100_000, 1000, 50_000)), rule(b"known", 1, 1, 1),
             rule(b"never", 2, 3, 2)]
    limits = [limit(b"day", 0, 0, 1_000_000, ALL >> 32), limit(b"of-cold", 1, 0, ALL, 5),
              limit(b"of-daily", 2, 0, 500_000, 5), limit(b"of-known", 3, 0, 9_000, 2)]
    yield "least", bundle()
    yield "one-wallet", bundle(wallets=one, rules=[rule(b"any", 1, 1, 0)])
    yield "admins", bundle(epoch=2, admins=[b"\x01" * 32, b"\x02" * 32], wallets=one)
    yield "full", bundle(
        admins=[b"\x09" * 32], wallets=two, lists=[b"friends", b"foes"][::-1], scripts=scripts,
        limits=limits, rules=rules, source=b'# "policy"\n',
    )
    every = [u8(2) + u64(3), u8(3) + u8(4), u8(4) + u16(47), u8(5) + u8(3), u8(6) + u8(1), u8(7) + u8(2),
             u8(8) + u8(2) + u32(7) + u32(1001), u8(9) + u8(1) + u8(1) + u8(31) + u16(540) + u16(1020)]
    bounds = [between(fact, 1, 90_000) for fact in range(1, 8)]
    yield "conditions", bundle(
        wallets=two, lists=[b"foes", b"friends"], scripts=scripts,
        limits=[limit(b"each", 4, 0, 9_000, 2), limit(b"fees", 16, 0, 9_000, ALL >> 32),
                limit(b"of-main", 17, 1, 9_000, ALL >> 32), limit(b"of-careful", 18, 0, 9_000, ALL >> 32)],
        rules=[conditions(b"careful", 5, 3, *bounds, *every),
               conditions(b"open", 5, 1, between(1, 0, ALL), between(2, 0, ALL)),
               conditions(b"never", 6, 3, *bounds[4:], *every[2:]), conditions(b"nobody", 6, 2)],
        sections=sections(),
    )


def field(kind, value, data=b""):
    """One key and value of a PSBT (BIP-174)."""
    key = u8(kind) + data
    return size(len(key)) + key + size(len(value)) + value


def partially_signed():
    wpkh, taproot = b"\x00\x14" + b"\xab" * 20, b"\x51\x20" + b"\xcd" * 32
    key = b"\x02" + b"\x79" * 32
    parent = transaction([(b"\x22" * 32, b"")], [wpkh, taproot])
    spent = hashlib.sha256(hashlib.sha256(parent).digest()).digest()
    spending = transaction([(spent, b"")], [wpkh, taproot])
    origin = b"\xde\xad\xbe\xef" + b"".join(map(u32, [84 | HARDENED, 1 | HARDENED, 0, 7]))
    coin = u64(2000) + vec8(taproot)
    empty = b"\x00"
    whole = field(0, spending)
    in_one = field(0, parent) + field(1, coin) + field(3, u32(1)) + field(6, origin, key)
    tap = field(1, coin) + field(0x16, b"\x00" + origin, key[1:]) + field(0x17, key[1:])
    out = field(2, origin, key) + field(0xFC, b"value", b"\x04test\x00")
    magic = b"psbt\xff"
    yield "bare", magic + whole + empty * 4
    yield "segwit", magic + whole + empty + in_one + empty + out + empty * 2
    yield "taproot", magic + whole + empty + tap + empty + empty + field(5, key[1:]) + empty
    yield "version", magic + whole + field(0xFB, u32(0)) + empty * 4
    yield "base64", base64.b64encode(magic + whole + empty * 4)


def main():
    makers = {"FuzzWireNeverTraps": wire, "FuzzTransactionReader": transactions,
              "FuzzBundleReader": bundles, "FuzzPSBTRoundTrip": partially_signed}
    for name, maker in makers.items():
        folder = pathlib.Path(sys.argv[1]) / name
        folder.mkdir(parents=True, exist_ok=True)
        for seed, data in maker():
            (folder / f"seed-{seed}").write_bytes(data)


if __name__ == "__main__":
    main()
