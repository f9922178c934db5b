"""The judge of every payment, Core's engine, held to Core's own vectors: a judge that says yes to all would show nothing.

`judge.accepts` asks for every rule of consensus; here each case is asked under the rules that it names. What a case says
under a rule of relay that the engine does not have is still a case of consensus where that rule changes nothing.
"""
import json
import os
import pathlib
import re
import struct

import pytest
from embit.hashes import double_sha256, tagged_hash
from embit.util import secp256k1

pytest.importorskip("pbk")
import judge  # noqa: E402
from appliance import REPOSITORY  # noqa: E402
from conftest import figure  # noqa: E402

VECTORS = pathlib.Path(os.environ.get("PORTCULLIS_VECTORS", REPOSITORY / "../shared/vectors"))
UNIT = VECTORS / "bitcoin/core/unit"
pytestmark = pytest.mark.skipif(not UNIT.exists(), reason=f"no test vectors at {VECTORS}")

NAMES = """NOP VER IF NOTIF VERIF VERNOTIF ELSE ENDIF VERIFY RETURN TOALTSTACK FROMALTSTACK 2DROP 2DUP 3DUP 2OVER 2ROT 2SWAP IFDUP
DEPTH DROP DUP NIP OVER PICK ROLL ROT SWAP TUCK CAT SUBSTR LEFT RIGHT SIZE INVERT AND OR XOR EQUAL EQUALVERIFY RESERVED1 RESERVED2
1ADD 1SUB 2MUL 2DIV NEGATE ABS NOT 0NOTEQUAL ADD SUB MUL DIV MOD LSHIFT RSHIFT BOOLAND BOOLOR NUMEQUAL NUMEQUALVERIFY NUMNOTEQUAL
LESSTHAN GREATERTHAN LESSTHANOREQUAL GREATERTHANOREQUAL MIN MAX WITHIN RIPEMD160 SHA1 SHA256 HASH160 HASH256 CODESEPARATOR CHECKSIG
CHECKSIGVERIFY CHECKMULTISIG CHECKMULTISIGVERIFY NOP1 CHECKLOCKTIMEVERIFY CHECKSEQUENCEVERIFY NOP4 NOP5 NOP6 NOP7 NOP8 NOP9 NOP10
CHECKSIGADD""".split()
OPCODES = {name: 0x61 + place for place, name in enumerate(NAMES)} | {"RESERVED": 0x50}
# The rules of consensus, by the names in the files. Strict encoding (relay) holds strict DER (consensus).
RULES = {"P2SH": 1, "DERSIG": 4, "STRICTENC": 4, "NULLDUMMY": 16, "CHECKLOCKTIMEVERIFY": 512, "CHECKSEQUENCEVERIFY": 1024,
         "WITNESS": 2048, "TAPROOT": 131072}
ALL = sum(RULES.values()) - 4
# What only nodes that relay ask for: to the engine these spends are good.
RELAY = {"SIG_HIGH_S", "SIG_HASHTYPE", "PUBKEYTYPE", "MINIMALDATA", "MINIMALIF", "NULLFAIL", "DISCOURAGE_UPGRADABLE_NOPS",
         "DISCOURAGE_UPGRADABLE_WITNESS_PROGRAM", "WITNESS_PUBKEYTYPE"}
NUMS = "50929b74c1a04954b78b4b6035e97a5e078a5a0f28ec96d547bfee9ace803ac0"


def push(data):
    if len(data) < 0x4c:
        return bytes([len(data)]) + data
    if len(data) < 0x100:
        return b"\x4c" + bytes([len(data)]) + data
    return b"\x4d" + struct.pack("<H", len(data)) + data


def number(value):
    if value == 0:
        return b"\x00"
    if -1 <= value <= 16:
        return bytes([0x50 + value])
    size = abs(value).bit_length() // 8 + 1
    data = bytearray(abs(value).to_bytes(size, "little"))
    data[-1] |= 0x80 if value < 0 else 0
    return push(bytes(data))


def assembled(text):
    """A script as the files write it: numbers, 'texts', 0x-raw bytes and names."""
    script = b""
    for word in text.split():
        if re.fullmatch(r"-?\d+", word):
            script += number(int(word))
        elif word.startswith("0x"):
            script += bytes.fromhex(word[2:])
        elif word.startswith("'"):
            script += push(word[1:-1].encode())
        else:
            script += bytes([OPCODES[word.removeprefix("OP_")]])
    return script


def flags_of(text):
    flags = 0
    for name in filter(None, text.split(",")):
        flags |= RULES.get(name, 0)
    return flags


def compact(count):
    return bytes([count]) if count < 0xfd else b"\xfd" + struct.pack("<H", count)


def transaction(txid, script_sig, script, amount, sequence=0xffffffff, witness=()):
    """Of version 1, as Core's script tests build them."""
    marker = b"\x00\x01" if witness else b""
    stack = compact(len(witness)) + b"".join(compact(len(item)) + item for item in witness) if witness else b""
    return (struct.pack("<I", 1) + marker + b"\x01" + txid[0] + struct.pack("<I", txid[1]) + compact(len(script_sig)) + script_sig
            + struct.pack("<I", sequence) + b"\x01" + struct.pack("<Q", amount) + compact(len(script)) + script + stack + bytes(4))


def taproot(witness):
    """Fills in the script, the control block and the output of a spend by one leaf under a key that nobody has."""
    leaf = next(assembled(item.removeprefix("#SCRIPT#")) for item in witness if item.startswith("#SCRIPT#"))
    root = tagged_hash("TapLeaf", b"\xc0" + compact(len(leaf)) + leaf)
    point = secp256k1.ec_pubkey_parse(b"\x02" + bytes.fromhex(NUMS))
    secp256k1.ec_pubkey_tweak_add(point, tagged_hash("TapTweak", bytes.fromhex(NUMS) + root))
    output = secp256k1.ec_pubkey_serialize(point)
    control = bytes([0xc0 | output[0] & 1]) + bytes.fromhex(NUMS)
    items = [leaf if item.startswith("#SCRIPT#") else control if item == "#CONTROLBLOCK#" else bytes.fromhex(item)
             for item in witness]
    return items, output[1:]


def script_cases():
    for row in json.loads((UNIT / "script_tests.json").read_text()):
        if len(row) < 4:
            continue
        witness, amount = [], 0
        if isinstance(row[0], list):
            witness, amount = row[0][:-1], round(row[0][-1] * 100_000_000)
            row = row[1:]
        script_sig, script_pubkey, flags, expected = row[:4]
        if any(item.startswith("#") for item in witness):
            witness, key = taproot(witness)
            script_pubkey = script_pubkey.replace("#TAPROOTOUTPUT#", "0x" + key.hex())
        else:
            witness = [bytes.fromhex(item) for item in witness]
        yield assembled(script_sig), assembled(script_pubkey), witness, amount, flags, expected


def spend(script_sig, script_pubkey, witness, amount):
    credit = transaction((bytes(32), 0xffffffff), b"\x00\x00", script_pubkey, amount)
    return transaction((double_sha256(credit), 0), script_sig, b"", amount, witness=witness)


def test_the_scripts_of_core():
    questions, expectations, relay = [], [], 0
    for script_sig, script_pubkey, witness, amount, flags, expected in script_cases():
        names = set(flags.split(","))
        if expected in RELAY or expected == "SIG_PUSHONLY" and "SIGPUSHONLY" in names \
                or expected == "CLEANSTACK" and "CLEANSTACK" in names or expected == "SCRIPTNUM" and "MINIMALDATA" in names:
            relay += 1
            continue
        questions.append((spend(script_sig, script_pubkey, witness, amount), [(amount, script_pubkey)], flags_of(flags)))
        expectations.append((expected, script_sig.hex(), script_pubkey.hex(), flags))
    verdicts = judge.accepts_each_under(questions)
    for verdict, expectation in zip(verdicts, expectations):
        assert verdict == (expectation[0] == "OK"), expectation
    good = sum(verdicts)
    assert good > 500 and len(verdicts) - good > 300
    figure(f"vectors engine/script_tests: {good} good, {len(verdicts) - good} bad, {relay} about relay alone")


def rows(name):
    for row in json.loads((UNIT / name).read_text()):
        if len(row) == 3:
            spent = [(bytes.fromhex(one[0])[::-1], one[1] & 0xffffffff, assembled(one[2]), one[3] if len(one) > 3 else 0)
                     for one in row[0]]
            yield spent, bytes.fromhex(row[1]), row[2]


def outpoints(raw):
    """Those of the inputs, in order; enough of a reader for what the files hold."""
    def size(at):
        return (raw[at], at + 1) if raw[at] < 0xfd else (struct.unpack_from("<H", raw, at + 1)[0], at + 3)
    at = 6 if raw[4] == 0 and raw[5] == 1 else 4
    count, at = size(at)
    found = []
    for _ in range(count):
        found.append((raw[at:at + 32], struct.unpack_from("<I", raw, at + 32)[0]))
        length, at = size(at + 36)
        at += length + 4
    return found


def asked(spent, raw, flags):
    coins = {(txid, vout): (amount, script) for txid, vout, script, amount in spent}
    return raw, [coins[outpoint] for outpoint in outpoints(raw)], flags


def test_the_valid_transactions_of_core():
    """A row names the rules under which it would not be valid."""
    questions = [asked(spent, raw, ALL & ~(0 if excluded == "NONE" else flags_of(excluded)))
                 for spent, raw, excluded in rows("tx_valid.json")]
    # No rule without those that it stands on.
    questions = [(raw, coins, sound(flags)) for raw, coins, flags in questions]
    assert all(judge.accepts_each_under(questions))
    figure(f"vectors engine/tx_valid: {len(questions)} good")


def sound(flags):
    if not flags & RULES["P2SH"]:
        flags &= ~RULES["WITNESS"]
    return flags if flags & RULES["WITNESS"] else flags & ~RULES["TAPROOT"]


def test_the_invalid_transactions_of_core():
    """A row names the rules by which it is invalid. Those that are no transactions at all are judged in BitcoinTests."""
    questions, relay, malformed = [], 0, 0
    for spent, raw, flags in rows("tx_invalid.json"):
        if flags == "BADTX":
            malformed += 1
        elif "CONST_SCRIPTCODE" in flags or "DISCOURAGE" in flags:
            relay += 1
        else:
            questions.append(asked(spent, raw, 0 if flags == "NONE" else flags_of(flags)))
    assert len(questions) > 60 and not any(judge.accepts_each_under(questions))
    figure(f"vectors engine/tx_invalid: {len(questions)} bad, {relay} about relay alone, {malformed} malformed")
