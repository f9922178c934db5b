"""Locked twice, unlocked twice, locked in the middle of a release: no hang, the answers of docs/protocol.md, nothing charged twice.

A lock is the end of the signer: the gate hangs up, or the process is killed.
"""
import os
import signal
import socket
import threading
import time

import pytest

import bare
import wallets
import wire
from appliance import PASSPHRASE, Appliance, Failed, Refused
from wire import u8, u32, vec16

INPUTS = 1_000
CHECKPOINT = 104
MALFORMED_ENDS, SOCKET_ENDS = 20, 22
#: The byte of control.sock.
LOCK = b"\x6c"


def unlock_frame(passphrase=PASSPHRASE):
    return wire.frame(wire.UNLOCK, vec16(passphrase.encode()))


# -- unlock twice


def test_a_second_unlock_on_the_same_connection_is_never_answered(signer):
    with signer.operator() as operator:
        operator.socket.sendall(unlock_frame() + unlock_frame())
        assert operator.receive()[0] == wire.UNLOCKED
        with pytest.raises(EOFError):
            operator.receive()
    assert signer.gate.receive()[0] == 0x81, "one greeting"
    assert signer.status().phase == 1


def test_wrong_then_right_are_answered_in_their_order(signer):
    with signer.operator() as operator:
        operator.socket.sendall(unlock_frame("wrong") + unlock_frame("wrong again") + unlock_frame())
        kinds = [operator.receive()[0] for _ in range(3)]
    assert kinds == [wire.REFUSED, wire.REFUSED, wire.UNLOCKED]


@pytest.mark.parametrize("phase", ["unresumed", "ready"])
def test_an_unlock_of_an_open_signer_finds_nobody(signer, phase):
    if phase == "ready":
        bare.ready(signer)
    else:
        assert signer.unlock()[0] == wire.UNLOCKED
    with pytest.raises((ConnectionRefusedError, FileNotFoundError)):
        signer.operator()
    # Nor can the gate unlock: that ends the session.
    signer.gate.socket.sendall(unlock_frame())
    with pytest.raises(EOFError):
        signer.gate.receive()
    assert signer.wait() == MALFORMED_ENDS


def test_two_operators_at_once_are_one_unlock(signer):
    with signer.operator() as first, signer.operator() as second:
        second.socket.sendall(unlock_frame())
        first.socket.sendall(unlock_frame())
        assert first.receive()[0] == wire.UNLOCKED
        with pytest.raises(EOFError):
            second.receive()
    assert signer.gate.receive()[0] == 0x81
    signer.gate.socket.settimeout(0.3)
    with pytest.raises(TimeoutError):
        signer.gate.receive()


# -- the gate hangs up


@pytest.mark.parametrize("phase", ["sealed", "asked for refill", "unresumed", "ready"])
def test_a_lock_ends_the_signer_in_every_phase(signer, phase):
    if phase == "asked for refill":
        with signer.operator() as operator:
            operator.socket.sendall(u32(100) + u8(bare.REFILL) + bytes(20))
            time.sleep(0.1)
    if phase == "unresumed":
        assert signer.unlock()[0] == wire.UNLOCKED
    if phase == "ready":
        bare.ready(signer)
    signer.gate.socket.shutdown(socket.SHUT_RDWR)
    signer.gate.close()
    assert ended(signer) == 0


def test_a_lock_while_a_passphrase_is_tried_ends_it_as_soon_as_that_is_done(home):
    with bare.Signer(home) as signer:
        with signer.operator() as operator:
            operator.socket.sendall(unlock_frame())
            signer.gate.close()
            # The answer may still come: the keystore was opened. Nothing can be asked of it any more.
            try:
                assert operator.receive()[0] == wire.UNLOCKED
            except EOFError:
                pass
        assert ended(signer) in (0, SOCKET_ENDS)
    # The home is free, and as it was.
    with bare.Signer(home) as again:
        bare.ready(again)


def ended(signer, seconds=10):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        pid, status = os.waitpid(signer.pid, os.WNOHANG)
        if pid:
            signer.pid = None
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.01)
    raise AssertionError("it hangs")


# -- a lock during a release


@pytest.fixture(scope="module")
def payment():
    kinds = ("wpkh", "tr")
    return {kind: wire.Request([wallets.Coin(kind, 2_000, index=n) for n in range(INPUTS)],
                               [(wallets.any_script(), 1_900 * INPUTS)]) for kind in kinds}


class Locked:
    """A home whose signer was about to release: the log, the frame, and what it would have answered."""

    def __init__(self, files, request):
        self.home, self.request = files.copy(), request
        self.signer = bare.Signer(self.home)
        self.log = bare.ready(self.signer)
        assessed = bare.Assessed(self.signer.ask(bare.ASSESS, bare.assess(request))[1])
        assert assessed.verdict == 1
        self.index = len(self.log)
        charge = self.log.charge(assessed.leaf)
        self.frame = wire.frame(bare.RELEASE, bare.release(self.log, bare.new_entry(request, 0, 0, charge)))
        self.before = self.state()

    def state(self):
        return (self.home.folder / "state").read_bytes()

    def again(self):
        """A new signer on the same home; the log is shown, and the request released by mode 2."""
        signer = bare.Signer(self.home)
        try:
            assert signer.unlock()[0] == wire.UNLOCKED
            status = bare.Status(signer.greeting[1])
            self.log.shown = status.size
            kind, payload = signer.ask(bare.RESUME, self.log.resume())
            assert kind == bare.RESUMED
            self.log.shown = len(self.log)
            self.log.leaves += bare.events_of(payload)
            assert signer.ask(bare.ADVANCE, self.log.advance())[0] == bare.ADVANCED
            self.log.shown = len(self.log)
            assert bare.Assessed(signer.ask(bare.ASSESS, bare.assess(self.request))[1]).verdict == 1
            entry = bare.retry_entry(self.log, self.request, 0, self.index)
            kind, payload = signer.ask(bare.RELEASE, bare.release(self.log, entry))
            assert kind == bare.RELEASED, bare.Refusal(payload).code
            return payload[CHECKPOINT + 2:], status.spent, signer.status().spent
        finally:
            signer.close()

    def remove(self):
        self.home.remove()


OUTFLOW = 2_000 * INPUTS


@pytest.fixture(scope="module", params=["wpkh", "tr"])
def undisturbed(request, files, payment):
    """The signatures where nobody locks. Nothing in signing is random, but the coins' parents are: one request for all."""
    case = Locked(files, payment[request.param])
    case.signer.gate.socket.sendall(case.frame)
    kind, payload = case.signer.gate.receive()
    assert kind == bare.RELEASED
    case.signer.close()
    case.remove()
    return payment[request.param], payload[CHECKPOINT + 2:]


#: When the lock comes, and whether the charge is durable by then (None: either).
MOMENTS = {"in the middle of the frame": False, "before the frame is read": None, "after the checkpoint": True,
           "in the middle of the signatures": True}


@pytest.mark.parametrize("how", ["hung up", "killed"])
@pytest.mark.parametrize("moment", MOMENTS)
def test_a_lock_during_a_release_charges_once_and_gives_the_same_signatures_later(files, undisturbed, moment, how):
    request, signatures = undisturbed
    case = Locked(files, request)
    try:
        gate = case.signer.gate
        gate.socket.sendall(case.frame[:len(case.frame) // 2] if MOMENTS[moment] is False else case.frame)
        if moment == "after the checkpoint":
            assert len(gate._exactly(5 + CHECKPOINT + 2)) == 111
        if moment == "in the middle of the signatures":
            gate._exactly(5 + CHECKPOINT + 2 + 2 + 64 * 100)
        if how == "killed":
            os.kill(case.signer.pid, signal.SIGKILL)
        gate.close()
        status = ended(case.signer)
        assert status == -signal.SIGKILL if how == "killed" else status in (MALFORMED_ENDS, SOCKET_ENDS), status
        if MOMENTS[moment] is False:
            assert case.state() == case.before, "half a release changes nothing"
        if MOMENTS[moment] is True:
            assert case.state() != case.before
        found, before, after = case.again()
        assert found == signatures
        assert after == OUTFLOW and before in ({False: (0,), True: (OUTFLOW,), None: (0, OUTFLOW)}[MOMENTS[moment]])
    finally:
        case.signer.close()
        case.remove()


# -- the whole appliance


@pytest.fixture(scope="module")
def running():
    with Appliance("regtest-open", memory_mib=8, passes=1) as made:
        yield made


def outcome(command, *arguments, **options):
    try:
        return command(*arguments, **options)
    except Refused as refused:
        return refused.name
    except Failed as failed:
        return str(failed)


def at_once(*commands, seconds=60):
    """Every command in a thread of its own; what came of each. None may hang."""
    found = [None] * len(commands)

    def run(place):
        found[place] = outcome(commands[place])

    threads = [threading.Thread(target=run, args=(place,)) for place in range(len(commands))]
    for thread in threads:
        thread.start()
    deadline = time.monotonic() + seconds
    for thread in threads:
        thread.join(max(0, deadline - time.monotonic()))
    assert not any(thread.is_alive() for thread in threads), f"hangs: {found}"
    return found


def test_locked_twice_and_unlocked_twice_in_a_row(running):
    for _ in range(2):
        assert running.run("lock") == {"locked": True}
        assert running.run("status")["state"] == "sealed"
    for _ in range(2):
        assert running.unlock()["unlocked"] is True
        assert running.run("status")["state"] == "ready"


def test_many_locks_at_once_all_say_locked(running):
    running.unlock()
    for _ in range(3):
        assert at_once(*[lambda: running.run("lock")] * 4) == [{"locked": True}] * 4
    assert running.run("status")["state"] == "sealed"
    # However often it was locked, it is no failure of anybody's.
    assert running.unlock()["unlocked"] is True


def restarts(running):
    [signer] = [process for process in running.run("status")["processes"] if process["name"] == "signer"]
    return signer["restarts"]


def opened(running):
    """Unlocked by us or by somebody else, and serving."""
    answer = outcome(running.unlock)
    assert answer == "already-unlocked" or answer["unlocked"] is True, answer
    running.wait_for("ready")


def test_a_storm_of_locks_is_over_when_it_ends(running):
    """Each one hits a signer that has only just been started: no start is put off longer and longer by it."""
    before, end = restarts(running), time.monotonic() + 4
    while time.monotonic() < end:
        with socket.socket(socket.AF_UNIX) as control:
            control.settimeout(5)
            control.connect(str(running.home / "run" / "control.sock"))
            control.sendall(LOCK)
            assert control.recv(4)
    began = time.monotonic()
    assert running.wait_for("sealed", timeout=5)
    opened(running)
    assert time.monotonic() - began < 10
    assert restarts(running) - before > 20


def test_a_lock_that_another_operator_unlocks_at_once_is_over_all_the_same(running):
    stop = threading.Event()

    def unlock_always():
        while not stop.is_set():
            try:
                wire.unlock(running.home / "run" / "operator.sock", PASSPHRASE)
            except (OSError, EOFError):
                pass
            time.sleep(0.005)

    thread = threading.Thread(target=unlock_always)
    thread.start()
    try:
        for _ in range(5):
            began = time.monotonic()
            assert outcome(running.run, "lock") == {"locked": True}
            assert time.monotonic() - began < 15
    finally:
        stop.set()
        thread.join()


def test_a_lock_during_a_payment_answers_it_later_with_one_charge(running):
    opened(running)
    coins = [wallets.Coin("wpkh", 2_000, index=n) for n in range(500)]
    psbt = wallets.embit_psbt(coins, [(wallets.any_script(), 1_900 * len(coins))])
    spent = running.run("status")["allowance"]["spent"]
    signed = set()
    for delay in (0, 0.02, 0.05, 0.1, 0.2):
        def locked():
            time.sleep(delay)
            return running.run("lock")

        answer, lock = at_once(lambda: running.sign(psbt), locked)
        assert lock == {"locked": True}
        if isinstance(answer, dict):
            signed.add(answer["psbt"])
        else:
            assert "not-serving" in answer or "gone" in answer or "closed" in answer or "signer" in answer, answer
        opened(running)
    signed.add(running.sign(psbt)["psbt"])
    assert len(signed) == 1, "the same signatures"
    assert running.run("status")["allowance"]["spent"] == spent + 2_000 * len(coins)
