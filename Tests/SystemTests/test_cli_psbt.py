"""The roles of BIP-174, 370, 371 and 373 on the command line, without a home: made, updated, combined, finalized and
extracted for every kind of wallet, with embit as the signer and Bitcoin Core's engine as the judge."""
import base64
import json
import os
import pathlib
import resource
import secrets

import pytest
from embit import bip32, psbt
from embit.descriptor import Descriptor
from embit.networks import NETWORKS
from embit.transaction import Transaction

import judge
import kinds
import wallets
from appliance import REPOSITORY, Appliance, Refused, portcullis

ALL = kinds.kinds()
VECTORS = pathlib.Path(os.environ.get("PORTCULLIS_VECTORS", REPOSITORY / "../shared/vectors"))
NO_HOME = {"PATH": "/usr/bin:/bin", "HOME": "/nonexistent"}
needs_vectors = pytest.mark.skipif(not (VECTORS / "bitcoin").exists(), reason=f"no test vectors at {VECTORS}")


def role(name, *arguments, text=None, **options):
    """Runs `psbt NAME`; a PSBT is given on standard input."""
    given = ["-"] if text is not None else []
    stdin = text.encode() if isinstance(text, str) else text
    return portcullis("psbt", name, *given, *arguments, stdin=stdin, env=NO_HOME, **options)


def refused(name, *arguments, text=None):
    with pytest.raises(Refused) as caught:
        role(name, *arguments, text=text)
    return caught.value.error


def usage(name, *arguments, text=None):
    run = role(name, *arguments, text=text, check=False)
    assert run.returncode == 2, run.stdout
    return json.loads(run.stdout)["error"]["message"]


def written(tmp_path, name, data):
    path = tmp_path / name
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return path


class Made:
    """A payment of a kind, made and updated by the command line alone."""

    def __init__(self, kind, tmp_path, count=2, version=0, fund=True):
        self.kind = kind
        coins = []
        for number in range(count):
            branch, index = secrets.randbelow(2), secrets.randbelow(900)
            coins.append((wallets.funding((kind.script(branch, index), 50_000 + number)), branch, index))
        arguments = []
        for parent, _, _ in coins:
            arguments += ["--input", f"{parent.txid().hex()}:0:{kinds.sequence(kind)}"]
        self.change = kind.script(1, 7)
        arguments += ["--output", f"{wallets.foreign_script().address(NETWORKS['regtest'])}:20000"]
        arguments += ["--output", f"script:{self.change.data.hex()}:10000", "--output", "data:c0ffee"]
        self.lock_time = kinds.lock_time(kind)
        arguments += ["--lock-time", self.lock_time, "--psbt-version", version]
        self.created = role("create", *arguments)
        self.parents = [written(tmp_path, f"parent{n}.hex", coin[0].serialize().hex()) for n, coin in enumerate(coins)]
        self.prevouts = [(coin[0].vout[0].value, coin[0].vout[0].script_pubkey.data) for coin in coins]
        given = [part for path in self.parents for part in ("--parent", path)] if fund else []
        self.updated = role("update", *given, "--descriptor", kind.text(), text=self.created["psbt"])


def sign_all(text, kind):
    """Every signer apart, as if each sat elsewhere."""
    for root in [wallets.ROOT] + [kind.roots[name] for name in kind.others]:
        one = psbt.PSBT.from_string(text)
        assert one.sign_with(root) >= len(one.inputs)
        yield one.to_string()


@pytest.mark.parametrize("kind", ALL, ids=[f"{k.name}-{k.form.split('(S')[0][:24]}" for k in ALL])
def test_every_kind_from_nothing_to_a_valid_transaction(kind, tmp_path):
    made = Made(kind, tmp_path)
    assert made.updated["updatedInputs"] == [0, 1] and made.updated["updatedOutputs"] == [1]
    text = made.updated["psbt"]
    if kind.preimage:
        import hashlib
        told = psbt.PSBT.from_string(text)
        for scope in told.inputs:
            scope.unknown = {b"\x0b" + hashlib.sha256(kind.preimage).digest(): kind.preimage}
        text = told.to_string()
    assert_described(psbt.PSBT.from_string(text), kind, made)
    if not kind.finished:
        return  # embit signs for no pkh() in a leaf; test_kinds.py does
    files = [written(tmp_path, f"{n}.psbt", base64.b64decode(one)) for n, one in enumerate(sign_all(text, kind))]
    both = role("combine", *files)
    assert role("combine", *reversed(files))["psbt"] == both["psbt"]
    # embit finishes a key path by itself.
    assert not both["complete"] or kind.form.startswith("tr(S/")
    final = role("finalize", "--descriptor", kind.text(), text=both["psbt"])
    assert final["complete"] and final["finalInputs"] == 2 and final["txid"] == made.created["txid"]
    done = role("extract", text=final["psbt"])
    raw = bytes.fromhex(done["transaction"])
    transaction = Transaction.parse(raw)
    assert done["txid"] == transaction.txid().hex() and transaction.locktime == made.lock_time
    assert judge.accepts(raw, made.prevouts)
    # Through version 2 and back nothing is lost.
    second = role("convert", "--to", 2, text=text)
    assert second["version"] == 2 and second["txid"] == final["txid"]
    assert role("convert", "--to", 0, text=second["psbt"])["psbt"] == text


def assert_described(told, kind, made):
    """What a signer or finalizer needs, as embit reads it, of inputs and of the change; nothing of the others."""
    change, foreign = told.outputs[1], told.outputs[0]
    own = [path for _, path in kind.own_keys(1, 7)]
    for scope in (told.inputs[0], change):
        origins = list(scope.taproot_bip32_derivations.values()) if kind.is_taproot else scope.bip32_derivations.values()
        found = [o[1] if kind.is_taproot else o for o in origins]
        assert len([o for o in found if o.fingerprint == wallets.FINGERPRINT]) == len(own)
    derived = Descriptor.from_string(kind.text()).derive(7, branch_index=1)
    if not kind.is_taproot:
        assert (change.redeem_script and change.redeem_script.data) == (derived.redeem_script() and derived.redeem_script().data)
        assert (change.witness_script and change.witness_script.data) == (derived.witness_script() and derived.witness_script().data)
    assert not foreign.bip32_derivations and not foreign.taproot_bip32_derivations and not foreign.unknown
    for scope, (value, script), path in zip(told.inputs, made.prevouts, made.parents):
        assert scope.non_witness_utxo.serialize().hex() == path.read_text()
        assert kind.is_legacy or (scope.witness_utxo.value, scope.witness_utxo.script_pubkey.data) == (value, script)


def test_a_musig_wallet_names_its_participants(tmp_path):
    """BIP-373: in inputs and outputs, under the aggregate and not under what is derived from it."""
    kind = kinds.Kind("tr(musig(B,C)/<0;1>/*,pk(S/<0;1>/*))").register(50)
    # Both at once: a key can end with a letter that stands for the other.
    text = kind.text().replace("musig(B,C)", f"musig({kind.key('B')},{kind.key('C')})")
    keys = sorted(kind.roots[n].derive("m/48h/1h/0h/2h").get_public_key().sec() for n in "BC")
    outpoint = secrets.token_bytes(32).hex() + ":0"
    address = portcullis_address(text, tmp_path)
    made = role("create", "--input", outpoint, "--output", f"{address}:1000")
    told = psbt.PSBT.from_string(role("update", "--descriptor", text, text=made["psbt"])["psbt"])
    fields = {k: v for k, v in told.outputs[0].unknown.items() if k[0] == 0x08}
    assert len(fields) == 1
    ((key, value),) = fields.items()
    assert len(key) == 34 and value == b"".join(keys)
    assert told.outputs[0].unknown.get(b"\x06") is not None or told.outputs[0].taproot_internal_key


def portcullis_address(text, tmp_path):
    """The first address of a descriptor, from a home that has it."""
    policy = portcullis("policy", "starter", "--network", "regtest", "--wallet", f"w={text}", "--fingerprint",
                        wallets.FINGERPRINT.hex())["policy"]
    box = Appliance(str(written(tmp_path, "musig.toml", policy)))
    try:
        return box.run("wallet address", "w", "--offline")["address"]
    finally:
        box.stop()


@needs_vectors
@pytest.mark.parametrize("bip,valid,invalid", [("0174", 24, 20), ("0370", 23, 25), ("0371", 6, 11), ("0373", 14, 10)])
def test_every_vector_is_taken_or_refused(bip, valid, invalid):
    found = {True: 0, False: 0}
    for one in json.loads((VECTORS / f"bitcoin/bip-{bip}/psbt_vectors.json").read_text()):
        good = one["expect"] in ("valid", "fails-signer-check")
        if one["expect"] == "network-transaction":
            continue
        data = bytes.fromhex(one["hex"])
        version = 2 if bip == "0370" and good else 0
        run = role("convert", "--to", version, text=data, check=False)
        if not good:
            assert run.returncode == 3, (bip, one["index"], run.stdout)
            assert json.loads(run.stdout)["error"]["name"]
        else:
            assert run.returncode == 0, (bip, one["index"], run.stdout)
            again = json.loads(run.stdout)
            if again["version"] == version and (version == 2 or bip != "0370"):
                assert base64.b64decode(again["psbt"]) == data or "2" in str(version), one["index"]
        found[good] += 1
    assert found == {True: valid, False: invalid}


@needs_vectors
def test_cores_creator_combiner_finalizer_and_extractor(tmp_path):
    cases = json.loads((VECTORS / "bitcoin/core/functional/rpc_psbt.json").read_text())
    for one in cases["creator"]:
        arguments = []
        for coin in one["inputs"]:
            arguments += ["--input", f"{coin['txid']}:{coin['vout']}:4294967295"]
        for output in one["outputs"]:
            for address, amount in output.items():
                arguments += ["--output", f"{address}:{amount}BTC"]
        assert role("create", *arguments)["psbt"] == one["result"]
    for one in cases["combiner"]:
        files = [written(tmp_path, f"c{n}", text) for n, text in enumerate(one["combine"])]
        # Core keeps another order of keys; combined with itself, its result is in ours.
        same = [written(tmp_path, "result", one["result"])] * 2
        assert role("combine", *files)["psbt"] == role("combine", *same)["psbt"]
    for one in cases["finalizer"]:
        assert role("finalize", text=one["finalize"])["psbt"] == one["result"]
    for one in cases["extractor"]:
        assert role("extract", text=one["extract"])["transaction"] == one["result"]


def test_unknown_and_proprietary_fields_are_kept_byte_for_byte(tmp_path):
    """Through every role, in all three maps."""
    kind = ALL[6]
    made = Made(kind, tmp_path)
    strange = psbt.PSBT.from_string(made.created["psbt"])
    marks = {b"\xef" + secrets.token_bytes(5): secrets.token_bytes(300), b"\xfc\x04test" + b"\x07": b"", b"\xfd\xff\xff": b"x"}
    for scope in (strange, *strange.inputs, *strange.outputs):
        scope.unknown = dict(marks)

    def assert_kept(text):
        read = psbt.PSBT.from_string(text)
        for scope in (read, *read.inputs, *read.outputs):
            assert marks.items() <= scope.unknown.items()
        return text

    given = [part for path in made.parents for part in ("--parent", path)]
    text = role("update", *given, "--descriptor", kind.text(), text=strange.to_string())["psbt"]
    assert_kept(text)
    assert_kept(role("convert", "--to", 2, text=text)["psbt"])
    files = [written(tmp_path, f"{n}", one) for n, one in enumerate(sign_all(text, kind))]
    both = assert_kept(role("combine", *files)["psbt"])
    final = assert_kept(role("finalize", text=both)["psbt"])
    assert role("extract", text=final)["txid"] == made.created["txid"]


def test_a_transaction_grows_while_it_is_open_and_never_after_a_signature(tmp_path):
    first = role("create", "--psbt-version", 2, "--open", "both", "--input", "11" * 32 + ":0")
    second = role("add", "--input", "22" * 32 + ":1", "--output", "script:51:1000", text=first["psbt"])
    assert (second["inputs"], second["outputs"]) == (2, 1)
    assert refused("add", "--input", "22" * 32 + ":1", text=second["psbt"])["name"] == "psbt-not-modifiable"
    closed = role("add", "--close", text=second["psbt"])
    error = refused("add", "--output", "script:51:1000", text=closed["psbt"])
    assert error["name"] == "psbt-not-modifiable" and "MODIFIABLE" in error["message"]
    assert refused("convert", "--to", 0, text=second["psbt"])["name"] == "psbt-conversion-loses"
    assert role("convert", "--to", 0, "--drop", text=second["psbt"])["version"] == 0
    assert role("convert", "--to", 0, text=closed["psbt"])["txid"] == closed["txid"]


def test_what_is_missing_or_contradicts_is_named(tmp_path):
    kind = ALL[4]
    made = Made(kind, tmp_path)
    error = refused("finalize", text=made.updated["psbt"])
    assert error["name"] == "psbt-incomplete" and (error["subject"], error["index"]) == ("input", 0)
    assert refused("extract", text=made.updated["psbt"])["name"] == "psbt-incomplete"
    other = Made(kind, tmp_path)
    files = [written(tmp_path, n, one.updated["psbt"]) for n, one in (("a", made), ("b", other))]
    assert refused("combine", *files)["name"] == "psbt-mismatch"
    second = role("convert", "--to", 2, text=made.updated["psbt"])["psbt"]
    assert refused("combine", files[0], written(tmp_path, "c", second))["name"] == "psbt-mismatch"
    # A parent that is not the one that is spent cannot get in: nothing asks for it.
    strange = written(tmp_path, "strange", wallets.funding((kind.script(0, 0), 1)).serialize())
    assert role("update", "--parent", strange, text=made.created["psbt"])["psbt"] == made.created["psbt"]
    assert refused("update", "--parent", files[0], text=made.created["psbt"])["name"] == "malformed-parent"
    assert refused("extract", text="bm9uc2Vuc2U=")["name"] == "malformed-psbt"
    # One input ready, the other not.
    texts = list(sign_all(made.updated["psbt"], kind))
    half = psbt.PSBT.from_string(role("combine", *[written(tmp_path, f"h{n}", t) for n, t in enumerate(texts)])["psbt"])
    half.inputs[1].partial_sigs.clear()
    error = refused("finalize", text=half.to_string())
    assert error["name"] == "psbt-incomplete" and error["index"] == 1
    partly = role("finalize", "--partial", text=half.to_string())
    assert (partly["finalInputs"], partly["complete"]) == (1, False) and "input 1" in partly["remarks"][0]


@pytest.mark.parametrize("arguments,words", [
    (["--input", "ab:0"], "TXID:VOUT"), (["--input", "11" * 32 + ":x"], "TXID:VOUT"),
    (["--input", "11" * 32 + ":0:4294967296"], "2^32"), (["--input", "11" * 32 + ":0"] * 2, "twice"),
    (["--output", "bcrt1q"], "ADDRESS:AMOUNT"), (["--output", "nonsense:1000"], "address"),
    (["--output", "script:5g:1"], "hexadecimal"), (["--output", "script:51:1.5"], "satoshi"),
    (["--output", "script:51:0.123456789BTC"], "satoshi"), (["--output", "script:51:21000001BTC"], "21 million"),
    (["--output", "data:" + "00" * 81], "80 bytes"), (["--psbt-version", "1"], "0 or 2"), (["--open", "both"], "--psbt-version 2"),
    (["--output", "bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080:1", "--output",
      "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4:1"], "another network"),
    (["--output", "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4:1", "--network", "regtest"], "regtest"),
])
def test_usage_of_create(arguments, words):
    assert words in usage("create", *arguments)


def test_usage_of_the_others(tmp_path):
    made = role("create", "--input", "11" * 32 + ":0", "--output", "script:51:1")["psbt"]
    assert "0 or 2" in usage("convert", "--to", 1, text=made)
    assert "self" in usage("update", "--descriptor", "wpkh(self/84h/1h/0h/<0;1>/*)", text=made)
    private = bip32.HDKey.from_seed(bytes(32)).to_base58(NETWORKS["regtest"]["xprv"])
    assert "private" in usage("update", "--descriptor", f"wpkh({private}/<0;1>/*)", text=made)
    assert "once" in usage("combine", "-", "-")
    signed = wallets.funding((wallets.any_script(), 1))
    signed.vin[0].script_sig = wallets.script.Script(b"\x51")
    path = written(tmp_path, "signed.hex", signed.serialize().hex())
    assert "signed" in usage("create", "--transaction", path)


def test_an_unsigned_transaction_becomes_a_psbt_and_results_go_to_files(tmp_path):
    unsigned = wallets.funding((wallets.any_script(), 1_000))
    path = written(tmp_path, "unsigned", unsigned.serialize())
    out = tmp_path / "made.psbt"
    made = role("create", "--transaction", path, "-o", out)
    assert made["txid"] == unsigned.txid().hex() and made["out"] == str(out)
    assert out.read_bytes() == base64.b64decode(made["psbt"])
    text = tmp_path / "made.txt"
    role("create", "--transaction", path, "-o", text)
    assert text.read_text() == made["psbt"] + "\n"


def seconds(work):
    """CPU time of the children that `work` waits for."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    work()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def test_5000_inputs_take_five_times_as_long_as_1000(tmp_path):
    """Every role; quadratic work would take 25 times as long."""
    kind = kinds.Kind("wsh(multi(1,S/<0;1>/*,B/<0;1>/*))").register(60)
    spent = [kind.script(0, n) for n in range(50)]
    parent = wallets.funding(*[(spent[n % 50], 10_000) for n in range(500)])
    texts = {}
    for count in (1_000, 5_000):
        parents = [parent]
        while len(parents) * 500 < count:
            parents.append(wallets.funding(*[(spent[n % 50], 10_000) for n in range(500)]))
        inputs = [f"{p.txid().hex()}:{n}" for p in parents for n in range(500)][:count]
        unsigned = Transaction(
            version=2, locktime=0, vout=[wallets.TransactionOutput(1_000, wallets.any_script())],
            vin=[wallets.TransactionInput(bytes.fromhex(i.split(":")[0]), int(i.split(":")[1]), sequence=1) for i in inputs])
        path = written(tmp_path, f"u{count}", unsigned.serialize())
        taken = {"create": seconds(lambda: texts.update(made=role("create", "--transaction", path)["psbt"]))}
        one = psbt.PSBT.from_string(texts["made"])
        for scope, place in zip(one.inputs, inputs):
            scope.witness_utxo = wallets.TransactionOutput(10_000, spent[int(place.split(":")[1]) % 50])
        given = one.to_string()
        taken["update"] = seconds(lambda: texts.update(told=role("update", "--descriptor", kind.text(), text=given)["psbt"]))
        signature = b"\x30\x06\x02\x01\x01\x02\x01\x01\x01"
        half = psbt.PSBT.from_string(texts["told"])
        for scope in half.inputs:
            scope.partial_sigs[next(iter(scope.bip32_derivations))] = signature
        files = [written(tmp_path, "one", half.to_string()), written(tmp_path, "other", texts["told"])]
        taken["combine"] = seconds(lambda: texts.update(both=role("combine", *files)["psbt"]))
        taken["convert"] = seconds(lambda: role("convert", "--to", 2, text=texts["both"]))
        taken["finalize"] = seconds(lambda: texts.update(done=role("finalize", "--descriptor", kind.text(), text=texts["both"])))
        assert texts["done"]["complete"] and texts["done"]["inputs"] == count
        taken["extract"] = seconds(lambda: role("extract", text=texts["done"]["psbt"]))
        texts[count] = taken
    for name, small in texts[1_000].items():
        assert texts[5_000][name] < 9 * small + 0.2, (name, small, texts[5_000][name])
    import conftest
    conftest.figure("psbt roles, CPU s for 1,000 and 5,000 inputs: "
                    + ", ".join(f"{n} {s:.2f} {texts[5_000][n]:.2f}" for n, s in texts[1_000].items()))


@pytest.fixture(scope="module")
def box(tmp_path_factory):
    """An appliance with a wallet of each kind."""
    source = tmp_path_factory.mktemp("kinds") / "policy.toml"
    source.write_text(kinds.policy(ALL))
    with Appliance(str(source)) as running:
        yield running


@pytest.mark.parametrize("kind", ALL, ids=[k.name for k in ALL])
def test_signing_says_what_is_known_of_our_own_outputs(box, kind):
    """Cosigners find the change by it: keys with their origins, scripts, trees; nothing is said of what others get."""
    blank = psbt.PSBT.from_string(kinds.by_embit(kind, 1).text)
    index = next(iter((blank.outputs[1].taproot_bip32_derivations if kind.is_taproot else
                       blank.outputs[1].bip32_derivations).values()))
    place = (index[1] if kind.is_taproot else index).derivation[-1] if kind.own_keys(1, 0) else 0
    signed = psbt.PSBT.from_string(box.sign(blank.to_string())["psbt"])
    change, foreign = signed.outputs[1], signed.outputs[0]
    assert not foreign.bip32_derivations and not foreign.taproot_bip32_derivations and not foreign.unknown
    derived = Descriptor.from_string(kind.text()).derive(place, branch_index=1)
    known = change.taproot_bip32_derivations if kind.is_taproot else change.bip32_derivations
    named = sum(kind.form.count(f"{name}/<") for name in "SBCDE")
    assert len(known) == named, "every key of the wallet"
    if kind.is_taproot:
        assert change.taproot_internal_key.xonly() == derived.key.xonly()
        assert (b"\x06" in change.unknown) == ("," in kind.form), "the tree, where there is one"
    else:
        for mine, theirs in ((change.redeem_script, derived.redeem_script()), (change.witness_script, derived.witness_script())):
            assert (mine and mine.data) == (theirs and theirs.data)


def test_key_and_leaf_in_one_payment_are_refused_by_name(box):
    """Two inputs of tr(S, …), one of which the PSBT asks to spend by its leaf: the signer signs one of the two ways."""
    leaf, key = ALL[20], ALL[3]
    one, other = kinds.by_embit(leaf, 1).embit(), kinds.by_embit(key, 1).embit()
    for first, second in ((one, other), (other, one)):
        vin = first.tx.vin + second.tx.vin
        mixed = psbt.PSBT(Transaction(version=2, vin=vin, vout=[wallets.TransactionOutput(1_000, wallets.any_script())]))
        mixed.inputs[0], mixed.inputs[1] = first.inputs[0], second.inputs[0]
        for scope, spent in zip(mixed.inputs, vin):
            scope.txid, scope.vout, scope.sequence = spent.txid, spent.vout, spent.sequence
        with pytest.raises(Refused) as caught:
            box.sign(mixed.to_string())
        error = caught.value.error
        assert (error["name"], error["subject"], error["index"]) == ("mixed-selectors", "input", 1)
        assert "input 0" in error["message"] and "key" in error["message"] and "tree" in error["message"]
