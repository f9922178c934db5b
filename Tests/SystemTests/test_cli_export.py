"""Keys and wallets for others: `wallet xpub`, `wallet export` and `bip85`, each held against the program that takes it."""
import json
import os
import shutil
import subprocess
import tempfile
import time
import unicodedata

import bdkpython as bdk
import pytest
from embit import bip32, bip39
from embit.descriptor import Descriptor
from embit.descriptor.checksum import add_checksum
from embit.networks import NETWORKS

import kinds
import wallets
from appliance import BUILD, PASSPHRASE, WORDS, Appliance, Failed, Refused, pipe_with, portcullis

ALL = kinds.kinds()
ROOT, REGTEST = wallets.ROOT, NETWORKS["regtest"]
FINGERPRINT = wallets.FINGERPRINT.hex()


@pytest.fixture(scope="module")
def box(tmp_path_factory):
    """A home with a wallet of each kind, which is never started."""
    source = tmp_path_factory.mktemp("kinds") / "policy.toml"
    source.write_text(kinds.policy(ALL))
    made = Appliance(str(source))
    yield made
    shutil.rmtree(made.home)


def export(box, kind, form, *more):
    return box.run("wallet export", kind.name, "--format", form, *more)["text"]


def address(box, kind, branch, index):
    change = ["--change"] if branch else []
    return box.run("wallet address", kind.name, "--offline", "--index", index, *change)["address"]


def refused_as_usage(box, kind, form):
    run = box.run("wallet export", kind.name, "--format", form, check=False)
    assert run.returncode == 2 and kind.name in json.loads(run.stdout)["error"]["message"], run.stdout


@pytest.mark.parametrize("kind", ALL, ids=[k.name for k in ALL])
def test_descriptors_and_cores_json(box, kind):
    """Checksums by embit; scripts of both branches by embit, and by BDK where it reads the descriptor."""
    whole, receive, change = export(box, kind, "descriptors").splitlines()
    told = json.loads(export(box, kind, "core"))
    assert [one["desc"] for one in told] == [receive, change]
    assert [(one["active"], one["internal"], one["range"], one["timestamp"]) for one in told] == [
        (True, False, [0, 999], "now"), (True, True, [0, 999], "now")]
    late = json.loads(export(box, kind, "core", "--timestamp", 1_700_000_000))
    assert {one["timestamp"] for one in late} == {1_700_000_000}
    for text in (whole, receive, change):
        assert add_checksum(text.split("#")[0]) == text
    for branch, text in enumerate((receive, change)):
        for index in (0, 7):
            script = Descriptor.from_string(text.split("#")[0]).derive(index).script_pubkey()
            assert script.address(REGTEST) == address(box, kind, branch, index)
            assert Descriptor.from_string(whole.split("#")[0]).derive(index, branch_index=branch).script_pubkey() == script
    if "bdk" in kind.by:
        both = bdk.Descriptor(whole, bdk.NetworkKind.TEST).to_single_descriptors()
        wallet = bdk.Wallet(*both, bdk.Network.REGTEST, bdk.Persister.new_in_memory())
        assert str(wallet.peek_address(bdk.KeychainKind.EXTERNAL, 7).address) == address(box, kind, 0, 7)
        assert str(wallet.peek_address(bdk.KeychainKind.INTERNAL, 7).address) == address(box, kind, 1, 7)


@pytest.mark.parametrize("kind", ALL, ids=[k.name for k in ALL])
def test_bip129(box, kind):
    if "<2;3>" in kind.form:
        return refused_as_usage(box, kind, "bip129")
    lines = export(box, kind, "bip129").splitlines()
    assert lines[0] == "BSMS 1.0" and lines[2] == "/0/*,/1/*" and len(lines) == 4
    assert lines[3] == address(box, kind, 0, 0)
    # A reader puts each branch in the place of /**.
    for branch, restriction in enumerate(lines[2].split(",")):
        script = Descriptor.from_string(lines[1].replace("/**", restriction)).derive(3).script_pubkey()
        assert script.address(REGTEST) == address(box, kind, branch, 3)


ELECTRUM = {0: "standard", 1: "standard", 2: "standard", 5: "2of3", 7: "2of3", 9: "3of5"}


@pytest.mark.skipif(wallets.ELECTRUM is None, reason="no electrum (apt install electrum)")
@pytest.mark.parametrize("number", ELECTRUM)
def test_electrum_opens_the_file_and_shows_our_addresses(box, number):
    kind = ALL[number]
    directory = tempfile.mkdtemp(prefix="electrum-")
    try:
        wallet = os.path.join(directory, "watch")
        box.run("wallet export", kind.name, "--format", "electrum", "-o", wallet)
        assert json.load(open(wallet))["wallet_type"] == ELECTRUM[number]
        for branch, flag in enumerate(("--receiving", "--change")):
            shown = json.loads(wallets.electrum(directory, "listaddresses", flag, "-w", wallet))
            assert shown[:3] == [address(box, kind, branch, index) for index in range(3)]
        keys = json.load(open(wallet))
        stores = [keys["keystore"]] if "keystore" in keys else [keys[f"x{n}/"] for n in range(1, int(ELECTRUM[number][3]) + 1)]
        own = [store for store in stores if store["root_fingerprint"] == FINGERPRINT]
        assert [store["derivation"] for store in own] == ["m/" + kind.path]
    finally:
        shutil.rmtree(directory, ignore_errors=True)


@pytest.mark.parametrize("kind", ALL, ids=[k.name for k in ALL])
def test_what_a_program_cannot_take_is_said(box, kind):
    simple = ELECTRUM.get(ALL.index(kind))
    if not simple:
        refused_as_usage(box, kind, "electrum")
    if not simple or simple == "standard":
        refused_as_usage(box, kind, "coldcard")
    if not simple and ALL.index(kind) != 3:
        refused_as_usage(box, kind, "specter")


@pytest.mark.parametrize("number", [5, 7, 9])
def test_coldcards_file(box, number):
    kind = ALL[number]
    text = export(box, kind, "coldcard")
    pairs = [line.split(": ", 1) for line in text.splitlines() if ": " in line and not line.startswith("#")]
    facts = {name: value for name, value in pairs if len(name) != 8}
    assert facts["Format"] == {5: "P2SH", 7: "P2WSH", 9: "P2SH-P2WSH"}[number]
    count, total = facts["Policy"].split(" of ")
    keys = [(name.lower(), value) for name, value in pairs if len(name) == 8]
    paths = [value for name, value in pairs if name == "Derivation"]
    assert len(keys) == len(paths) == int(total)
    inner = ",".join(f"[{fp}/{path[2:]}]{xpub}/0/*" for (fp, xpub), path in zip(keys, paths))
    wrap = {5: "sh({})", 7: "wsh({})", 9: "sh(wsh({}))"}[number].format(f"sortedmulti({count},{inner})")
    assert Descriptor.from_string(wrap).derive(2).script_pubkey().address(REGTEST) == address(box, kind, 0, 2)


@pytest.mark.parametrize("number", [2, 3, 7, 20])
def test_sparrow_and_specter(box, number):
    kind = ALL[number]
    whole, receive, change = export(box, kind, "descriptors").splitlines()
    paragraphs = [part.splitlines() for part in export(box, kind, "sparrow").strip().split("\n\n")]
    assert [p[1] for p in paragraphs] == [whole, receive, change] and all(p[0][0] == "#" for p in paragraphs)
    if number != 20:
        told = json.loads(export(box, kind, "specter"))
        assert (told["label"], told["descriptor"], told["blockheight"]) == (kind.name, receive, 0)
        assert len(told["devices"]) == kind.form.count("/<0;1>/*")


def expected(path, root=ROOT, network="regtest"):
    key = root.derive("m/" + path).to_public().to_base58(NETWORKS[network]["xpub"])
    return f"[{root.child(0).fingerprint.hex()}/{path}]{key}"


def test_xpub_of_a_registered_key_and_below_it_needs_no_passphrase(box):
    for path in (ALL[2].path, ALL[7].path, ALL[7].path + "/0", ALL[7].path + "/1/5"):
        told = box.run("wallet xpub", path)
        assert told["key"] == expected(path) and told["path"] == "m/" + path
        assert told["key"] == f"[{told['fingerprint']}/{path}]{told['xpub']}"
    assert box.run("wallet xpub", "m/" + ALL[2].path.replace("h", "'"))["key"] == expected(ALL[2].path)
    plain = subprocess.run([BUILD / "portcullis", "wallet", "xpub", ALL[2].path, "--home", box.home], capture_output=True)
    assert plain.stdout.decode() == expected(ALL[2].path) + "\n"


def test_xpub_of_any_other_path_needs_the_passphrase(box):
    run = subprocess.run([BUILD / "portcullis", "wallet", "xpub", "48h/1h/77h/2h", "--home", box.home], capture_output=True,
                         start_new_session=True, stdin=subprocess.DEVNULL)
    assert run.returncode == 2 and b"--passphrase-fd" in run.stderr and not run.stdout
    for path in ("48h/1h/77h/2h", "45h", "86h/1h/3h/0/9", "1h/2h/3h/4h/5h/6h/7h/2147483647"):
        told = box.run("wallet xpub", path, secrets=[("--passphrase-fd", PASSPHRASE)])
        assert told["key"] == expected(path)
    with pytest.raises(Refused) as caught:
        box.run("wallet xpub", "48h/1h/77h/2h", secrets=[("--passphrase-fd", "wrong")])
    assert caught.value.name == "wrong-passphrase"
    keystore = box.home / "signer/keystore"
    good = keystore.read_bytes()
    try:
        keystore.write_bytes(good[:-1])
        with pytest.raises(Failed):
            box.run("wallet xpub", "48h/1h/77h/2h", secrets=[("--passphrase-fd", PASSPHRASE)])
    finally:
        keystore.write_bytes(good)


def words_xpub(path, network="regtest", words=WORDS, more=(), **options):
    return portcullis("wallet", "xpub", path, "--network", network, secrets=[("--mnemonic-fd", words), *more],
                      env={"HOME": "/nonexistent", "PATH": "/usr/bin:/bin"}, **options)


def test_xpub_from_words_before_there_is_any_home():
    """The usual multisig: cosigners need the key before there is a policy that a home could be made for."""
    assert words_xpub("48h/1h/0h/2h")["key"] == expected("48h/1h/0h/2h")
    assert words_xpub("48h/0h/0h/2h", "main")["key"] == expected("48h/0h/0h/2h", network="main")
    typed = "  ".join(WORDS.upper().split()) + "\n"
    assert words_xpub("48h/1h/0h/2h", words=typed)["key"] == expected("48h/1h/0h/2h")
    other = bip32.HDKey.from_seed(bip39.mnemonic_to_seed(WORDS, unicodedata.normalize("NFKD", "pass é")))
    told = words_xpub("84h/1h/0h", more=[("--mnemonic-passphrase-fd", "pass é")])
    assert told["key"] == expected("84h/1h/0h", other)
    with pytest.raises(Refused) as caught:
        words_xpub("84h/1h/0h", words=WORDS.replace("about", "abandon"))
    assert caught.value.name == "mnemonic-invalid"


def test_what_xpub_prints_goes_into_a_policy_that_the_seed_makes_a_home_of(tmp_path):
    cosigner = kinds.Kind("wsh(sortedmulti(2,S/<0;1>/*,B/<0;1>/*))").register(0)
    ours = words_xpub("48h/1h/0h/2h")
    text = f"wsh(sortedmulti(2,{ours['key']}/<0;1>/*,{cosigner.key('B')}/<0;1>/*))"
    made = portcullis("policy", "starter", "--network", "regtest", "--wallet", f"vault={text}", "--fingerprint",
                      ours["fingerprint"])
    path = tmp_path / "policy.toml"
    path.write_text(made["policy"])
    box = Appliance(str(path))
    try:
        assert box.run("wallet xpub", "48h/1h/0h/2h")["key"] == ours["key"]
    finally:
        shutil.rmtree(box.home)


@pytest.mark.parametrize("path", ["", "m", "84", "0/1h", "84h/0/1h", "84h//0h", "84x", "2147483648h", "084h",
                                  "1h/1h/1h/1h/1h/1h/1h/1h/1h"])
def test_what_is_no_path(box, path):
    run = box.run("wallet xpub", path, check=False, secrets=[("--passphrase-fd", PASSPHRASE)])
    assert run.returncode == 2, run.stdout


def child(box, *arguments, secrets=None):
    read, write = os.pipe()
    try:
        command = [BUILD / "portcullis", "bip85", *map(str, arguments), "--out-fd", str(write), "--home", box.home, "--json"]
        given = pipe_with(PASSPHRASE)
        run = subprocess.run([*command, "--passphrase-fd", str(given)], pass_fds=[write, given], capture_output=True,
                             start_new_session=True)
    finally:
        os.close(write)
    told = os.read(read, 4096).decode()
    os.close(read)
    return run, told


def entropy(path, root=ROOT):
    import hashlib
    import hmac
    return hmac.new(b"bip-entropy-from-k", root.derive(path).key.serialize(), hashlib.sha512).digest()


@pytest.mark.parametrize("words", [12, 18, 24])
@pytest.mark.parametrize("index", [0, 1, 999_999_999])
def test_bip85_words(box, words, index):
    """Against the definition, by embit's keys; the vectors of the BIP are in the signer's own tests."""
    run, told = child(box, "words", "--words", words, "--index", index)
    path = f"m/83696968h/39h/0h/{words}h/{index}h"
    assert run.returncode == 0 and told == bip39.mnemonic_from_bytes(entropy(path)[:words * 4 // 3]) + "\n"
    assert json.loads(run.stdout) == {"path": path}
    assert not any(word.encode() in run.stdout + run.stderr for word in [" ".join(told.split()[:3])])


@pytest.mark.parametrize("count", [16, 32, 64])
def test_bip85_hex(box, count):
    run, told = child(box, "hex", "--bytes", count, "--index", 3)
    assert run.returncode == 0 and told == entropy(f"m/83696968h/128169h/{count}h/3h")[:count].hex() + "\n"
    assert told.strip().encode() not in run.stdout + run.stderr


def test_bip85_has_somewhere_to_go_and_bounds(box):
    def status(*arguments):
        run = subprocess.run([BUILD / "portcullis", "bip85", *arguments, "--home", box.home], capture_output=True,
                             start_new_session=True, stdin=subprocess.DEVNULL)
        return run.returncode, run.stderr.decode()

    assert status("words") == (2, "portcullis: nobody would see the child: use a terminal or --out-fd N\n")
    for wrong in (["words", "--words", "15"], ["hex", "--bytes", "15"], ["hex", "--bytes", "65"], ["words", "--out-fd", "77"]):
        assert status(*wrong)[0] == 2, wrong


def test_the_offline_signer_takes_nothing_else():
    """Its own argument check, below the command line's."""
    for wrong in (["offline"], ["offline", "keystore"], ["offline", "keystore", "xpub"], ["offline", "mnemonic", "xpub", "84"],
                  ["offline", "mnemonic", "xpub", "84h", "0", "1h"], ["offline", "mnemonic", "xpub", "84hh"],
                  ["offline", "mnemonic", "xpub", *["1h"] * 9], ["offline", "mnemonic", "words", "13", "0"],
                  ["offline", "mnemonic", "hex", "65", "0"], ["offline", "mnemonic", "xpub", "2147483648"]):
        run = subprocess.run([BUILD / "portcullis-signer", *wrong], capture_output=True, stdin=subprocess.DEVNULL)
        assert run.returncode == 2 and b"usage" in run.stderr and not run.stdout, wrong


def test_the_offline_signer_is_confined_before_it_reads_a_word(tmp_path):
    """While it waits for the mnemonic: a filter, no privileges to gain, no capabilities, no core, nothing that swaps."""
    fifo = tmp_path / "words"
    os.mkfifo(fifo)
    # The descriptors that the command line sets up; the FIFO is opened for both, so that nobody waits in open().
    script = (f"ulimit -l unlimited; exec '{BUILD / 'portcullis-signer'}' offline mnemonic xpub 84h 3</dev/null 4<>/dev/null "
              f"5<>/dev/null 6</dev/null 7<>'{fifo}' 8</dev/null 9>/dev/null")
    signer = subprocess.Popen(["bash", "-c", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        deadline = time.monotonic() + 20
        while True:
            status = dict(line.split(":\t", 1) for line in open(f"/proc/{signer.pid}/status").read().splitlines() if ":\t" in line)
            if status.get("Seccomp") == "2" or time.monotonic() > deadline:
                break
            assert signer.poll() is None, signer.stderr.read()
            time.sleep(0.02)
        assert (status["Seccomp"], status["NoNewPrivs"], int(status["CapEff"], 16)) == ("2", "1", 0)
        assert int(status["VmLck"].split()[0]) > 0
        limits = open(f"/proc/{signer.pid}/limits").read()
        assert [line.split()[4:6] for line in limits.splitlines() if line.startswith("Max core file size")] == [["0", "0"]]
    finally:
        signer.kill()
        signer.wait()
