"""Anti-exfil: the command line contributes to every nonce, and sees in each signature that it was used.

Judges: libsecp256k1-zkp (by wallycore) for ECDSA, a verifier written here from docs/protocol.md for both schemes, Bitcoin Core's
engine for the transactions.
"""
import re
import secrets

import judge
import pytest
import wallets
import wire
from appliance import Refused, prevouts
from embit import psbt
from refusals import NAMES
from test_hostile_front import StolenFront

wallycore = pytest.importorskip("wallycore", reason="no wallycore (scripts/peers.sh)")

PRIME = 2**256 - 2**32 - 977
GENERATOR = (0x79BE667EF9DCBBAC55A06295CE870B07029BFCDB2DCE28D959F2815B16F81798,
             0x483ADA7726A3C4655DA4FBFC0E1108A8FD17B448A68554199C47D08FFB10D4B8)


def plus(one, other):
    """The sum of two points of the curve; None is infinity."""
    if one is None or other is None:
        return one or other
    if one[0] == other[0] and (one[1] + other[1]) % PRIME == 0:
        return None
    if one == other:
        slope = 3 * one[0] * one[0] * pow(2 * one[1], -1, PRIME) % PRIME
    else:
        slope = (other[1] - one[1]) * pow(other[0] - one[0], -1, PRIME) % PRIME
    x = (slope * slope - one[0] - other[0]) % PRIME
    return x, (slope * (one[0] - x) - one[1]) % PRIME


def times(scalar, point=GENERATOR):
    total = None
    while scalar:
        if scalar & 1:
            total = plus(total, point)
        point, scalar = plus(point, point), scalar >> 1
    return total


def point(compressed):
    x = int.from_bytes(compressed[1:], "big")
    y = pow(x**3 + 7, (PRIME + 1) // 4, PRIME)
    assert y * y % PRIME == (x**3 + 7) % PRIME and compressed[0] in (2, 3)
    return x, y if y & 1 == compressed[0] & 1 else PRIME - y


def holds(signature, opening, nonce, scheme):
    """docs/protocol.md, Anti-exfil: x(R0 + T(R0 || rho) * G) is what the signature begins with."""
    tweak = int.from_bytes(wire.tagged(f"s2c/{scheme}/point", opening + nonce), "big")
    return plus(point(opening), times(tweak))[0] == int.from_bytes(signature[:32], "big")


def payment(kind, count=2, salt=0):
    spent = [wallets.Coin(kind, 100_000 + n + salt, branch=secrets.randbelow(2), index=secrets.randbelow(1_000)) for n in range(count)]
    total = sum(coin.amount for coin in spent)
    return wallets.embit_psbt(spent, [(wallets.foreign_script(), total // 2)], (kind, 5, total - total // 2 - 5_000))


def compact(der):
    r, s = der[4:4 + der[3]], der[6 + der[3]:6 + der[3] + der[5 + der[3]]]
    return bytes.fromhex(f"{int.from_bytes(r, 'big'):064x}{int.from_bytes(s, 'big'):064x}")


def signatures(document, made):
    """(public key, digest, signature) of each input, by embit."""
    signed = psbt.PSBT.from_string(document["psbt"])
    for place, scope in enumerate(signed.inputs):
        if scope.partial_sigs:
            (key, value), = scope.partial_sigs.items()
            yield key.sec(), made.sighash(place), compact(value[:-1])
        else:
            yield None, None, scope.final_scriptwitness.items[0] if scope.final_scriptwitness else scope.taproot_key_sig


@pytest.mark.parametrize("kind", ["wpkh", "tr"])
@pytest.mark.parametrize("count", [1, 3])
def test_every_signature_holds_what_was_contributed(opened, kind, count):
    made = payment(kind, count)
    final = opened.sign(made, "--anti-exfil", "--finalize")
    assert final["antiExfil"] == "verified" and len(final["openings"]) == count
    assert judge.accepts(bytes.fromhex(final["transaction"]), prevouts(made))
    nonce = bytes.fromhex(final["hostNonce"])
    from embit.transaction import Transaction
    spends = Transaction.parse(bytes.fromhex(final["transaction"])).vin
    for place, (spend, opening) in enumerate(zip(spends, map(bytes.fromhex, final["openings"]))):
        value = spend.witness.items[0]
        if kind == "wpkh":
            signature, flag = compact(value[:-1]), wallycore.EC_FLAG_ECDSA
            key, digest = spend.witness.items[1], made.sighash(place)
            # zkp judges: it throws unless the signature is valid and holds the nonce.
            wallycore.ae_verify(key, digest, nonce, opening, flag, signature)
            with pytest.raises(ValueError):
                wallycore.ae_verify(key, digest, secrets.token_bytes(32), opening, flag, signature)
            assert holds(signature, opening, nonce, "ecdsa") and not holds(signature, opening, nonce, "schnorr")
        else:
            assert holds(value, opening, nonce, "schnorr") and not holds(value, opening, nonce, "ecdsa")
        assert not holds(value, opening, secrets.token_bytes(32), "schnorr" if kind == "tr" else "ecdsa")


@pytest.mark.parametrize("kind", ["wpkh", "tr"])
def test_the_same_host_nonce_again_gives_the_same_and_another_another(opened, kind):
    made = payment(kind)
    plain = opened.sign(made)
    first = opened.sign(made, "--anti-exfil")
    again = opened.sign(made, "--anti-exfil", "--again", first["again"])
    assert again["psbt"] == first["psbt"] and again["openings"] == first["openings"] and again["seenBefore"]
    other = opened.sign(made, "--anti-exfil")
    assert other["hostNonce"] != first["hostNonce"] and not set(other["openings"]) & set(first["openings"])
    # Without the flag nothing has changed, and nothing is said of it.
    assert opened.sign(made)["psbt"] == plain["psbt"] != first["psbt"]
    assert "antiExfil" not in plain and "hostNonce" not in plain


def request(kind, commitment=None):
    coins = [wallets.Coin(kind, 100_000 + secrets.randbelow(1_000), index=n) for n in range(2)]
    total = sum(coin.amount for coin in coins)
    made = wire.Request(coins, [(wallets.foreign_script(), 50_000)], (kind, 4, total - 60_000, wallets.script_of(kind, 1, 4)))
    made.commitment = commitment
    return made


def commit(nonce):
    return wire.tagged("s2c/ecdsa/data", nonce)


def ask(opened, kind, payload):
    with wire.Connection(opened.home / "run/gate.sock") as connection:
        return connection.ask(kind, payload)


def sign(opened, kind, payload):
    return wire.Answer(*ask(opened, kind, payload))


def openings(opened, made):
    kind, payload = ask(opened, wire.OPEN, made.encode())
    assert kind == wire.OPENED and len(payload) == 2 + 33 * int.from_bytes(payload[:2], "little")
    return [payload[2 + 33 * n:35 + 33 * n] for n in range(int.from_bytes(payload[:2], "little"))]


@pytest.mark.parametrize("kind,scheme", [("wpkh", "ecdsa"), ("tr", "schnorr")])
def test_the_gate_opens_for_nothing_and_signs_for_the_nonce_committed_to(opened, kind, scheme):
    nonce = secrets.token_bytes(32)
    made = request(kind, commit(nonce))
    before = opened.run("status")
    found = openings(opened, made)
    assert len(found) == 2 and openings(opened, made) == found
    after = opened.run("status")
    assert after["allowance"] == before["allowance"] and after["log"]["size"] == before["log"]["size"]
    wrong = [
        (wire.SIGN, made.encode()), (wire.SIGN_OPENED, secrets.token_bytes(32) + made.encode()),
        (wire.SIGN_OPENED, commit(nonce) + made.encode()), (wire.SIGN_OPENED, nonce + request(kind).encode()),
        (wire.OPEN, request(kind).encode()),
    ]
    for frame, payload in wrong:
        answer = sign(opened, frame, payload)
        assert not answer.signed and NAMES[answer.code] == "anti-exfil-nonce-mismatch" and answer.stage == 3
    assert not sign(opened, wire.SIGN_OPENED, nonce[:31]).signed
    assert opened.run("status")["allowance"] == before["allowance"]
    answer = sign(opened, wire.SIGN_OPENED, nonce + made.encode())
    assert answer.signed and all(holds(one, opening, nonce, scheme) for one, opening in zip(answer.signatures, found))
    again = sign(opened, wire.SIGN_OPENED, nonce + made.encode())
    assert again.seen_before and again.signatures == answer.signatures and openings(opened, made) == found
    # A refused request opens nothing, and is refused by its name.
    spoiled = request(kind, commit(nonce))
    spoiled.outputs[0]["amount"] = 0
    assert NAMES[sign(opened, wire.OPEN, spoiled.encode()).code] == "zero-value"


@pytest.fixture
def stolen(opened):
    front = StolenFront(opened.home)
    yield front
    front.close()


def test_a_signer_that_does_not_use_the_contribution_is_found(opened, stolen):
    """The front stands in for the signer: it answers with signatures that are good, made with other nonces."""
    made = payment("wpkh")
    stolen.lie = lambda *reply: reply
    plain = opened.sign(made)
    ordinary = [value for _, _, value in signatures(plain, made)]
    result = psbt.PSBT.from_string(plain["psbt"]).serialize()

    def with_facts(change, attachment=None):
        def lie(reply, attached):
            if "signed" in reply:
                change(reply["signed"]["_0"])
                return reply, attached if attachment is None else attachment
            return reply, attached
        return lie

    def twist(facts): facts["signatures"] = [value.hex() for value in ordinary]
    def flip(facts): facts["signatures"][1] = facts["signatures"][1][:10] + ("0" if facts["signatures"][1][10] != "0" else "1") + facts["signatures"][1][11:]
    def swap(facts): facts["signatures"].reverse()
    def fewer(facts): facts["signatures"].pop()
    def none(facts): facts["signatures"] = None
    def nothing(facts): pass

    def other_opening(reply, attached):
        if "opened" in reply:
            reply["opened"]["_0"][0] = "02" + reply["opened"]["_0"][1][2:]
        return reply, attached

    # The last but one shows good signatures, and hands out others.
    for lie in (with_facts(twist, result), with_facts(flip), with_facts(swap), with_facts(fewer), with_facts(none),
                with_facts(nothing, result), other_opening):
        stolen.lie = lie
        with pytest.raises(Refused) as refused:
            opened.sign(made, "--anti-exfil")
        assert refused.value.name == "answer-mismatch", refused.value.error
    # The controls: without the flag a good signature is good, and with it an honest one.
    stolen.lie = lambda *reply: reply
    assert opened.sign(made)["psbt"] == plain["psbt"]
    assert opened.sign(made, "--anti-exfil")["antiExfil"] == "verified"


def test_a_final_transaction_with_another_signature_is_found(opened, stolen):
    for kind in ("wpkh", "tr"):
        made = payment(kind)
        stolen.lie = lambda *reply: reply
        plain = bytes.fromhex(opened.sign(made, "--finalize")["transaction"])
        stolen.lie = lambda reply, attached, plain=plain: (reply, plain if "signed" in reply else attached)
        with pytest.raises(Refused) as refused:
            opened.sign(made, "--anti-exfil", "--finalize")
        assert refused.value.name == "answer-mismatch"
        stolen.lie = lambda *reply: reply
        assert opened.sign(made, "--anti-exfil", "--finalize")["antiExfil"] == "verified"


def test_another_opening_for_a_contribution_that_was_told_is_found(opened, stolen):
    """The signer learned the contribution in a try that failed, and opens another nonce for it, which it chose by that."""
    for kind in ("wpkh", "tr"):
        made = payment(kind)

        def hang_up(reply, attached):
            if "signed" in reply:
                raise OSError
            return reply, attached

        stolen.lie = hang_up
        failed = opened.run("sign", "-", "--anti-exfil", stdin=made.to_string().encode(), check=False)
        assert failed.returncode == 1
        token = re.search(r"--again ([0-9a-f]{128})", failed.stdout.decode())[1]

        def turn(reply, attached):
            if "opened" in reply:
                reply["opened"]["_0"].reverse()
            return reply, attached

        stolen.lie = turn
        with pytest.raises(Refused) as refused:
            opened.sign(made, "--anti-exfil", "--again", token)
        assert refused.value.name == "answer-mismatch" and "OTHER OPENINGS" in str(refused.value.error)
        # The control: the same openings, and then the same signatures as ever.
        stolen.lie = lambda *reply: reply
        first = opened.sign(made, "--anti-exfil", "--again", token)
        assert first["antiExfil"] == "verified" and first["again"] == token and first["hostNonce"] == token[:64]


def inserted(raw, key, value):
    """A PSBT with one field more at the end of its first input, and not a byte changed beside."""
    at = 5
    for end in range(2):
        while raw[at]:
            for _ in range(2):
                width = {0xFD: 2, 0xFE: 4}.get(raw[at], 0)
                at += 1 + width + (int.from_bytes(raw[at + 1:at + 1 + width], "little") if width else raw[at])
        at += 1 - end
    return raw[:at] + bytes([len(key)]) + key + bytes([len(value)]) + value + raw[at:]


def test_a_result_that_holds_more_than_was_shown_is_found(opened, stolen):
    """A signature that leaks, beside the honest ones that were shown: in a field of the PSBT, or in the annex."""
    from embit.transaction import Transaction
    hidden = secrets.token_bytes(64)

    def with_field(key, value):
        return lambda reply, attached: (reply, inserted(attached, key, value) if "signed" in reply else attached)

    def annex(reply, attached):
        if "signed" not in reply:
            return reply, attached
        spend = Transaction.parse(attached)
        spend.vin[0].witness.items.append(b"\x50" + hidden)
        return reply, spend.serialize()

    final = b"\x08", b"\x01\x40" + hidden
    cases = [(with_field(*field), ()) for field in (final, (b"\xfc\x01x\x00", hidden), (b"\x14" + bytes(64), hidden))]
    cases.append((annex, ("--finalize",)))
    for kind in ("wpkh", "tr"):
        for lie, options in cases:
            made = payment(kind)
            stolen.lie = lie
            with pytest.raises(Refused) as refused:
                opened.sign(made, "--anti-exfil", *options)
            assert refused.value.name == "answer-mismatch"
            stolen.lie = lambda *reply: reply
            assert opened.sign(made, "--anti-exfil", *options)["antiExfil"] == "verified"


def test_a_message_in_the_form_of_a_signature_is_found(opened, stolen):
    """An honest R, and 32 bytes of a key in the place of s: it holds the contribution, and is no signature."""
    for kind in ("wpkh", "tr"):
        made = payment(kind, 1)

        def lie(reply, attached):
            if "signed" in reply:
                shown = reply["signed"]["_0"]["signatures"]
                shown[0] = shown[0][:64] + "00" + secrets.token_hex(31)
            return reply, attached

        stolen.lie = lie
        with pytest.raises(Refused) as refused:
            opened.sign(made, "--anti-exfil")
        assert refused.value.name == "answer-mismatch" and "NOT OF THIS PAYMENT" in str(refused.value.error)
        stolen.lie = lambda *reply: reply
        assert opened.sign(made, "--anti-exfil")["antiExfil"] == "verified"


def test_an_earlier_try_needs_all_of_its_token(opened):
    for options in (["--again", "00" * 64], ["--anti-exfil", "--again", "00" * 32]):
        run = opened.run("sign", "-", *options, stdin=payment("wpkh").to_string().encode(), check=False)
        assert run.returncode == 2
