"""Old copies put back and damaged files: refused with a name, and only recover leads on."""
import json
import os
import shutil

import pytest

import wallets
from appliance import PASSPHRASE, Appliance, Failed, Refused


def pay(index=0):
    return wallets.embit_psbt([wallets.Coin("tr", 20_000, index=index)], [(wallets.foreign_script(), 19_000)])


@pytest.fixture()
def stopped():
    """A stopped appliance that has signed six times, with a copy of its home after the third."""
    running = Appliance("regtest-open", memory_mib=8, passes=1).start()
    old = running.home.with_name(running.home.name + "-old")
    try:
        for number in range(3):
            running.sign(pay(number))
        running.stop()
        shutil.copytree(running.home, old, copy_function=shutil.copy2, ignore=shutil.ignore_patterns("*.sock"))
        running.start()
        for number in range(3):
            running.sign(pay(number))
        running.stop()
        yield running, old
    finally:
        running.stop()
        shutil.rmtree(running.home, ignore_errors=True)
        shutil.rmtree(old, ignore_errors=True)


def put_back(home, old, name):
    """Replaces the bytes of a file or folder, keeping owner and mode."""
    source, target = old / name, home / name
    if source.is_dir():
        for path in [p for p in target.rglob("*") if p.is_file()]:
            other = source / path.relative_to(target)
            if other.exists():
                path.write_bytes(other.read_bytes())
            else:
                path.unlink()
        owner = target.stat()
        for other in [p for p in source.rglob("*") if p.is_file()]:
            path = target / other.relative_to(source)
            if not path.exists():
                for folder in reversed([f for f in path.parents if target in f.parents and not f.exists()]):
                    folder.mkdir()
                    os.chown(folder, owner.st_uid, owner.st_gid)
                path.write_bytes(other.read_bytes())
                os.chown(path, owner.st_uid, owner.st_gid)
    else:
        target.write_bytes(source.read_bytes())


def must_not_serve(running, word):
    with pytest.raises((Failed, Refused)) as caught:
        running.start(timeout=20)
        running.sign(pay())
    text = str(caught.value) + "".join(running.log)
    assert word in text, text[-2000:]
    running.stop()


def test_an_old_log_is_refused(stopped):
    running, old = stopped
    put_back(running.home, old, "gate")
    must_not_serve(running, "log-behind-signer")


def test_an_old_state_record_is_refused(stopped):
    running, old = stopped
    put_back(running.home, old, "signer/state")
    must_not_serve(running, "state-rolled-back")


def test_a_missing_state_record_is_no_fresh_start(stopped):
    running, _ = stopped
    path = running.home / "signer" / "state"
    path.write_bytes(bytes(8_192))
    must_not_serve(running, "state-missing")


def test_damage_in_the_middle_of_the_journal_is_refused(stopped):
    running, _ = stopped
    journal = running.logs()[0] / "journal"
    data = bytearray(journal.read_bytes())
    data[700] ^= 1
    journal.write_bytes(bytes(data))
    must_not_serve(running, "damage")


def test_a_missing_journal_is_refused(stopped):
    running, _ = stopped
    (running.logs()[0] / "journal").unlink()
    must_not_serve(running, "log-behind-signer")


def test_another_bundle_is_refused(stopped):
    running, _ = stopped
    bundle = running.home / "public" / "bundle.bin"
    data = bytearray(bundle.read_bytes())
    place = data.find(b"everyday")
    assert place > 0 or len(data) > 100
    data[-1] ^= 1
    bundle.write_bytes(bytes(data))
    must_not_serve(running, "bundle")


def test_recover_starts_a_new_log_with_every_window_spent(stopped):
    running, old = stopped
    put_back(running.home, old, "gate")
    must_not_serve(running, "log-behind-signer")
    running.start(unlock=False)
    running.run("recover", secrets=[("--passphrase-fd", PASSPHRASE)], timeout=60)
    status = running.wait_for("ready")
    assert status["log"]["number"] == 1
    with pytest.raises(Refused) as caught:
        running.sign(pay())
    assert caught.value.name == "limit-exceeded"
    running.stop()
    entries = running.run("audit show")["entries"]
    assert any(e["log"] == 1 and e["kind"] == "event" and e.get("event") == "recover" for e in entries)
    json.dumps(entries)


def test_two_appliances_on_one_home_cannot_run(stopped):
    running, _ = stopped
    running.start()
    import subprocess

    from appliance import BUILD
    second = subprocess.run([BUILD / "portcullis", "up", "--home", running.home], capture_output=True, timeout=30)
    assert second.returncode != 0
    running.sign(pay(9))
