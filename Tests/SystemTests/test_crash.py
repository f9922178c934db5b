"""kill -9 at random points under load: nothing acknowledged is lost, nothing is charged twice, the same request gives the
same signatures, and the appliance comes back with nothing but the unlock supplied again.

PORTCULLIS_KILLS sets the number of kills (300). Requests are prepared before; the load is three clients that ask without a pause.
"""
import os
import pathlib
import queue
import random
import signal
import threading
import time

import wallets
import wire
from appliance import PASSPHRASE, Appliance

KILLS = int(os.environ.get("PORTCULLIS_KILLS", "300"))
CLIENTS = 3


def children(pid):
    """The processes that the supervisor keeps, by name."""
    found = {}
    try:
        text = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text()
    except FileNotFoundError:
        return found
    for child in text.split():
        try:
            line = pathlib.Path(f"/proc/{child}/cmdline").read_bytes().split(b"\0")[0].decode()
        except (FileNotFoundError, ProcessLookupError):
            continue
        found[pathlib.Path(line).name.removeprefix("portcullis-")] = int(child)
    return found


def prepare(count):
    """Distinct requests of one input each, wpkh and tr in turn, as bytes with what they let out."""
    made = []
    for number in range(count):
        kind = ("wpkh", "tr")[number % 2]
        coin = wallets.Coin(kind, 10_000, index=number % 50)
        request = wire.Request([coin], [(wallets.foreign_script(), 9_000)])
        made.append((request.digest(), request.encode(), 10_000))
    return made


class Load:
    """Clients that sign request after request and remember every acknowledged answer."""

    def __init__(self, appliance, requests):
        self.gate = appliance.home / "run" / "gate.sock"
        self.todo = queue.Queue()
        self.payloads = {digest: payload for digest, payload, _ in requests}
        for request in requests:
            self.todo.put(request)
        self.signed, self.asked, self.conflicts = {}, {}, []
        self.asked_again = 0
        self.lock, self.stopped = threading.Lock(), threading.Event()
        self.threads = [threading.Thread(target=self._work, daemon=True) for _ in range(CLIENTS)]
        for thread in self.threads:
            thread.start()

    def _work(self):
        while not self.stopped.is_set():
            try:
                request = self.todo.get(timeout=0.05)
            except queue.Empty:
                continue
            # An answer that was lost is asked for again at once, as a client would.
            while not self._sign(request) and not self.stopped.is_set():
                time.sleep(0.02)

    def _sign(self, request):
        digest, payload, outflow = request
        try:
            with wire.Connection(self.gate, timeout=20) as connection:
                self.asked[digest] = outflow
                answer = wire.Answer(*connection.ask(wire.SIGN, payload))
        except (OSError, EOFError):
            return False
        if not answer.signed:
            return False
        with self.lock:
            before = self.signed.setdefault(digest, answer.signatures)
            if before != answer.signatures:
                self.conflicts.append(digest)
        return True

    def finish(self):
        self.stopped.set()
        for thread in self.threads:
            thread.join(30)


def come_back(appliance, pid, deadline=20):
    """Supplies the unlock as soon as somebody listens, until the gate serves."""
    end = time.monotonic() + deadline
    while True:
        assert appliance.supervisor.poll() is None, "".join(appliance.log)[-3000:]
        try:
            with wire.Connection(appliance.home / "run" / "gate.sock", timeout=2) as connection:
                kind, payload = connection.ask(wire.GATE_STATUS)
                if kind == 0xA2 and payload[0] == 1:
                    return
                if kind == 0xA2 and payload[3] == 0:
                    wire.unlock(appliance.home / "run" / "operator.sock", PASSPHRASE)
        except (OSError, EOFError):
            pass
        assert time.monotonic() < end, f"did not come back: {''.join(appliance.log)[-3000:]}"
        time.sleep(0.005)


def test_kills_under_load():
    random.seed(7)
    requests = prepare(min(40 * KILLS, 6_000))
    with Appliance("regtest-open", memory_mib=8, passes=1) as appliance:
        pid = appliance.supervisor.pid
        load = Load(appliance, requests)
        killed = {"signer": 0, "gate": 0, "front": 0}
        for number in range(KILLS):
            time.sleep(random.random() * 0.06)
            victim = random.choice(["signer", "signer", "gate", "gate", "front"])
            target = children(pid).get(victim)
            if target is None:
                come_back(appliance, pid)
                target = children(pid).get(victim)
            try:
                os.kill(target, signal.SIGKILL)
                killed[victim] += 1
            except (ProcessLookupError, TypeError):
                pass
            if victim != "front":
                wait_gone(target)
                come_back(appliance, pid)
            if number % 10 == 0 and load.signed:
                for digest, payload, outflow in random.sample(requests[: len(load.signed)], 1):
                    if digest in load.signed:
                        load.asked_again += 1
                        load.todo.put((digest, payload, outflow))
        time.sleep(0.5)
        load.finish()
        assert sum(killed.values()) >= KILLS * 0.98, killed
        check(appliance, load)
        print(f"kills {killed}, acknowledged {len(load.signed)}")


def wait_gone(pid):
    for _ in range(2_000):
        if not pathlib.Path(f"/proc/{pid}").exists():
            return
        time.sleep(0.001)


def check(appliance, load):
    assert not load.conflicts, "the same request gave other signatures"
    assert len(load.signed) > 100
    come_back(appliance, appliance.supervisor.pid)
    for digest in random.sample(sorted(load.signed), 50):
        payload = load.payloads[digest]
        with wire.Connection(load.gate) as connection:
            answer = wire.Answer(*connection.ask(wire.SIGN, payload))
        assert answer.signed and answer.seen_before and answer.signatures == load.signed[digest]
    time.sleep(1.5)
    status = appliance.run("status")
    appliance.stop()
    entries = appliance.run("audit show")["entries"]
    digests = [e["digest"] for e in entries if e["kind"] == "decision" and e["verdict"] == "allow"]
    charges = [e for e in entries if e["kind"] == "charge" and e["outcome"] == "charged"]
    charged = {entries[e["decisionIndex"]]["digest"] for e in charges}
    assert len(charged) == len(charges), "a request was charged twice"
    assert {d.hex() for d in load.signed} <= charged, "an acknowledged entry was lost"
    assert set(digests) >= charged
    assert status["allowance"]["spent"] >= 10_000 * len(load.signed)
    # A request that comes back after the ring of releases has gone round is charged to the allowance again, by design.
    assert status["allowance"]["spent"] <= 10_000 * (len(charged) + load.asked_again + 50), "the allowance was charged twice"
    assert appliance.run("audit verify")["ok"]


def test_start_after_kill_of_the_supervisor_itself():
    """The whole tree is killed at once; a new `up` and the unlock are all that it takes."""
    with Appliance("regtest-open", memory_mib=8, passes=1) as appliance:
        requests = prepare(40)
        gate = appliance.home / "run" / "gate.sock"
        answers = []
        for round_number in range(5):
            for digest, payload, _ in requests[8 * round_number: 8 * round_number + 8]:
                with wire.Connection(gate) as connection:
                    answers.append((payload, wire.Answer(*connection.ask(wire.SIGN, payload)).signatures))
            killed = [appliance.supervisor.pid, *children(appliance.supervisor.pid).values()]
            for child in killed:
                os.kill(child, signal.SIGKILL)
            appliance.supervisor.wait()
            for child in killed:
                wait_gone(child)
            appliance.supervisor = None
            appliance.start()
        for payload, signatures in answers:
            with wire.Connection(gate) as connection:
                answer = wire.Answer(*connection.ask(wire.SIGN, payload))
            assert answer.seen_before and answer.signatures == signatures
