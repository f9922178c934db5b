"""`init` in odd places and with odd secrets: what works, and the words where it does not."""
import hashlib
import json
import os
import subprocess
import unicodedata

import mnemonic
import pytest
from embit import bip32, bip39
from embit.networks import NETWORKS

import wallets
from appliance import BUILD, PASSPHRASE, REPOSITORY, WORDS, pipe_with, portcullis

OPEN = REPOSITORY / "policies/examples/regtest-open.toml"
QUICK = ["--argon2-memory-mib", "8", "--argon2-passes", "1"]


def init(home, secrets=None, policy=OPEN, network="regtest", **options):
    secrets = secrets or [("--mnemonic-fd", WORDS), ("--passphrase-fd", PASSPHRASE)]
    return portcullis("init", "--network", network, "--policy", policy, "--home", home, *QUICK, secrets=secrets,
                      check=False, **options)


def error(run):
    return json.loads(run.stdout)["error"]


def raw(*arguments, **options):
    return subprocess.run([str(BUILD / "portcullis"), *map(str, arguments)], capture_output=True, timeout=60, **options)


@pytest.mark.parametrize("name", ["with spaces", "umläut-é", "made/on/the/way", "slash/"])
def test_homes_with_odd_names(tmp_path, name):
    run = init(f"{tmp_path}/{name}")
    assert run.returncode == 0, run.stderr
    assert json.loads(run.stdout)["home"] == f"{tmp_path}/{name}".rstrip("/")
    assert portcullis("wallet", "list", "--home", f"{tmp_path}/{name}")["wallets"]


def test_a_home_below_a_link_is_made_and_said_to_be(tmp_path):
    """It was in place, and init said that it had failed: with the words of the seed already shown."""
    (tmp_path / "disk").mkdir()
    (tmp_path / "data").symlink_to(tmp_path / "disk")
    run = init(tmp_path / "data/home")
    assert run.returncode == 0, run.stderr
    assert portcullis("wallet", "list", "--home", tmp_path / "disk/home")["wallets"]


@pytest.mark.parametrize("name", [".", "./", "././", "../here", "/here/.", "//here"])
def test_here_is_a_home_like_any_other(tmp_path, name):
    here = tmp_path / "here"
    here.mkdir()
    run = init(f"{tmp_path}{name}" if name.startswith("/") else name, cwd=here)
    assert run.returncode == 0, run.stderr
    assert (here / "signer/keystore").exists() and [p.name for p in tmp_path.iterdir()] == ["here"]


def test_a_path_too_long_for_a_socket_is_said_before_any_key_is_made(tmp_path):
    run = init(tmp_path / ("x" * 110))
    assert run.returncode == 2 and "107" in error(run)["message"] and b"keys" not in run.stderr
    assert not list(tmp_path.iterdir())


def test_words_that_nobody_sees_are_said_to_be_lost(tmp_path):
    run = init(tmp_path / "home", [("--passphrase-fd", PASSPHRASE)], start_new_session=True, stdin=b"")
    assert run.returncode == 0 and b"never be restored" in run.stderr
    assert b"never be restored" not in init(tmp_path / "other").stderr


def test_an_empty_folder_becomes_the_home_and_a_full_one_never(tmp_path):
    empty = tmp_path / "empty"
    empty.mkdir()
    assert init(empty).returncode == 0
    before = sorted(p.name for p in empty.iterdir())
    again = init(empty)
    assert again.returncode == 3 and error(again)["name"] == "home-exists"
    assert sorted(p.name for p in empty.iterdir()) == before
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "nowhere")
    assert error(init(link))["name"] == "home-exists"
    file = tmp_path / "file"
    file.write_text("mine")
    assert error(init(file))["name"] == "home-exists" and file.read_text() == "mine"
    assert not [p for p in tmp_path.iterdir() if ".new-" in p.name]


def test_secrets_from_descriptors_that_are_not_there(tmp_path):
    base = ["init", "--network", "regtest", "--policy", OPEN, "--home", tmp_path / "home", "--json"]
    for arguments in (["--passphrase-fd", "77"], ["--passphrase-fd=-3"], ["--passphrase-fd", "x"],
                      ["--passphrase-fd", "0", "--mnemonic-fd", "0"]):
        run = raw(*base, *arguments, stdin=subprocess.DEVNULL)
        assert run.returncode == 2, (arguments, run)
        assert error(run)["kind"] == "usage" and "errno" not in error(run)["message"]
    assert not (tmp_path / "home").exists()


def test_without_a_terminal_the_passphrase_is_asked_for_by_option(tmp_path):
    run = raw("init", "--network", "regtest", "--policy", OPEN, "--home", tmp_path / "home", "--json",
              stdin=subprocess.DEVNULL, start_new_session=True)
    assert run.returncode == 2 and "--passphrase-fd" in error(run)["message"]


@pytest.mark.parametrize("closed", [[0], [1], [2], [0, 1, 2]])
def test_closed_standard_descriptors_never_lead_into_a_file_of_the_home(tmp_path, closed):
    """Otherwise the next file that is opened takes the number, and words end up in a keystore."""
    passphrase = pipe_with(PASSPHRASE)
    command = [BUILD / "portcullis", "init", "--network", "regtest", "--policy", OPEN, "--home", tmp_path / "home",
               *QUICK, "--passphrase-fd", str(passphrase)]

    def close():
        for number in closed:
            os.close(number)

    run = subprocess.run(command, pass_fds=[passphrase], preexec_fn=close, timeout=60)
    os.close(passphrase)
    assert run.returncode == 0
    assert (tmp_path / "home/signer/keystore").stat().st_size == 304
    assert (tmp_path / "home/signer/state").stat().st_size == 8192
    json.loads((tmp_path / "home/public/home.json").read_text())


@pytest.mark.parametrize("entropy", [16, 20, 24, 28, 32])
def test_words_of_every_length(tmp_path, entropy):
    words = bip39.mnemonic_from_bytes(bytes(range(entropy)))
    run = init(tmp_path / "home", [("--mnemonic-fd", words + "\n"), ("--passphrase-fd", PASSPHRASE)])
    expected = bip32.HDKey.from_seed(bip39.mnemonic_to_seed(words)).child(0).fingerprint.hex()
    assert run.returncode == 0 and json.loads(run.stdout)["fingerprint"] == expected


SPELLINGS = {
    "spaces": "  " + WORDS.replace(" ", " \t ") + "  \n\n", "lines": WORDS.replace(" ", "\n"), "crlf": WORDS + "\r\n",
    "capitals": WORDS.upper(), "sentence": WORDS.capitalize(), "wide spaces": WORDS.replace(" ", "\u3000"),
    "wide letters": "".join(chr(ord(c) + 0xFEE0) if c != " " else "\u3000" for c in WORDS),
}


@pytest.mark.parametrize("name", SPELLINGS)
def test_words_as_people_keep_them(tmp_path, name):
    run = init(tmp_path / "home", [("--mnemonic-fd", SPELLINGS[name]), ("--passphrase-fd", PASSPHRASE)])
    assert run.returncode == 0, run.stderr
    assert json.loads(run.stdout)["fingerprint"] == wallets.FINGERPRINT.hex()


NO_WORDS = {"checksum": "abandon " * 12, "unknown": "abandon " * 11 + "portcullis", "eleven": "abandon " * 11,
            "thirteen": "abandon " * 12 + "about", "none": "", "spaces": " \n ", "huge": "abandon " * 3_000,
            "joined": WORDS.replace(" ", "-"), "accent": WORDS.replace("about", "ab\u00f3ut"),
            "not UTF-8": WORDS.encode() + b" \xe9"}


@pytest.mark.parametrize("name", NO_WORDS)
def test_what_is_no_mnemonic_is_refused_by_name(tmp_path, name):
    run = init(tmp_path / "home", [("--mnemonic-fd", NO_WORDS[name]), ("--passphrase-fd", PASSPHRASE)])
    assert run.returncode == 3 and error(run)["name"] == "mnemonic-invalid", run
    assert b"abandon" not in run.stdout + run.stderr
    assert not (tmp_path / "home").exists() and not list(tmp_path.iterdir())


def seed_of(passphrase):
    salt = "mnemonic" + unicodedata.normalize("NFKD", passphrase)
    return hashlib.pbkdf2_hmac("sha512", WORDS.encode(), salt.encode(), 2_048, 64)


FORMS = {"composed": "caf\u00e9", "decomposed": "cafe\u0301"}


@pytest.mark.parametrize("passphrase", [
    "TREZOR", " lead and trail ", "x" * 500, "", "x" * 2_047, *FORMS.values(), "\u334d\u30ac\u30d0\u30f4\u30a1\u3071",
    "\ufb01\u212b\ud55c\U0001f600", "s\u0307\u0323", "\uff34\uff32\uff25\uff3a\uff2f\uff32" * 80,
])
def test_a_passphrase_of_the_words(tmp_path, passphrase):
    secrets = [("--mnemonic-fd", WORDS), ("--passphrase-fd", PASSPHRASE),
               ("--mnemonic-passphrase-fd", passphrase + "\n")]
    run = init(tmp_path / "home", secrets)
    expected = bip32.HDKey.from_seed(seed_of(passphrase)).child(0).fingerprint.hex()
    assert run.returncode == 0 and json.loads(run.stdout)["fingerprint"] == expected
    judged = mnemonic.Mnemonic.to_seed(WORDS, passphrase)
    assert bip32.HDKey.from_seed(judged).child(0).fingerprint.hex() == expected


def test_one_word_in_two_forms_is_one_wallet_and_another_word_is_another(tmp_path):
    found = {}
    for name, passphrase in {**FORMS, "plain": "cafe"}.items():
        secrets = [("--mnemonic-fd", WORDS), ("--passphrase-fd", PASSPHRASE), ("--mnemonic-passphrase-fd", passphrase)]
        found[name] = json.loads(init(tmp_path / name, secrets).stdout)["fingerprint"]
    assert found["composed"] == found["decomposed"] != found["plain"]


NO_PASSPHRASE = {"latin-1": b"caf\xe9", "cut short": b"caf\xc3", "surrogate": b"\xed\xa0\x80", "overlong": b"\xc0\xaf",
                 "unassigned": "x\u0378".encode(), "long": b"x" * 2_049, "long in its normal form": "\ufdfa".encode() * 200,
                 "endless": b"x" * 30_000}


@pytest.mark.parametrize("name", NO_PASSPHRASE)
def test_a_passphrase_that_cannot_be_hashed_is_refused_by_its_own_name(tmp_path, name):
    passphrase = NO_PASSPHRASE[name]
    secrets = [("--mnemonic-fd", WORDS), ("--passphrase-fd", PASSPHRASE), ("--mnemonic-passphrase-fd", passphrase)]
    run = init(tmp_path / "home", secrets)
    assert run.returncode == 3 and error(run)["name"] == "mnemonic-passphrase-invalid"
    assert b"caf" not in run.stdout + run.stderr and b"xxx" not in run.stdout + run.stderr
    assert not list(tmp_path.iterdir())


def test_the_table_of_the_normal_form_is_what_python_has_for_every_character():
    check = subprocess.run(["python3", REPOSITORY / "scripts/generate-normal-form.py", "--check"], capture_output=True)
    assert check.returncode == 0 and b" 0 wrong" in check.stdout, check


@pytest.mark.parametrize("network", ["test", "testnet4", "signet"])
def test_every_test_network(tmp_path, network):
    policy = tmp_path / "policy.toml"
    policy.write_text(OPEN.read_text().replace('"regtest"', f'"{network}"'))
    run = init(tmp_path / "home", network=network, policy=policy)
    assert run.returncode == 0, run.stderr
    shown = portcullis("wallet", "address", "segwit", "--offline", "--home", tmp_path / "home")
    assert shown["address"] == wallets.script_of("wpkh", 0, 0).address(wallets.NETWORKS["test"])
    assert error(init(tmp_path / "other", policy=policy))["name"] == "policy-invalid"


def test_main_needs_admins_and_somebody_to_see_the_words(tmp_path):
    policy = tmp_path / "main.toml"
    text = OPEN.read_text().replace('"regtest"', '"main"').replace("/1h/", "/0h/")
    policy.write_text(text)
    assert error(init(tmp_path / "home", network="main", policy=policy))["name"] == "policy-invalid"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", tmp_path / "key"], check=True)
    admins = f'[admins]\nthreshold = 1\nkeys = ["{(tmp_path / "key.pub").read_text().strip()}"]\n\n[wallets.segwit]'
    policy.write_text(text.replace("[wallets.segwit]", admins))
    passphrase = [("--passphrase-fd", PASSPHRASE)]
    unseen = init(tmp_path / "home", passphrase, network="main", policy=policy)
    if not os.path.exists("/dev/tty") or unseen.returncode == 2:
        assert unseen.returncode == 2 and "--words-out-fd" in error(unseen)["message"]
    run = init(tmp_path / "restored", network="main", policy=policy)
    assert run.returncode == 0 and not json.loads(run.stdout).get("adminKey")


@pytest.mark.parametrize("line, told", [
    ('network = "moon"', "network"), ('allowance = "5 btc"', "BTC"), ("version = 2", "version"),
    ('surprise = 1', "surprise"), ("[wallets", "line"),
])
def test_a_policy_that_does_not_compile_says_line_and_what_was_expected(tmp_path, line, told):
    key = line.split(" ")[0]
    lines = OPEN.read_text().splitlines()
    place = next((n for n, old in enumerate(lines) if old.startswith(f"{key} =")), None)
    if place is None:
        lines.insert(3, line)
    else:
        lines[place] = line
    policy = tmp_path / "policy.toml"
    policy.write_text("\n".join(lines))
    run = init(tmp_path / "home", policy=policy)
    assert run.returncode == 3 and error(run)["name"] == "policy-invalid"
    assert "line " in error(run)["message"] and told in error(run)["message"], error(run)


EACH = '\n[limits.each]\ndestinations = "payroll"\neach = true\nwindow = "1h"\namount = "1 BTC"\n[destinations.payroll]\naddresses = ["%s"]\n'


@pytest.mark.parametrize("rule", [
    "max_inputs = 3", 'times = ["Mon-Fri 09:00-17:00"]\nzone = "utc"', EACH % wallets.foreign_script().address(NETWORKS["regtest"])])
def test_a_home_for_every_condition(tmp_path, rule):
    policy = tmp_path / "policy.toml"
    policy.write_text(OPEN.read_text() + rule + "\n")
    words = portcullis("policy", "check", policy)["description"]
    assert not any("Not enforced" in line for line in words), words
    assert init(tmp_path / "home", policy=policy).returncode == 0
    assert (tmp_path / "home" / "public" / "bundle.bin").exists()
