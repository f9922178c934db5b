"""The log and the receipts of a running appliance, verified by programs that nobody here wrote the mathematics of: Go's sumdb
libraries and Python. Each accepts the whole and refuses one flipped byte anywhere."""
import importlib.util
import os
import pathlib
import random
import shutil
import subprocess
import sys

import pytest

import wallets
from appliance import REPOSITORY, Appliance, Refused, portcullis
from conftest import figure

JUDGES = REPOSITORY / "Tests" / "Judges"
GOPATH = pathlib.Path("/usr/share/gocode")


@pytest.fixture(scope="session")
def go_judge(tmp_path_factory):
    if not shutil.which("go") or not (GOPATH / "src/golang.org/x/mod").exists():
        pytest.skip("no Go with x/mod (apt install golang-go golang-golang-x-mod-dev)")
    out = tmp_path_factory.mktemp("judge") / "sumdbverify"
    subprocess.run(["go", "build", "-o", out, "."], cwd=JUDGES / "sumdbverify", check=True,
                   env={**os.environ, "GO111MODULE": "off", "GOPATH": str(GOPATH), "GOCACHE": str(out.parent / "cache")})
    return [str(out)]


@pytest.fixture(scope="session")
def python_judge():
    pytest.importorskip("pymerkle")
    return [sys.executable, str(JUDGES / "log_verify.py")]


@pytest.fixture(params=["go_judge", "python_judge"])
def judge(request):
    command = request.getfixturevalue(request.param)

    def accepts(mode, path, key):
        run = subprocess.run([*command, mode, str(path), key], capture_output=True, text=True, timeout=120)
        assert run.returncode in (0, 1), run.stderr
        return run.returncode == 0

    return accepts


@pytest.fixture(scope="module")
def logged(tmp_path_factory):
    """The published log, the key and receipts of an appliance that signed, refused and restarted."""
    folder = tmp_path_factory.mktemp("logged")
    with Appliance("regtest-open", memory_mib=8, passes=1) as running:
        receipts = []
        for number in range(140):
            kind = ("wpkh", "tr")[number % 2]
            made = wallets.embit_psbt([wallets.Coin(kind, 20_000, index=number)], [(wallets.foreign_script(), 19_000)])
            receipts.append(running.sign(made)["receipt"])
        with pytest.raises(Refused):
            running.sign(wallets.embit_psbt([wallets.Coin("tr", 300_000_000)], [(wallets.foreign_script(), 200_000_000)]))
        running.stop()
        running.start()
        receipts.append(running.sign(
            wallets.embit_psbt([wallets.Coin("tr", 20_000)], [(wallets.foreign_script(), 19_000)]))["receipt"])
        running.stop()
        shutil.copytree(running.logs()[0], folder / "log")
        key = (running.home / "public" / "log.vkey").read_text().strip()
        verified = running.run("audit verify")
        shown = running.run("audit show")["entries"]
        for number, text in enumerate(receipts):
            (folder / f"{number}.receipt").write_text(text)
        yield folder, key, verified, shown, len(receipts)


def test_the_whole_log_is_accepted(judge, logged):
    folder, key, verified, shown, _ = logged
    assert judge("log", folder / "log", key)
    assert verified["ok"] and verified["logs"][0]["size"] == len(shown) >= 282


def test_one_flipped_byte_anywhere_is_refused(judge, logged, tmp_path):
    folder, key, *_ = logged
    copy = tmp_path / "log"
    shutil.copytree(folder / "log", copy)
    files = [p for p in copy.rglob("*") if p.is_file() and p.name != "journal"]
    newest = [p for p in files if p.name == "checkpoint" or "tile" in str(p)]
    bits = random.Random(5)
    refused = 0
    size = int((copy / "checkpoint").read_text().splitlines()[1])
    for path in live_files(copy, size):
        assert path in newest
        original = path.read_bytes()
        for _ in range(6):
            spoiled = bytearray(original)
            spoiled[bits.randrange(len(spoiled))] ^= 1 << bits.randrange(8)
            path.write_bytes(bytes(spoiled))
            assert not judge("log", copy, key), path
            refused += 1
        path.write_bytes(original)
    assert refused >= 24
    assert judge("log", copy, key), "control: the restored copy is good"


def live_files(log, size):
    """The files that a tree of this size consists of: later partial tiles only."""
    names = ["checkpoint"]
    for level in ("0", "entries"):
        names += [f"tile/{level}/{n:03}" for n in range(size // 256)]
        if size % 256:
            names.append(f"tile/{level}/{size // 256:03}.p/{size % 256}")
    return [log / name for name in names]


def test_receipts_verify_offline_without_a_home(judge, logged):
    folder, key, _, _, count = logged
    for number in random.Random(3).sample(range(count), 12):
        path = folder / f"{number}.receipt"
        assert judge("receipt", path, key)
        assert portcullis("audit", "receipt", path, "--vkey", key)["ok"]
        assert portcullis("audit", "receipt", path)["ok"]


def test_a_receipt_with_one_byte_changed_is_refused(judge, logged, tmp_path):
    folder, key, *_ = logged
    original = (folder / "7.receipt").read_bytes()
    bits = random.Random(11)
    for _ in range(25):
        spoiled = bytearray(original)
        spoiled[bits.randrange(len(spoiled))] ^= 1
        path = tmp_path / "spoiled"
        path.write_bytes(bytes(spoiled))
        assert not judge("receipt", path, key)
        run = portcullis("audit", "receipt", path, "--vkey", key, check=False)
        assert run.returncode in (1, 3)


def test_our_own_verifier_finds_a_flipped_byte_too(logged, tmp_path):
    """The home's own copy, spoiled in one entry."""
    with Appliance("regtest-open", memory_mib=8, passes=1) as running:
        for number in range(3):
            running.sign(wallets.embit_psbt([wallets.Coin("tr", 20_000, index=number)], [(wallets.foreign_script(), 19_000)]))
        running.stop()
        assert running.run("audit verify")["ok"]
        log = running.logs()[0]
        size = int((log / "checkpoint").read_text().splitlines()[1])
        path = live_files(log, size)[-1]
        data = bytearray(path.read_bytes())
        data[len(data) // 2] ^= 4
        path.write_bytes(bytes(data))
        run = running.run("audit verify", check=False)
        assert run.returncode in (1, 3) and b"ok\": true" not in run.stdout


VECTORS = pathlib.Path(os.environ.get("PORTCULLIS_VECTORS", REPOSITORY.parent / "shared" / "vectors"))


def test_the_judges_themselves_are_judged(go_judge):
    """On logs made by others: each judge accepts the golden and Tessera's logs and refuses changed bytes of them."""
    pytest.importorskip("pymerkle")
    if not (VECTORS / "transparency/golden/tlog-golden.json").exists():
        pytest.skip("no shared test vectors (PORTCULLIS_VECTORS)")
    run = subprocess.run([sys.executable, JUDGES / "check.py", VECTORS, go_judge[0], "10"], capture_output=True, text=True,
                         timeout=300)
    assert run.returncode == 0, run.stdout + run.stderr
    figure("judges: " + run.stdout.strip())


@pytest.fixture()
def quick_judge(request, judge):
    """The same judge for thousands of questions: the Python one is called without a new process for each."""
    if request.node.callspec.params["judge"] == "go_judge":
        return judge
    spec = importlib.util.spec_from_file_location("log_verify", JUDGES / "log_verify.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)

    def accepts(mode, path, key):
        try:
            {"log": module.verify_log, "receipt": module.verify_receipt}[mode](str(path), module.Key(key))
        except (module.Refused, OSError, ValueError):
            return False
        return True

    return accepts


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """The published log of an appliance that signed twice, its key and a receipt."""
    folder = tmp_path_factory.mktemp("small")
    with Appliance("regtest-open", memory_mib=8, passes=1) as running:
        for number in range(2):
            made = wallets.embit_psbt([wallets.Coin("tr", 20_000, index=number)], [(wallets.foreign_script(), 19_000)])
            receipt = running.sign(made)["receipt"]
        running.stop()
        shutil.copytree(running.logs()[0], folder / "log", ignore=shutil.ignore_patterns("journal"))
        (folder / "receipt").write_text(receipt)
        return folder, (running.home / "public" / "log.vkey").read_text().strip()


def spoilt(original, place, chance):
    """The byte at a place, changed: its lowest bit, any bits, and in a text the bit that turns letters."""
    for mask in {1, chance.randrange(1, 256), 0x20 if original.isascii() else 1}:
        data = bytearray(original)
        data[place] ^= mask
        yield bytes(data)


def test_every_single_byte_counts(quick_judge, small, tmp_path, request):
    """Every byte of every published file and of a receipt, each changed in two or three ways: refused each time."""
    folder, key = small
    shutil.copytree(folder / "log", tmp_path / "log")
    shutil.copy(folder / "receipt", tmp_path / "receipt")
    chance, tried = random.Random(8), 0
    files = [("log", tmp_path / "log", p) for p in sorted((tmp_path / "log").rglob("*")) if p.is_file()]
    assert {p.name for _, _, p in files} >= {"checkpoint"} and len(files) >= 3
    for mode, shown, path in [*files, ("receipt", tmp_path / "receipt", tmp_path / "receipt")]:
        original = path.read_bytes()
        for place in range(len(original)):
            for data in spoilt(original, place, chance):
                path.write_bytes(data)
                assert not quick_judge(mode, shown, key), f"byte {place} of {path.name}"
                tried += 1
        path.write_bytes(original)
        assert quick_judge(mode, shown, key), "control: the restored copy is good"
    assert tried > 3_000
    figure(f"log: {tried} changes of single bytes in {len(files)} files and a receipt, each refused by "
           f"{request.node.callspec.params['judge']}")
