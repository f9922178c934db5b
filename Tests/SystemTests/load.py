"""Clients that sign without a pause, remember every acknowledged answer and ask for some of them again."""
import json
import random
import threading
import time

import killing
import wallets
import wire

OUTFLOW = 10_000
# Of the releases that the signer remembers (112), so many are surely among them, and after so many more a release is forgotten.
RECENT, FORGOTTEN = 30, 300
# While somebody waits for an answer the others make at most so many releases: what was lost is still remembered when asked again.
AHEAD = 40


class Request:
    """One input, wpkh or tr, everything let out. `asked` bytes are the same every time."""

    def __init__(self, number):
        kind = ("wpkh", "tr")[number % 2]
        coin = wallets.Coin(kind, OUTFLOW, index=number % 50)
        payment = [(wallets.any_script(), OUTFLOW - 1_000)]
        made = wire.Request([coin], payment)
        self.digest, self.payload = made.digest(), made.encode()
        self.coin, self.payment = coin, payment


class GateClient:
    """Speaks to gate.sock."""

    def __init__(self, home):
        self.path = home / "run" / "gate.sock"

    def prepare(self, number):
        made = Request(number)
        return made.digest, made.payload

    def sign(self, asked):
        """The signatures, or nothing where there was no answer."""
        with wire.Connection(self.path, timeout=20) as connection:
            answer = wire.Answer(*connection.ask(wire.SIGN, asked))
        return answer.signatures if answer.signed else None


class FrontClient:
    """Speaks to front.sock, as the command line does."""

    def __init__(self, home):
        self.home = home

    def prepare(self, number):
        made = Request(number)
        psbt = wallets.embit_psbt([made.coin], made.payment, sequence=0xFFFFFFFD)
        return made.digest, psbt.serialize()

    def sign(self, asked):
        answer, signed = killing.ask_front(self.home, b'{"sign": {"finalize": false}}', asked)
        return signed if "signed" in json.loads(answer) else None


class Load:
    """Two clients of the gate and one of the front."""

    def __init__(self, home):
        self.clients = [GateClient(home), GateClient(home), FrontClient(home)]
        # By digest: the client that asked, what it asked, what it was answered.
        self.signed, self.order, self.conflicts = {}, [], []
        self.equal_recent = self.equal_forgotten = self.lost_answers = 0
        self.asked_again = set()
        self.numbers = iter(range(10**9))
        self.lock, self.stopped, self.going = threading.Lock(), threading.Event(), threading.Event()
        self.going.set()
        self.unanswered = []
        # By client: how many were signed when it began to ask.
        self.begun = {}
        self.threads = [threading.Thread(target=self._work, args=(c,), daemon=True) for c in self.clients]
        for thread in self.threads:
            thread.start()

    def _work(self, client):
        while not self.stopped.is_set():
            if not self.going.wait(0.05):
                continue
            if len(self.order) - min(list(self.begun.values()), default=len(self.order)) > AHEAD:
                time.sleep(0.002)
                continue
            if random.random() < 0.1 and self._ask_again():
                continue
            with self.lock:
                number = next(self.numbers)
            digest, asked = client.prepare(number)
            answer = self._insist(client, asked)
            if answer is None:
                self.unanswered.append(digest)
                continue
            with self.lock:
                self.signed[digest] = (client, asked, answer)
                self.order.append(digest)

    def _insist(self, client, asked):
        """Asks until there is an answer, as a client does; every request that was begun is finished."""
        me, end = threading.get_ident(), time.monotonic() + 60
        self.begun[me] = len(self.order)
        while time.monotonic() < end:
            try:
                answer = client.sign(asked)
            except (OSError, EOFError, AssertionError):
                self.lost_answers += 1
                answer = None
            if answer is not None:
                del self.begun[me]
                return answer
            time.sleep(0.01)
        return None

    def _ask_again(self):
        """The same request once more: one that the signer remembers, or one that it has forgotten. False: there is none yet."""
        with self.lock:
            is_recent = random.random() < 0.7
            if is_recent:
                chosen = random.choice(self.order[-RECENT:]) if self.order else None
            else:
                old = self.order[:-FORGOTTEN]
                chosen = random.choice(old) if old else None
                if chosen in self.asked_again:
                    chosen = None
                if chosen:
                    self.asked_again.add(chosen)
            if chosen is None:
                return False
            client, asked, before = self.signed[chosen]
        answer = self._insist(client, asked)
        if answer == before:
            self.equal_recent += is_recent
            self.equal_forgotten += not is_recent
        else:
            self.conflicts.append(chosen)
        return True

    def finish(self):
        self.going.set()
        self.stopped.set()
        for thread in self.threads:
            thread.join(90)
            assert not thread.is_alive(), "a client still waits"
