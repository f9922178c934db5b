"""`sign` and `psbt inspect`: every way in and out."""
import base64
import json
import os
import pathlib
import stat
import subprocess

import pytest

import wallets
from appliance import BUILD, REPOSITORY

BINARY = b"psbt\xff"


@pytest.fixture(scope="module")
def payment():
    return wallets.embit_psbt([wallets.Coin("wpkh", 90_000)], [(wallets.foreign_script(), 80_000)]).serialize()


def raw(opened, *arguments, **options):
    command = [str(BUILD / "portcullis"), *map(str, arguments), "--home", str(opened.home)]
    return subprocess.run(command, capture_output=True, timeout=60, **options)


WAYS = {
    "binary": lambda p: p, "base64": lambda p: base64.b64encode(p), "wrapped": lambda p: base64.encodebytes(p),
    "crlf": lambda p: base64.encodebytes(p).replace(b"\n", b"\r\n"), "hexadecimal": lambda p: p.hex().encode() + b"\n",
    "capitals": lambda p: p.hex().upper().encode(),
}


@pytest.mark.parametrize("way", WAYS)
def test_every_encoding_is_read_from_a_file_and_from_standard_input(opened, payment, tmp_path, way):
    given = WAYS[way](payment)
    path = tmp_path / "x"
    path.write_bytes(given)
    one = opened.run("sign", path)
    two = opened.run("sign", "-", stdin=given)
    assert one["psbt"] == two["psbt"] and base64.b64decode(one["psbt"]).startswith(BINARY)
    assert (tmp_path / "x.receipt").read_text() == one["receipt"] == two["receipt"]
    assert "receiptFile" not in two
    assert opened.run("psbt inspect", path)["signable"]


BROKEN = {"empty": b"", "text": b"hello", "magic": BINARY, "cut": None, "trailing": None, "odd hex": b"70736274f"}


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_no_psbt_is_refused_by_name(opened, payment, name):
    given = {"cut": payment[:-1], "trailing": payment + b"\0"}.get(name, BROKEN[name])
    for command in (["sign", "-"], ["psbt", "inspect", "-"]):
        run = raw(opened, *command, "--json", input=given)
        assert run.returncode == 3 and json.loads(run.stdout)["error"]["name"] == "malformed-psbt"


def test_a_file_is_replaced_and_a_link_stays(opened, payment, tmp_path):
    given, out, link = tmp_path / "in", tmp_path / "out", tmp_path / "link"
    given.write_bytes(payment)
    out.write_text("old")
    link.symlink_to("out")
    opened.run("sign", given, "-o", link)
    assert link.is_symlink() and out.read_bytes().startswith(BINARY)
    assert (tmp_path / "link.receipt").exists()
    opened.run("sign", given, "-o", given)
    assert given.read_bytes().startswith(BINARY)
    assert not [p for p in tmp_path.iterdir() if ".new-" in p.name]


def test_a_device_is_written_to_and_never_replaced(opened, payment, tmp_path):
    given, pipe = tmp_path / "in.psbt", tmp_path / "pipe"
    given.write_bytes(payment)
    before = os.stat("/dev/null")
    document = opened.run("sign", given, "-o", "/dev/null")
    assert stat.S_ISCHR(os.stat("/dev/null").st_mode) and os.stat("/dev/null").st_ino == before.st_ino
    assert not os.path.exists("/dev/null.receipt") and document["receiptFile"] == f"{given}.receipt"
    run = raw(opened, "sign", given, "-o", "/dev/stdout", "--finalize")
    assert run.returncode == 0 and bytes.fromhex(run.stdout.decode().strip())
    assert not os.path.exists("/dev/stdout.receipt")
    os.mkfifo(pipe)
    reader = subprocess.Popen(["cat", pipe], stdout=subprocess.PIPE)
    opened.run("sign", given, "-o", pipe)
    assert reader.communicate(timeout=20)[0].startswith(BINARY) and stat.S_ISFIFO(os.stat(pipe).st_mode)


def test_a_dash_is_standard_output(opened, payment, tmp_path):
    run = raw(opened, "sign", "-", "-o", "-", input=payment, cwd=tmp_path)
    assert run.returncode == 0 and base64.b64decode(run.stdout).startswith(BINARY)
    assert not list(tmp_path.iterdir()) and b"--receipt" in run.stderr


def test_where_the_result_cannot_be_kept_nothing_is_signed(opened, tmp_path):
    coin = wallets.Coin("tr", 50_000)
    made = wallets.embit_psbt([coin], [(wallets.foreign_script(), 49_000)])
    given = tmp_path / "in.psbt"
    given.write_bytes(made.serialize())
    before = opened.run("status")["allowance"]["spent"]
    for arguments in (["-o", tmp_path], ["-o", tmp_path / "no/such"], ["--receipt", tmp_path / "no/such"],
                      ["-o", tmp_path / "a", "--receipt", tmp_path / "a"]):
        run = raw(opened, "sign", given, *arguments, "--json")
        assert run.returncode in (1, 2), run
        assert "errno" not in json.loads(run.stdout)["error"]["message"]
    assert opened.run("status")["allowance"]["spent"] == before
    assert [p.name for p in tmp_path.iterdir()] == ["in.psbt"]


@pytest.mark.parametrize("command", [["sign", "-"], ["sign", "-", "--finalize"], ["psbt", "inspect", "-"], ["status"],
                                     ["wallet", "list"], ["audit", "show"], ["audit", "verify"]])
@pytest.mark.parametrize("json_asked", [[], ["--json"]])
def test_a_result_that_could_not_be_written_is_no_success(opened, payment, command, json_asked):
    """`sign payment.psbt > file` on a full disk said nothing, wrote nothing and ended with 0."""
    def run(out):
        whole = [str(BUILD / "portcullis"), *command, *json_asked, "--home", str(opened.home)]
        return subprocess.run(whole, input=payment, stdout=out, stderr=subprocess.PIPE, timeout=60)

    with open("/dev/full", "wb") as full:
        spoiled = run(full)
    assert spoiled.returncode == 1 and b"cannot write to standard output: the disk is full" in spoiled.stderr
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "wb") as gone:
        assert run(gone).returncode == 1
    assert run(subprocess.DEVNULL).returncode == 0


def test_a_psbt_over_the_limit_is_not_called_damaged(opened, payment):
    big = payment + bytes((64 << 20) + 1 - len(payment))
    for command in (["sign", "-"], ["psbt", "inspect", "-"]):
        error = json.loads(raw(opened, *command, "--json", input=big).stdout)["error"]
        assert (error["name"], error["expected"], error["found"]) == ("request-too-large", 64 << 20, (64 << 20) + 1)
        assert "split" in error["remedy"]


def test_a_refused_payment_leaves_the_files_alone(opened, tmp_path):
    out = tmp_path / "out.psbt"
    out.write_text("old")
    made = wallets.embit_psbt([wallets.Coin("wpkh", 500_000_000)], [(wallets.foreign_script(), 499_990_000)])
    (tmp_path / "in.psbt").write_bytes(made.serialize())
    run = raw(opened, "sign", tmp_path / "in.psbt", "-o", out, "--json")
    assert run.returncode == 3 and json.loads(run.stdout)["error"]["name"] == "outflow-over-maximum"
    assert out.read_text() == "old" and sorted(p.name for p in tmp_path.iterdir()) == ["in.psbt", "out.psbt"]


def test_a_signed_psbt_again_gives_the_same(opened, payment):
    first = opened.run("sign", "-", stdin=payment)
    again = opened.run("sign", "-", stdin=first["psbt"].encode())
    assert again["psbt"] == first["psbt"] and again["seenBefore"]
    final = opened.run("sign", "-", "--finalize", stdin=first["psbt"].encode())
    assert final["finalized"] and final["txid"] == first["txid"]


def test_a_finalized_psbt_is_not_signed_again(opened, payment):
    import bdkpython as bdk
    done = bdk.Psbt(opened.run("sign", "-", stdin=payment)["psbt"]).finalize().psbt.serialize()
    run = raw(opened, "sign", "-", "--json", input=done.encode())
    assert run.returncode == 3 and json.loads(run.stdout)["error"]["name"] == "nothing-to-sign"


def of_version(payment, number):
    """The same payment in another version of PSBT, written by embit."""
    from embit.psbt import PSBT
    other = PSBT.parse(payment)
    other.version = number
    return other.serialize()


def test_version_2_is_signed_like_version_0_and_stays_version_2(opened, payment):
    from embit.psbt import PSBT
    two = of_version(payment, 2)
    seen = [opened.run("psbt inspect", "-", stdin=given) for given in (payment, two)]
    assert seen[0] == seen[1] and seen[1]["signable"]
    signed = [opened.run("sign", "-", stdin=given) for given in (payment, two)]
    assert signed[0]["txid"] == signed[1]["txid"]
    answers = [PSBT.parse(base64.b64decode(each["psbt"])) for each in signed]
    assert answers[0].version in (None, 0) and answers[1].version == 2
    final = [opened.run("sign", "-", "--finalize", stdin=given) for given in (payment, two)]
    assert final[0]["transaction"] == final[1]["transaction"]


@pytest.mark.parametrize("number", [1, 3, 0xFFFFFFFF])
def test_other_versions_are_refused_by_name(opened, payment, number):
    strange = of_version(payment, 2).replace(b"\x01\xfb\x04\x02\0\0\0", b"\x01\xfb\x04" + number.to_bytes(4, "little"), 1)
    for command in (["sign", "-"], ["psbt", "inspect", "-"]):
        run = raw(opened, *command, "--json", input=strange)
        found = json.loads(run.stdout)["error"]
        assert run.returncode == 3 and found["name"] == "unsupported-psbt-version", found
        assert "version 0" in found["remedy"] and str(number) in found["message"]


def test_unknown_and_proprietary_fields_and_xpubs_stay(opened):
    made = wallets.embit_psbt([wallets.Coin("wpkh", 90_000)], [(wallets.foreign_script(), 80_000)])
    strange = {b"\xf0strange": b"one", b"\xfc\x05other\x01": b"two"}
    # New dictionaries: those of embit are shared between all PSBTs.
    made.inputs[0].unknown, made.outputs[0].unknown = dict(strange), dict(strange)
    origin = wallets.FINGERPRINT + b"".join(
        step.to_bytes(4, "little") for step in wallets.bip32.parse_path(wallets.ACCOUNTS["wpkh"]))
    xpub = {b"\x01" + wallets.account("wpkh").serialize(): origin}
    fields = b"".join(bytes([len(k)]) + k + bytes([len(v)]) + v for k, v in {**strange, **xpub}.items())
    given = made.serialize()
    given = given[:5] + fields + given[5:]
    signed = base64.b64decode(opened.run("sign", "-", stdin=given)["psbt"])
    for key, value in strange.items():
        assert signed.count(bytes([len(key)]) + key + bytes([len(value)]) + value) == 3
    assert fields in signed


VECTORS = pathlib.Path(os.environ.get("PORTCULLIS_VECTORS", REPOSITORY.parent / "shared/vectors")) / "bitcoin"


@pytest.mark.skipif(not VECTORS.exists(), reason="no vectors (PORTCULLIS_VECTORS)")
def test_the_vectors_of_bip_174(opened):
    """Valid ones are described, invalid ones refused as such; none of them is ours to sign."""
    cases = json.loads((VECTORS / "bip-0174/psbt_vectors.json").read_text())
    counts = {"valid": 0, "invalid": 0, "fails-signer-check": 0}
    for one in cases:
        if one["expect"] not in counts or "hex" not in one or one.get("group") == "network":
            continue
        counts[one["expect"]] += 1
        given = bytes.fromhex(one["hex"])
        seen = raw(opened, "psbt", "inspect", "-", "--json", input=given)
        signed = raw(opened, "sign", "-", "--json", input=given)
        document = json.loads(seen.stdout)
        refusal = json.loads(signed.stdout)["error"]
        assert signed.returncode == 3 and refusal["name"], one["case"]
        if one["expect"] == "invalid":
            assert seen.returncode == 3 and refusal["name"] == "malformed-psbt", (one["case"], refusal)
        else:
            assert seen.returncode == 0 and not document["signable"] and document["remarks"], one["case"]
    assert counts["valid"] >= 20 and counts["invalid"] >= 20 and counts["fails-signer-check"] == 4, counts


def test_an_input_without_what_is_needed_is_refused_by_name(opened):
    foreign = wallets.foreign_script()
    pay = [(wallets.foreign_script(), 40_000)]

    def coin(kind, **options):
        return wallets.Coin(kind, 50_000, **options)

    strange = wallets.embit_psbt([coin("wpkh", parent=wallets.funding((foreign, 50_000)))], pay)
    other_parent = wallets.embit_psbt([coin("wpkh")], pay)
    other_parent.inputs[0].non_witness_utxo = wallets.funding((wallets.script_of("wpkh", 0, 0), 50_000))
    lied = wallets.embit_psbt([coin("wpkh")], pay)
    lied.inputs[0].witness_utxo = wallets.TransactionOutput(60_000, wallets.script_of("wpkh", 0, 0))
    scripts = wallets.embit_psbt([coin("wpkh")], pay)
    scripts.inputs[0].witness_utxo = wallets.TransactionOutput(50_000, wallets.script_of("wpkh", 0, 1))
    wrong_path = wallets.embit_psbt([coin("wpkh", index=4)], pay)
    key = next(iter(wrong_path.inputs[0].bip32_derivations))
    wrong_path.inputs[0].bip32_derivations[key].derivation[-1] = 5
    beyond = wallets.embit_psbt([coin("wpkh", index=1_000_001)], pay)
    no_parent = wallets.embit_psbt([coin("wpkh")], pay, with_parents=False)
    for made, names in ((strange, {"script-mismatch", "foreign-input"}), (wrong_path, {"script-mismatch"}),
                        (beyond, {"index-out-of-range"}), (no_parent, {"missing-parent"}),
                        (other_parent, {"parent-mismatch"}), (lied, {"amount-mismatch"}),
                        (scripts, {"script-mismatch"})):
        run = raw(opened, "sign", "-", "--json", input=made.serialize())
        found = json.loads(run.stdout)["error"]
        assert run.returncode == 3 and found["name"] in names and found["index"] == 0, found
        if made is not other_parent:
            seen = opened.run("psbt inspect", "-", stdin=made.serialize())
            assert not seen["signable"] and seen["remarks"]
    bare = wallets.embit_psbt([coin("tr")], pay, with_parents=False)
    assert opened.run("sign", "-", "--finalize", stdin=bare.serialize())["finalized"]
