"""`audit`: any damage to what is published or to the journal is found, and receipts need no home."""
import hashlib
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import threading
import time

import pytest

import wallets
from appliance import BUILD, Appliance


@pytest.fixture(scope="module")
def stopped(tmp_path_factory):
    """A home with a few payments in its log, not running, and two receipts of it."""
    with Appliance("regtest-open").start() as running:
        receipts = []
        for kind in ("wpkh", "tr"):
            made = wallets.embit_psbt([wallets.Coin(kind, 50_000)], [(wallets.foreign_script(), 40_000)])
            receipts.append(running.sign(made)["receipt"])
            time.sleep(1.2)  # a publication of its own for each
        running.stop()
        yield running, receipts


@pytest.fixture
def copy(stopped, tmp_path):
    shutil.copytree(stopped[0].home, tmp_path / "home", symlinks=True)
    return tmp_path / "home"


def verify(home):
    run = subprocess.run([str(BUILD / "portcullis"), "audit", "verify", "--home", home, "--json"], capture_output=True)
    return run.returncode, json.loads(run.stdout)


def published(home):
    return sorted(p for p in (home / "gate/log-0").rglob("*") if p.is_file() and p.name != "journal")


def test_the_good_log_is_good_and_anybody_may_read_it(stopped):
    home = stopped[0].home
    status, document = verify(home)
    assert status == 0 and document["logs"][0]["journal"] >= document["logs"][0]["size"] > 4
    for path in [home / "gate/log-0", *(home / "gate/log-0").rglob("*")]:
        assert path.stat().st_mode & 0o444 == 0o444, path
    for path in [*(home / "signer").iterdir(), *(home / "admin").iterdir()]:
        assert path.stat().st_mode & 0o077 == 0, path


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
def test_another_user_can_verify_it(stopped):
    command = ["setpriv", "--reuid", "12345", "--regid", "12345", "--clear-groups", str(BUILD / "portcullis"), "audit",
               "verify", "--home", str(stopped[0].home)]
    run = subprocess.run(command, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr


def test_every_damage_to_a_published_file_is_found(copy):
    files = published(copy)
    assert len(files) > 4
    for path in files:
        good = path.read_bytes()
        middle = len(good) // 2
        damages = {"flip": good[:middle] + bytes([good[middle] ^ 1]) + good[middle + 1:], "cut": good[:-1],
                   "more": good + b"x", "empty": b""}
        for name, bad in damages.items():
            path.write_bytes(bad)
            status, document = verify(copy)
            assert status == 3 and document["error"]["name"] == "log-invalid", (path, name)
        path.write_bytes(good)
    assert verify(copy)[0] == 0


def test_a_missing_file_is_found(copy):
    widest = max(int(p.name) for p in published(copy) if p.parent.name == "000.p")
    for name in ("checkpoint", f"tile/0/000.p/{widest}", f"tile/entries/000.p/{widest}", "journal"):
        path = copy / "gate/log-0" / name
        good = path.read_bytes()
        path.unlink()
        assert verify(copy)[0] in (1, 3), name
        path.write_bytes(good)
    assert verify(copy)[0] == 0


def test_a_flipped_byte_of_the_journal_is_found(copy):
    path = copy / "gate/log-0/journal"
    good = path.read_bytes()
    written = [n for n, byte in enumerate(good[:2_000]) if byte]
    for place in written[:len(written) // 2:40]:
        path.write_bytes(good[:place] + bytes([good[place] ^ 1]) + good[place + 1:])
        status, document = verify(copy)
        assert status == 3 and "journal" in document["error"]["message"], place


def test_a_flipped_byte_between_two_batches_of_the_journal_is_found(copy):
    """No digest covers it, but the gate would not start on such a journal."""
    path = copy / "gate/log-0/journal"
    good = path.read_bytes()
    places = [n for n in range(0, 8_192, 512) if good[n:n + 8] == b"PCBATCH1"]
    ends = [n + 56 + int.from_bytes(good[n + 8:n + 12], "little") + 32 for n in places]
    gaps = [place for end, start in zip(ends, places[1:]) for place in (end, start - 1) if end < start]
    assert len(gaps) > 4
    for place in gaps:
        path.write_bytes(good[:place] + b"\x20" + good[place + 1:])
        status, document = verify(copy)
        assert status == 3 and "journal" in document["error"]["message"], place
    path.write_bytes(good)
    assert verify(copy)[0] == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
def test_entries_and_tiles_that_were_changed_alike_do_not_give_the_signed_root(stopped):
    """Whoever rewrites both, where nobody holds the journal against them, is left with the checkpoint."""
    home = pathlib.Path(tempfile.mkdtemp(prefix="portcullis-test-"))
    shutil.rmtree(home)
    shutil.copytree(stopped[0].home, home, symlinks=True)
    try:
        home.chmod(0o755)
        log = home / "gate/log-0"
        (log / "journal").chmod(0)
        size = (log / "checkpoint").read_text().split("\n")[1]
        command = ["setpriv", "--reuid", "12345", "--regid", "12345", "--clear-groups", str(BUILD / "portcullis"),
                   "audit", "verify", "--home", str(home), "--json"]
        run = subprocess.run(command, capture_output=True)
        assert run.returncode == 0 and "journal" not in json.loads(run.stdout)["logs"][0]
        for folder in ("tile/entries/000.p", "tile/0/000.p"):
            for path in [p for p in (log / folder).iterdir() if p.name != size]:
                path.unlink()
        entries, tile = log / f"tile/entries/000.p/{size}", log / f"tile/0/000.p/{size}"
        bundle = bytearray(entries.read_bytes())
        bundle[4] ^= 1  # the salt of the first leaf, after its length, kind and version
        entries.write_bytes(bundle)
        leaf = bytes(bundle[2:2 + int.from_bytes(bundle[:2], "big")])
        tile.write_bytes(hashlib.sha256(b"\0" + leaf).digest() + tile.read_bytes()[32:])
        run = subprocess.run(command, capture_output=True)
        error = json.loads(run.stdout)["error"]
        assert run.returncode == 3 and error["name"] == "log-invalid" and "root" in error["message"]
    finally:
        shutil.rmtree(home)


def test_the_full_form_stands_for_a_partial_one_that_is_gone(copy):
    """The gate removes partial tiles once the full one is there; a crash may leave the checkpoint of before."""
    log = copy / "gate/log-0"
    size = int((log / "checkpoint").read_text().split("\n")[1])
    assert size < 256
    entries = (log / f"tile/entries/000.p/{size}").read_bytes() + b"\0\1x" * (256 - size)
    hashes = (log / f"tile/0/000.p/{size}").read_bytes() + bytes(32) * (256 - size)
    for folder in ("tile/entries", "tile/0"):
        shutil.rmtree(log / folder / "000.p")
    (log / "tile/entries/000").write_bytes(entries)
    (log / "tile/0/000").write_bytes(hashes)
    assert verify(copy)[0] == 0
    for name, good in (("tile/entries/000", entries), ("tile/0/000", hashes)):
        (log / name).write_bytes(good[:5] + bytes([good[5] ^ 1]) + good[6:])
        assert verify(copy)[0] == 3, name
        (log / name).write_bytes(good)


def test_a_log_that_grows_is_never_called_damaged():
    """Past 256 entries, and over a restart, with readers all the while."""
    found, stop = [], threading.Event()

    def read(home):
        while not stop.is_set():
            found.append(verify(home))

    with Appliance("regtest-open").start() as running:
        reader = threading.Thread(target=read, args=(running.home,))
        reader.start()
        try:
            for number in range(140):
                made = wallets.embit_psbt([wallets.Coin("tr", 50_000, index=number)], [(wallets.foreign_script(), 40_000)])
                running.sign(made)
                if number % 35 == 34:
                    running.stop()
                    running.start()
        finally:
            stop.set()
            reader.join()
        assert int((running.home / "gate/log-0/checkpoint").read_text().split("\n")[1]) > 256
    bad = [document["error"]["message"] for status, document in found if status]
    # Before its first checkpoint a log is none yet.
    assert len(found) > 20 and not [words for words in bad if "no checkpoint yet" not in words], set(bad)


def receipt(path, *arguments):
    environment = {k: v for k, v in os.environ.items() if k not in ("HOME", "PORTCULLIS_HOME")}
    command = [str(BUILD / "portcullis"), "audit", "receipt", path, *arguments, "--json"]
    run = subprocess.run(command, capture_output=True, env=environment, cwd="/")
    return run.returncode, json.loads(run.stdout)


def test_a_receipt_needs_no_home_and_takes_no_other_key(stopped, tmp_path):
    home, receipts = stopped[0].home, stopped[1]
    path = tmp_path / "receipt"
    path.write_text(receipts[0])
    key = (home / "public/log.vkey").read_text().strip()
    assert receipt(path)[0] == 0
    status, document = receipt(path, "--vkey", key)
    assert status == 0 and document["keyGiven"] and document["leaf"]["verdict"] == "allow"
    with Appliance("regtest-open").start(unlock=False) as other:
        strange = (other.home / "public/log.vkey").read_text().strip()
    status, document = receipt(path, "--vkey", strange)
    assert status == 3 and document["error"]["name"] == "receipt-invalid"
    for bad in ("", "x", key[:-4], key + "A"):
        assert receipt(path, "--vkey", bad)[0] in (2, 3), bad
    assert receipt(tmp_path / "nothing")[0] == 1


def test_every_changed_byte_of_a_receipt_is_found(stopped, tmp_path):
    key = (stopped[0].home / "public/log.vkey").read_text().strip()
    good = stopped[1][0].encode()
    path = tmp_path / "receipt"
    for place in range(0, len(good), 7):
        path.write_bytes(good[:place] + bytes([good[place] ^ 1]) + good[place + 1:])
        assert receipt(path, "--vkey", key)[0] == 3, place
    for bad in (b"", good[:100], good[:-1], good + b"x", good + good):
        path.write_bytes(bad)
        assert receipt(path, "--vkey", key)[0] == 3
