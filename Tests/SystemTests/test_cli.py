"""The command line is the contract that scripts rely on: exit codes, one JSON document, words on standard error."""
import json
import os
import subprocess

import pytest

import refusals
import wallets
from appliance import BUILD, PASSPHRASE, REPOSITORY, WORDS, Appliance, Failed, pipe_with, portcullis

COMMANDS = ["doctor", "init", "up", "unlock", "lock", "refill", "recover", "status", "wallet list", "wallet show",
            "wallet address", "psbt inspect", "sign", "audit verify", "audit show", "audit receipt", "refusals"]


def raw(*arguments, **options):
    return subprocess.run([str(BUILD / "portcullis"), *map(str, arguments)], capture_output=True, timeout=60, **options)


@pytest.mark.parametrize("command", COMMANDS)
def test_help_teaches(command):
    run = raw(*command.split(), "--help")
    assert run.returncode == 0
    assert b"USAGE" in run.stdout and len(run.stdout) > 200
    assert b"\n  portcullis " in run.stdout, "an example"


def test_the_page_of_refusals_is_current():
    page = raw("refusals").stdout.decode()
    assert page == (REPOSITORY / "docs/refusals.md").read_text(), "portcullis refusals > docs/refusals.md"
    listed = json.loads(raw("refusals", "--json").stdout)["refusals"]
    assert {entry["code"] for entry in listed if "code" in entry} >= set(refusals.CODES.values())


@pytest.mark.parametrize("arguments", [["frobnicate"], ["sign"], ["init", "--network", "moon"], ["status", "--frob"]])
def test_usage_errors_exit_2(arguments):
    run = raw(*arguments)
    assert run.returncode == 2 and run.stderr and not run.stdout


def test_doctor_says_each_line_ok_or_the_remedy():
    run = raw("doctor", "--json")
    document = json.loads(run.stdout)
    assert {"ok", "lines"} <= document.keys() and len(document["lines"]) >= 5
    assert run.returncode == (0 if document["ok"] else 3)
    for line in document["lines"]:
        assert line["ok"] or line["remedy"]


def test_a_file_that_is_no_psbt_is_refused_in_words(opened, tmp_path):
    bad = tmp_path / "bad.psbt"
    bad.write_bytes(b"psbt\xff\x00\x01")
    run = raw("sign", bad, "--home", opened.home, "--json")
    assert run.returncode == 3 and "error" in json.loads(run.stdout)
    run = raw("sign", tmp_path / "nothing", "--home", opened.home, "--json")
    assert run.returncode in (1, 2) and "error" in json.loads(run.stdout)


def test_wallets_are_those_of_the_seed(opened):
    found = {w["name"]: w for w in opened.run("wallet list")["wallets"]}
    assert set(found) == {"segwit", "taproot"}
    for name, kind in (("segwit", "wpkh"), ("taproot", "tr")):
        for branch, flags in ((0, []), (1, ["--change"])):
            for index in (0, 1, 999):
                shown = opened.run("wallet address", name, "--index", index, *flags)
                expected = wallets.script_of(kind, branch, index)
                assert shown["address"] == expected.address(wallets.NETWORKS["regtest"]) and shown["verified"]
        shown = opened.run("wallet show", name)
        assert shown["fingerprint"] == wallets.FINGERPRINT.hex()
        assert shown["xpub"] == wallets.account(kind).to_base58(wallets.NETWORKS["regtest"]["xpub"])
        receive = shown["receive"]
        assert receive.startswith(f"{kind}([73c5da0a/") and receive[-9] == "#"


def test_inspect_says_what_is_ours(opened, tmp_path):
    coin = wallets.Coin("wpkh", 100_000, index=2)
    made = wallets.embit_psbt([coin], [(wallets.foreign_script(), 40_000)], ("wpkh", 3, 59_000))
    path = tmp_path / "x.psbt"
    path.write_bytes(made.serialize())
    seen = opened.run("psbt inspect", path)
    assert seen["fee"] == 1_000 and seen["outflow"] == 41_000
    assert seen["inputs"][0]["ours"]["index"] == 2 and seen["inputs"][0]["amount"] == 100_000
    assert [bool(o["ours"]) for o in seen["outputs"]] == [False, True]


def test_init_never_overwrites(opened):
    with pytest.raises((Failed, Exception)) as caught:
        portcullis(
            "init", "--network", "regtest", "--policy", REPOSITORY / "policies/examples/regtest-open.toml",
            "--home", opened.home, secrets=[("--mnemonic-fd", WORDS), ("--passphrase-fd", PASSPHRASE)],
        )
    assert "exist" in str(caught.value)


def test_words_with_a_wrong_checksum_are_refused(tmp_path):
    run = portcullis(
        "init", "--network", "regtest", "--policy", REPOSITORY / "policies/examples/regtest-open.toml",
        "--home", tmp_path / "home", "--argon2-memory-mib", 8, "--argon2-passes", 1,
        secrets=[("--mnemonic-fd", "abandon " * 12), ("--passphrase-fd", PASSPHRASE)], check=False,
    )
    assert run.returncode not in (0, 2) and b"abandon" not in run.stdout + run.stderr


def test_a_new_seed_shows_its_words_once(tmp_path):
    read, write = os.pipe()
    passphrase = pipe_with(PASSPHRASE)
    run = subprocess.run(
        [BUILD / "portcullis", "init", "--network", "regtest", "--json", "--home", tmp_path / "home",
         "--policy", REPOSITORY / "policies/examples/regtest-open.toml", "--argon2-memory-mib", "8",
         "--argon2-passes", "1", "--passphrase-fd", str(passphrase), "--words-out-fd", str(write)],
        pass_fds=[passphrase, write], capture_output=True, timeout=60,
    )
    os.close(write)
    assert run.returncode == 0, run.stderr
    words = os.read(read, 4096).decode().split()
    assert len(words) == 24
    from embit import bip39
    assert bip39.mnemonic_is_valid(" ".join(words))
    for path in (tmp_path / "home").rglob("*"):
        if path.is_file():
            assert " ".join(words[:3]).encode() not in path.read_bytes()


def test_sealed_lock_unlock_and_a_wrong_passphrase():
    with Appliance("regtest-open", memory_mib=8, passes=1).start(unlock=False) as running:
        assert running.run("status")["state"] == "sealed"
        wrong = running.run("unlock", secrets=[("--passphrase-fd", "wrong")], check=False)
        assert wrong.returncode == 3 and json.loads(wrong.stdout)["error"]["name"] == "wrong-passphrase"
        running.unlock()
        status = running.wait_for("ready")
        for process in status["processes"]:
            assert process["seccomp"] == 2 and process["noNewPrivs"] in (1, True), process
        made = wallets.embit_psbt([wallets.Coin("tr", 50_000)], [(wallets.foreign_script(), 49_000)])
        first = running.sign(made)
        running.run("lock")
        running.wait_for("sealed")
        with pytest.raises(Exception):
            running.sign(wallets.embit_psbt([wallets.Coin("tr", 50_000)], [(wallets.foreign_script(), 49_000)]))
        running.unlock()
        running.wait_for("ready")
        again = running.sign(made)
        assert again["psbt"] == first["psbt"] and again["seenBefore"]
