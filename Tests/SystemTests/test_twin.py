"""The shipped signer against its own sources in ordinary Swift: the same frames, byte for byte the same answers.

The shipped one is Embedded Swift, optimised, without a heap; the other one (Core/.build/debug/signer-twin, which the Swift
tests build) is a debug build. A miscompile of either shows as a difference. Everything random comes from one printed seed.
"""
import os
import random

import pytest
from embit import script
from embit.transaction import Transaction, TransactionInput, TransactionOutput

import bare
import messages
import templates
import wallets
import wire
from appliance import REPOSITORY
from bare import u16, u32, u64
from conftest import figure
from test_templates import ALL as WALLETS, SPENDS

TWIN = REPOSITORY / "Core/.build/debug/signer-twin"
SEED = int(os.environ.get("PORTCULLIS_SEED", random.SystemRandom().randrange(2**32)))
pytestmark = pytest.mark.skipif(not TWIN.exists(), reason="no signer-twin (swift build --package-path Core --build-tests)")


@pytest.fixture(scope="module")
def templated():
    made = templates.Files(list(WALLETS.values()))
    yield made
    made.remove()


class Pair:
    """Both signers on copies of one home; each frame goes to both."""

    def __init__(self, files, bits=0):
        self.homes = [files.copy(), files.copy()]
        self.shipped = bare.Signer(self.homes[0])
        sealed = self.shipped.status()
        self.replies = 0
        assert self.shipped.unlock("wrong")[0] == wire.REFUSED
        assert self.shipped.unlock()[0] == wire.UNLOCKED
        opened = bare.Status(self.shipped.greeting[1])
        self.twin = bare.Signer(self.homes[1], TWIN, [sealed.kernel ^ bits, opened.kernel ^ bits, sealed.abi])
        assert vars(self.twin.status()) == vars(sealed) or bits
        assert self.twin.unlock("wrong")[0] == wire.REFUSED
        assert self.twin.unlock()[0] == wire.UNLOCKED
        if not bits:
            assert self.twin.greeting == self.shipped.greeting

    def ask(self, kind, payload=b""):
        answers = []
        for one in (self.shipped, self.twin):
            try:
                answers.append(one.ask(kind, payload))
            except (EOFError, BrokenPipeError, ConnectionResetError):
                answers.append((None, one.wait()))
        assert answers[0] == answers[1], f"seed {SEED}, frame {self.replies} of kind {kind}: {payload.hex()}"
        self.replies += 1
        return answers[0]

    def ready(self):
        log = bare.Log()
        log.leaves += bare.events_of(self.ask(bare.RESUME, log.resume())[1])
        self.ask(bare.ADVANCE, log.advance())
        log.shown = len(log)
        return log

    def states(self):
        return [(home.folder / "state").read_bytes() for home in self.homes]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for one in (self.shipped, self.twin):
            one.close()
        for home in self.homes:
            home.remove()


def coin(chance, kind, index, branch=0):
    spend = TransactionInput(chance.randbytes(32), chance.randrange(9), sequence=0xFFFFFFFF)
    pay = [TransactionOutput(chance.randrange(600, 10**6), script.Script(b"\x00\x14" + chance.randbytes(20)))
           for _ in range(chance.randrange(3))]
    place = chance.randrange(len(pay) + 1)
    amount = chance.randrange(50_000, 10**6)
    pay.insert(place, TransactionOutput(amount, wallets.script_of(kind, branch, index)))
    parent = Transaction(version=2, vin=[spend], vout=pay, locktime=0)
    return wallets.Coin(kind, amount, branch, index, parent=parent, vout=place)


def request(chance, kind=None, count=None):
    kind = kind or chance.choice(["wpkh", "tr"])
    coins = [coin(chance, kind, chance.randrange(40), chance.randrange(2)) for _ in range(count or chance.randrange(1, 9))]
    total = sum(c.amount for c in coins)
    kinds = [b"\x00\x14" + chance.randbytes(20), b"\x51\x20" + chance.randbytes(32), b"\xa9\x14" + chance.randbytes(20) + b"\x87",
             b"\x00\x20" + chance.randbytes(32), b"\x76\xa9\x14" + chance.randbytes(20) + b"\x88\xac"]
    paid = chance.randrange(1_000, total // 2)
    index = chance.randrange(40)
    change = (kind, index, total - paid - chance.randrange(200, 9_000), wallets.script_of(kind, 1, index))
    made = wire.Request(coins, [(script.Script(chance.choice(kinds)), paid)], change)
    if kind == "tr" and chance.random() < 0.3:
        made.parents = made.parents[:chance.randrange(len(made.parents))]
    return made


def spoiled(chance, payload, start):
    """The payload with some bytes of its tail changed, or cut short, or longer."""
    data = bytearray(payload)
    match chance.randrange(8):
        case 0: return bytes(data[:chance.randrange(start, len(data))])
        case 1: return bytes(data) + chance.randbytes(chance.randrange(1, 40))
        case _:
            for _ in range(chance.choice([1, 1, 1, 2, 8])):
                data[chance.randrange(start, len(data))] ^= chance.randrange(1, 256)
            return bytes(data)


def pay(pair, chance, log, requests):
    """Assesses, logs, charges and releases; before it, releases with one byte wrong."""
    entries = []
    for slot, made in enumerate(requests):
        answer = bare.Assessed(pair.ask(bare.ASSESS, bare.assess(made, slot=slot))[1])
        assert answer.verdict == 1, answer.code
        offset = len(log) - log.shown
        entries.append(bare.new_entry(made, slot, offset, log.charge(answer.leaf)))
    good = bare.release(log, *entries)
    hashes = 4 + 32 * (len(log) - log.shown)
    for _ in range(4):
        wrong = bytearray(good)
        # Within the hashes or within the last request, so that the form stays.
        place = chance.choice([chance.randrange(4, hashes), len(good) - 1 - chance.randrange(60)])
        wrong[place] ^= 1 << chance.randrange(8)
        kind, _ = pair.ask(bare.RELEASE, bytes(wrong))
        assert kind == wire.REFUSED
    kind, _ = pair.ask(bare.RELEASE, good)
    assert kind == bare.RELEASED
    log.shown = len(log)
    return log.shown - 2 * len(requests)


def test_every_answer_is_the_same_byte_for_byte(files):
    chance = random.Random(SEED)
    with Pair(files) as pair:
        pair.ask(bare.STATUS)
        log = pair.ready()
        for kind in ("wpkh", "tr"):
            wallet = wire.wallet_id(kind)
            pair.ask(bare.XPUB, wallet + b"\0")
            for index in [0, 1, 999_999, 1_000_000, 1_000_001, 2**31, 2**32 - 1] + [chance.randrange(10**6) for _ in range(10)]:
                pair.ask(bare.ADDRESS, wallet + bytes([chance.randrange(4)]) + u32(index))
        pair.ask(bare.XPUB, bytes(33))
        for _ in range(20):
            pay(pair, chance, log, [request(chance)])
        first = pay(pair, chance, log, [request(chance) for _ in range(12)])
        pay(pair, chance, log, [request(chance, "wpkh", 60)])
        pay(pair, chance, log, [request(chance, "tr", 60)])
        assert pair.states()[0] == pair.states()[1]
        # A retry of one of the batch, honest and not.
        again = request(random.Random(SEED + 1))
        index = pay(pair, chance, log, [again])
        pair.ask(bare.ASSESS, bare.assess(again, slot=7))
        for wrong in (first, index + 1, 0):
            pair.ask(bare.RELEASE, bare.release(log, bare.retry_entry(
                log, again, 7, wrong, leaf=log.leaves[wrong], charge=log.leaves[index + 1])))
        kind, _ = pair.ask(bare.RELEASE, bare.release(log, bare.retry_entry(log, again, 7, index)))
        assert kind == bare.RELEASED
        verdicts = set()
        for _ in range(400):
            payload = bare.assess(request(chance), slot=chance.randrange(1_024), time=chance.choice([999, 1_000, 2**64 - 1]))
            answer = bare.Assessed(pair.ask(bare.ASSESS, spoiled(chance, payload, 17))[1])
            verdicts.add(answer.code)
        assert len(verdicts) >= 8, verdicts
        for size in (0, 1, 5, 300):
            log.leaves += [chance.randbytes(chance.randrange(1, 400)) for _ in range(size)]
            log.time += chance.randrange(10**9)
            pair.ask(bare.ADVANCE, log.advance())
            log.shown = len(log)
            pair.ask(bare.ADVANCE, u64(log.time - 1) + u32(0))
        pair.ask(bare.STATUS)
        assert pair.states()[0] == pair.states()[1]
        figure(f"twin: {pair.replies} answers the same, {len(verdicts)} different codes, seed {SEED}")
        assert pair.replies >= 500


def test_every_answer_about_wallets_of_scripts_is_the_same(templated):
    chance = random.Random(SEED)
    with Pair(templated) as pair:
        log = pair.ready()
        for wallet in WALLETS.values():
            for place in range(len(wallet.keys) + 1):
                pair.ask(bare.XPUB, wallet.id + bytes([place]))
            for index in [0, 1_000, 1_001] + [chance.randrange(1_000) for _ in range(6)]:
                pair.ask(bare.ADDRESS, wallet.id + bytes([chance.randrange(3)]) + u32(index))

        def payment():
            name, leaf = chance.choice(SPENDS)
            claims = [(chance.randrange(2), chance.randrange(1_000)) for _ in range(chance.randrange(1, 6))]
            return templates.Payment(WALLETS[name], claims, leaf, salt=chance.randbytes(8))

        for _ in range(25):
            pay(pair, chance, log, [payment()])
        pay(pair, chance, log, [payment() for _ in range(8)])
        verdicts = set()
        for _ in range(300):
            made = bare.assess(payment(), slot=chance.randrange(1_024))
            answer = bare.Assessed(pair.ask(bare.ASSESS, spoiled(chance, made, 17))[1])
            verdicts.add(answer.code)
        assert len(verdicts) >= 8, verdicts
        assert pair.states()[0] == pair.states()[1]
        figure(f"twin: {pair.replies} answers about wallets of scripts the same, {len(verdicts)} different codes, seed {SEED}")


MESSAGES = """
version = 1
network = "regtest"
allowance = "1 BTC"
[wallets.segwit]
descriptor = "wpkh(self/84h/1h/0h/<0;1>/*)"
[wallets.taproot]
descriptor = "tr(self/86h/1h/0h/<0;1>/*)"
[limits.often]
scope = "global"
window = "1h"
transactions = 1000
"""
RULE = """
[[rules]]
name = "r%d"
effect = "allow-messages"
wallets = "any"
formats = "any"
branches = "any"
indexes = "any"
text = '%s'
"""


def pattern(chance):
    """Any of up to 255 bytes, over few letters, so that texts of them often match."""
    parts = ["a", "b", "é", "*b", "**a", r"\*", r"\\", "ab" * 40]
    made = ""
    for _ in range(chance.choice([2, 5, 12, 60])):
        part = chance.choice(parts)
        if len((made + part).encode()) > 255:
            break
        made += part
    return made


def message(chance):
    parts = ["a", "b", "é", "*", "\\", "\n", "ab" * 40]
    text = "".join(chance.choice(parts) for _ in range(chance.choice([0, 1, 4, 12, 80])))
    kind = chance.choice(["wpkh", "tr"])
    made = messages.Request(wire.wallet_id(kind), text.encode(), chance.choice([1, 1, 2, 3]), chance.randrange(2), chance.randrange(40))
    made.version = chance.choice([0, 0, 0, 2]) if made.format != 3 else 0
    if made.format == 2:
        for _ in range(chance.randrange(1, 6)):
            made.inputs.append(
                chance.randbytes(32) + u32(chance.randrange(9)) + u32(chance.randrange(2**32)) + u64(chance.randrange(1, 10**9))
                + bytes([0, chance.randrange(2)]) + u32(chance.randrange(40)) + bytes([1, 0]))
    return made


def test_every_answer_about_messages_is_the_same(tmp_path):
    chance = random.Random(SEED)
    policy = tmp_path / "policy.toml"
    patterns = ["a*", "*b", "**", "*é*", *(pattern(chance) for _ in range(40))]
    policy.write_text(MESSAGES + "".join(RULE % (number, text) for number, text in enumerate(patterns)))
    files = bare.Files(str(policy))
    try:
        with Pair(files) as pair:
            log = pair.ready()
            codes, released = set(), 0
            for turn in range(300):
                made = message(chance)
                answer = bare.Assessed(pair.ask(bare.ASSESS, bare.assess(made, slot=turn))[1])
                codes.add(answer.code)
                if answer.verdict != 1:
                    continue
                offset = len(log) - log.shown
                # The rule for any text, or one that may not match.
                charge = log.charge(answer.leaf, rule=2 if turn % 4 else 0)
                kind, _ = pair.ask(bare.RELEASE, bare.release(log, bare.new_entry(made, turn, offset, charge)))
                if kind == bare.RELEASED:
                    log.shown, released = len(log), released + 1
                else:
                    log.forget()
            for _ in range(300):
                made = bare.assess(message(chance), slot=chance.randrange(1_024))
                codes.add(bare.Assessed(pair.ask(bare.ASSESS, spoiled(chance, made, 17))[1]).code)
            assert released > 50 and len(codes) >= 6, (released, codes)
            assert pair.states()[0] == pair.states()[1]
            figure(f"twin: {pair.replies} answers about messages the same, {released} signed, {len(codes)} different codes, seed {SEED}")
    finally:
        files.remove()


@pytest.mark.parametrize("kind, payload", [
    (bare.RESUME, b""), (bare.RELEASE, u32(0) + u16(0)), (bare.RELEASE, b"\xff" * 40), (bare.ADVANCE, u64(5_000) + u32(1)),
    (bare.XPUB, b""), (bare.ADDRESS, bytes(36)), (bare.ASSESS, b""), (bare.ASSESS, b"\x02" + bytes(40)), (0x08, b""),
    (wire.UNLOCK, b""), (0xFF, b""), (bare.STATUS, b"\x00"),
])
def test_both_end_at_the_same_frames_with_the_same_status(files, kind, payload):
    with Pair(files) as pair:
        pair.ready()
        answer, status = pair.ask(kind, payload)
        assert answer is None and status in (20, 21), status
        assert pair.states()[0] == pair.states()[1]


def test_a_difference_would_be_seen(files):
    """The control: one bit of what the twin is told, and its very first answer differs."""
    with Pair(files, bits=256) as pair:
        with pytest.raises(AssertionError):
            pair.ask(bare.STATUS)
