"""`up` and what steers it: signals, leftovers, two at once, wrong secrets, and the words of every state."""
import json
import os
import pathlib
import pty
import select
import signal
import subprocess
import time

import pytest

import wallets
from appliance import BUILD, PASSPHRASE, REPOSITORY, Appliance, pipe_with, portcullis


def raw(*arguments, secrets=(), **options):
    command = [str(BUILD / "portcullis"), *map(str, arguments)]
    descriptors = []
    for option, text in secrets:
        descriptors.append(pipe_with(text))
        command += [option, str(descriptors[-1])]
    try:
        return subprocess.run(command, pass_fds=descriptors, capture_output=True, timeout=90, **options)
    finally:
        for descriptor in descriptors:
            os.close(descriptor)


def gone(pid):
    """Not there any more, or only as what its parent has not collected."""
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] in "ZX"
    except FileNotFoundError:
        return True


@pytest.fixture
def home():
    it = Appliance("regtest-open")
    yield it
    it.__exit__()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT, signal.SIGKILL])
def test_no_signal_leaves_a_process_behind(home, number):
    home.start()
    pids = home.pids().values()
    home.supervisor.send_signal(number)
    status = home.supervisor.wait(20)
    assert status == (-9 if number == signal.SIGKILL else 0)
    deadline = time.monotonic() + 10
    while not all(gone(pid) for pid in pids):
        assert time.monotonic() < deadline, "a process outlived its supervisor"
        time.sleep(0.02)
    assert home.run("status")["state"] == "down"
    # What is left of the sockets is in nobody's way.
    home.start()
    assert home.run("status")["state"] == "ready"


def test_a_second_one_on_the_same_home_is_turned_away(home):
    home.start()
    run = raw("up", "--home", home.home, "--json")
    assert run.returncode == 1 and "another `up`" in json.loads(run.stdout)["error"]["message"]
    assert home.run("status")["state"] == "ready"


def test_of_two_that_start_at_once_one_is_turned_away(home):
    """Over what a killed one left behind, too."""
    home.start()
    home.supervisor.kill()
    home.supervisor.wait()
    for _ in range(5):
        both = [subprocess.Popen([str(BUILD / "portcullis"), "up", "--home", str(home.home)], stdout=subprocess.PIPE,
                                 stderr=subprocess.PIPE) for _ in range(2)]
        deadline = time.monotonic() + 20
        while all(up.poll() is None for up in both):
            assert time.monotonic() < deadline, "both run"
            time.sleep(0.01)
        loser = next(up for up in both if up.poll() is not None)
        winner = next(up for up in both if up is not loser)
        assert loser.returncode == 1, loser.stderr.read()
        assert winner.stdout.readline() == b"ready\n", winner.stderr.read()
        assert home.run("status")["state"] == "sealed"
        winner.send_signal(signal.SIGQUIT)
        assert winner.wait(20) == 0
        for up in both:
            up.stdout.close()
            up.stderr.close()


def test_unlocking_what_is_open_is_done_and_says_so(home):
    home.start(unlock=False)
    first = home.unlock()
    assert first["unlocked"] and not first["alreadyUnlocked"]
    for secret in (PASSPHRASE, "another passphrase"):
        run = home.run("unlock", secrets=[("--passphrase-fd", secret)], check=False)
        again = json.loads(run.stdout)
        assert run.returncode == 0 and again["unlocked"] and again["alreadyUnlocked"]
        assert b"unlocked already; the passphrase was not looked at" in run.stderr
    assert home.run("unlock", "--passphrase-fd", 77, check=False).returncode == 2
    home.run("lock")
    wrong = home.run("unlock", secrets=[("--passphrase-fd", "another passphrase")], check=False)
    assert wrong.returncode == 3 and json.loads(wrong.stdout)["error"]["name"] == "wrong-passphrase"
    assert not home.unlock()["alreadyUnlocked"]


def test_locking_what_is_locked_is_done_once_more(home):
    home.start()
    for _ in range(3):
        run = home.run("lock", check=False)
        assert run.returncode == 0 and json.loads(run.stdout) == {"locked": True}
        assert b"its keys are gone" in run.stderr
        assert home.run("status")["state"] == "sealed"
    locks = [subprocess.Popen([str(BUILD / "portcullis"), "lock", "--home", str(home.home)], stderr=subprocess.PIPE,
                              stdout=subprocess.DEVNULL) for _ in range(4)]
    assert [(lock.communicate()[1], lock.returncode)[1] for lock in locks] == [0] * 4
    assert home.unlock()["unlocked"]


def test_signing_while_it_is_locked_is_refused_by_name(home, tmp_path):
    home.start(unlock=False)
    psbt = REPOSITORY / "demo/payment-segwit.psbt"
    sign = ["sign", psbt, "--home", home.home, "-o", tmp_path / "out.psbt"]
    run = raw(*sign, "--json")
    error = json.loads(run.stdout)["error"]
    assert run.returncode == 3 and error["name"] == "not-serving" and error["remedy"] == "portcullis unlock"
    words = raw(*sign)
    assert words.returncode == 3 and b"the signer is locked" in words.stderr and not words.stdout
    assert not list(tmp_path.iterdir()), "nothing is left behind"
    home.unlock()
    assert raw(*sign).returncode == 0


def test_signing_while_the_gate_comes_back_says_what_is_so(home, tmp_path):
    """Killed, it is back in a moment, and the signer sealed; a question that was under way is told so."""
    home.start()
    psbt = REPOSITORY / "demo/payment-segwit.psbt"
    for _ in range(5):
        os.kill(home.pids()["gate"], signal.SIGKILL)
        run = raw("sign", psbt, "--home", home.home, "-o", tmp_path / "out.psbt", "--json")
        error = json.loads(run.stdout)["error"]
        assert (run.returncode, error.get("name")) in ((3, "not-serving"), (3, "signer-gone"), (1, None)), error
        if run.returncode == 1:
            assert "it is being started again" in error["message"], error
        home.wait_for("sealed")
        home.unlock()
    assert raw("sign", psbt, "--home", home.home, "-o", tmp_path / "out.psbt").returncode == 0


def test_with_json_ready_is_the_one_document(home):
    descriptor = pipe_with(PASSPHRASE)
    up = subprocess.Popen(
        [str(BUILD / "portcullis"), "up", "--home", str(home.home), "--json", "--passphrase-fd", str(descriptor)],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, pass_fds=[descriptor])
    os.close(descriptor)
    line = up.stdout.readline()
    up.send_signal(signal.SIGTERM)
    assert json.loads(line + up.stdout.read()) == {"ready": True} and up.wait(20) == 0


@pytest.mark.parametrize("arguments, secrets, status", [
    ([], [("--passphrase-fd", "wrong")], 3), (["--passphrase-fd", "77"], [], 2), ([], [("--passphrase-fd", "\n")], 2),
])
def test_a_start_with_a_wrong_passphrase_ends(home, arguments, secrets, status):
    run = raw("up", "--home", home.home, "--json", *arguments, secrets=secrets)
    assert run.returncode == status and "error" in json.loads(run.stdout)


def test_every_command_on_a_home_that_is_not_there(tmp_path):
    psbt = REPOSITORY / "demo/payment-segwit.psbt"
    for command in (["up"], ["unlock"], ["lock"], ["status"], ["wallet", "list"], ["wallet", "show", "x"], ["sign", psbt],
                    ["wallet", "address", "x"], ["psbt", "inspect", psbt], ["audit", "verify"], ["audit", "show"],
                    ["refill", "--amount", "1"], ["recover"]):
        run = raw(*command, "--home", tmp_path / "nothing", "--json")
        assert run.returncode == 1 and "no home at" in json.loads(run.stdout)["error"]["message"], command


def test_commands_while_it_is_down_say_so(home):
    psbt = REPOSITORY / "demo/payment-segwit.psbt"
    for command in (["lock"], ["sign", psbt, "--receipt", "/dev/null"], ["wallet", "address", "segwit"]):
        run = raw(*command, "--home", home.home, "--json")
        assert run.returncode == 1 and "`portcullis up`" in json.loads(run.stdout)["error"]["message"], command
    for command, secrets in ((["unlock"], [("--passphrase-fd", "x")]),
                             (["refill", "--amount", "1"], [("--passphrase-fd", "x")])):
        run = raw(*command, "--home", home.home, "--json", secrets=secrets)
        assert run.returncode == 1 and "`portcullis up`" in json.loads(run.stdout)["error"]["message"], command
    status = home.run("status")
    assert status["state"] == "down" and not status["processes"]


def test_a_sealed_signer_is_not_said_to_be_unconfined(home):
    home.start(unlock=False)
    status = home.run("status")
    assert status["state"] == "sealed"
    kernel = status.get("kernel")
    assert kernel is None or (kernel["memfdSecret"] and kernel["landlock"])


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
def test_another_user_is_told_that_he_may_not_ask_and_not_that_it_is_down(home):
    home.start()
    command = ["setpriv", "--reuid", "12345", "--regid", "12345", "--clear-groups", str(BUILD / "portcullis"), "status",
               "--home", str(home.home), "--json"]
    run = subprocess.run(command, capture_output=True)
    assert run.returncode == 1 and "may not" in json.loads(run.stdout)["error"]["message"]


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
@pytest.mark.parametrize("name", ["gate", "gate/log-0", "gate/log-0/journal", "gate/log-0/checkpoint"])
def test_a_log_put_back_as_another_user_is_said_to_be_that(home, name):
    """A copy of gate/ restored by root: the gate could only say `open, error 13`."""
    home.start()
    home.stop()
    place, owner = home.home / name, (home.home / "gate").stat().st_uid
    os.chown(place, 0, 0)
    run = raw("up", "--home", home.home)
    assert run.returncode == 1 and f"{place} belongs to user 0".encode() in run.stderr, run
    assert f"chown -R {owner}:{owner} {home.home}/gate".encode() in run.stderr
    os.chown(place, owner, owner)
    home.start()


def test_a_refill_that_fails_on_the_way_says_that_the_signer_stays_locked(home, tmp_path):
    home.start()
    refill = ["refill", "--home", home.home, "--amount", "20000000000000"]
    run = raw(*refill, secrets=[("--passphrase-fd", "wrong")])
    assert run.returncode == 3 and b"holds the statement" in run.stderr and b"portcullis lock` drops it" in run.stderr
    home.run("lock")
    home.wait_for("sealed")
    home.unlock()
    assert home.wait_for("ready")["allowance"]["total"] == 10_000_000_000_000
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", tmp_path / "stranger"], check=True)
    # Its public half stands beside it, and is no admin's.
    run = raw(*refill, "--admin-key", tmp_path / "stranger", secrets=[("--passphrase-fd", PASSPHRASE)])
    assert run.returncode == 2 and b"stranger.pub is not the key of an admin" in run.stderr, run
    assert home.run("status")["state"] == "ready"
    (tmp_path / "stranger.pub").unlink()
    run = raw(*refill, "--admin-key", tmp_path / "stranger", secrets=[("--passphrase-fd", PASSPHRASE)])
    assert run.returncode == 3 and b"Nothing changed" in run.stderr and b"not signed by an admin" in run.stderr, run
    assert home.run("status")["state"] == "sealed"
    # The signer was told nothing, so nothing is to be dropped.
    assert home.run("refill", "--amount", 2 * 10**13, secrets=[("--passphrase-fd", PASSPHRASE)])["allowanceTotal"] == 2 * 10**13


def test_a_refill_that_cannot_work_locks_nothing(home, tmp_path):
    home.start()
    made = wallets.embit_psbt([wallets.Coin("tr", 50_000)], [(wallets.foreign_script(), 49_000)])
    home.sign(made)
    passphrase = [("--passphrase-fd", PASSPHRASE)]
    less = home.run("refill", "--amount", 5, secrets=passphrase, check=False)
    error = json.loads(less.stdout)["error"]
    assert less.returncode == 3 and error["name"] == "allowance-below-spent" and error["expected"] == 50_000
    for arguments in (["--admin-key", tmp_path / "no"], ["--signature", tmp_path / "no"]):
        run = home.run("refill", "--amount", 10**13, *arguments, secrets=passphrase, check=False)
        assert run.returncode == 2
    assert home.run("refill", "--amount", 10**13, "--passphrase-fd", 77, check=False).returncode == 2
    for much in (21 * 10**14 + 1, 2**64 - 1):
        run = home.run("refill", "--amount", much, secrets=passphrase, check=False)
        assert run.returncode == 2 and b"21 million" in run.stderr + run.stdout, run
    # An admin's signature of another text.
    text = tmp_path / "text"
    text.write_text("portcullis refill\nhome 00 log 0\n")
    subprocess.run(["ssh-keygen", "-q", "-Y", "sign", "-n", "portcullis-admin", "-f", home.home / "admin/admin", text], check=True)
    run = home.run("refill", "--amount", 10**13, "--signature", f"{text}.sig", secrets=passphrase, check=False)
    assert run.returncode == 3 and json.loads(run.stdout)["error"]["name"] == "statement-mismatch"
    assert home.run("status")["state"] == "ready"


def test_without_a_key_the_text_to_sign_is_given_and_a_signature_made_elsewhere_is_taken(home, tmp_path):
    home.start()
    key = tmp_path / "admin"
    key.write_bytes((home.home / "admin/admin").read_bytes())
    key.chmod(0o600)
    (home.home / "admin/admin").unlink()
    waiting = home.run("refill", "--amount", 2 * 10**13, check=False)
    error = json.loads(waiting.stdout)["error"]
    assert waiting.returncode == 4 and error["kind"] == "waiting" and error["name"] == "signature-needed"
    text = tmp_path / "text"
    text.write_text(error["text"])
    subprocess.run(["ssh-keygen", "-q", "-Y", "sign", "-n", "portcullis-admin", "-f", key, text], check=True)
    done = home.run("refill", "--amount", 2 * 10**13, "--signature", f"{text}.sig",
                    secrets=[("--passphrase-fd", PASSPHRASE)])
    assert done["allowanceTotal"] == 2 * 10**13
    assert home.run("status")["allowance"]["total"] == 2 * 10**13


def test_a_prompt_hides_what_is_typed_and_gives_the_terminal_back(home):
    """On a terminal of its own; Ctrl-C in the middle shows again what is typed."""
    import termios

    home.start(unlock=False)

    def session(typed):
        pid, terminal = pty.fork()
        if pid == 0:
            os.execv(BUILD / "portcullis", ["portcullis", "unlock", "--home", str(home.home)])
        seen = b""
        deadline = time.monotonic() + 30
        while b"keystore: " not in seen and time.monotonic() < deadline:
            if select.select([terminal], [], [], 0.1)[0]:
                seen += os.read(terminal, 1024)
        hidden = not termios.tcgetattr(terminal)[3] & termios.ECHO
        os.write(terminal, typed)
        _, status = os.waitpid(pid, 0)
        shown = bool(termios.tcgetattr(terminal)[3] & termios.ECHO)
        while select.select([terminal], [], [], 0.2)[0]:
            try:
                seen += os.read(terminal, 1024)
            except OSError:
                break
        os.close(terminal)
        return seen, hidden, shown, status

    seen, hidden, shown, status = session(b"half\x03")
    assert hidden and shown and os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGINT
    seen, hidden, shown, status = session(PASSPHRASE.encode() + b"\n")
    assert hidden and shown and os.WEXITSTATUS(status) == 0 and PASSPHRASE.encode() not in seen
    assert home.run("status")["state"] == "ready"


def test_an_option_of_every_command_is_json(home):
    assert portcullis("doctor")["lines"]
    assert portcullis("refusals")["refusals"]
