"""kill -9 at random points: nothing acknowledged is lost, nothing is charged twice, the same request gives the same signatures,
and the appliance comes back with nothing but the unlock supplied again.

PORTCULLIS_KILLS sets the number of kills (1000). Only a kill that hits a running process counts; it goes on until there are as
many. The figures stand at the end of pytest's output.
"""
import collections
import os
import random
import time

import killing
from appliance import Appliance
from conftest import figure
from killing import children, come_back, kill, shortly, supply_unlock, wait_for_child, wait_for_flush, wait_gone
from load import OUTFLOW, Load

KILLS = int(os.environ.get("PORTCULLIS_KILLS", "1000"))
NAMES = ("signer", "gate", "front")


class Campaign:
    """One kill after the other, each in a phase of its own; counts those that hit."""

    def __init__(self, appliance, load):
        self.appliance, self.load = appliance, load
        self.hits = collections.Counter()

    def children(self):
        return children(self.appliance.supervisor.pid)

    def hit(self, phase, name, pid):
        if kill(pid):
            self.hits[phase, name] += 1
            return True
        return False

    def restart_pair(self, phase):
        """Kills signer or gate; the pids of the pair that follows."""
        before = self.children()
        name = random.choice(["signer", "gate"])
        self.hit(phase, name, before.get(name))
        return {n: wait_for_child(self.appliance, n, before.get(n)) for n in ("signer", "gate")}

    def under_load(self):
        """Any process, at any moment."""
        shortly(0.06)
        name = random.choice(NAMES)
        pid = self.children().get(name)
        if self.hit("load", name, pid):
            wait_gone(pid)

    def in_a_flush(self):
        """Signer or gate, while its write is not durable yet."""
        name = random.choice(["signer", "gate"])
        pid = self.children().get(name)
        if pid and wait_for_flush(pid) and self.hit("flush", name, pid):
            wait_gone(pid)

    def at_start(self):
        """A process that has just been started, before it is unlocked."""
        new = self.restart_pair("load")
        name = random.choice(["signer", "gate"])
        shortly(0.012)
        self.hit("start", name, new[name])

    def front_at_start(self):
        before = self.children().get("front")
        if self.hit("load", "front", before):
            pid = wait_for_child(self.appliance, "front", before)
            shortly(0.015)
            self.hit("start", "front", pid)

    def in_an_unlock(self):
        """While the passphrase is worked on, the state record opened, the keys derived."""
        new = self.restart_pair("load")
        self.await_sealed()
        name = random.choice(["signer", "gate"])
        self.kill_beside(supply_unlock, "unlock", name, new[name], 0.03)

    def in_a_resume(self):
        """While the journal is replayed, shown to the signer, and the start noted."""
        new = self.restart_pair("load")
        self.await_sealed()
        supply_unlock(self.appliance)
        shortly(0.03)
        name = random.choice(["signer", "gate"])
        self.hit("resume", name, new[name])

    def in_recovery_again_and_again(self):
        """Three recoveries in a row of which none is let finish."""
        for _ in range(3):
            new = self.restart_pair("recovery")
            self.await_sealed()
            supply_unlock(self.appliance)
            if wait_for_flush(new["gate"], seconds=0.05):
                self.hit("recovery", "gate", new["gate"])
            else:
                self.hit("recovery", "signer", new["signer"])
            wait_gone(new["gate"])

    def while_idle(self):
        self.load.going.clear()
        time.sleep(0.05 + random.random() * 0.05)
        name = random.choice(NAMES)
        pid = self.children().get(name)
        if self.hit("idle", name, pid):
            wait_gone(pid)
        self.load.going.set()

    def two_at_once(self):
        shortly(0.03)
        running = self.children()
        for name in random.sample(NAMES, 2):
            self.hit("two at once", name, running.get(name))

    def supervisor(self):
        """The supervisor alone, or the whole tree. A new `up` finds what is left of the old one."""
        shortly(0.03)
        running = self.children()
        self.hit("whole tree", "supervisor", self.appliance.supervisor.pid)
        if random.random() < 0.5:
            for name, pid in running.items():
                self.hit("whole tree", name, pid)
        self.appliance.supervisor.wait()
        for pid in running.values():
            wait_gone(pid)
        self.appliance.start(unlock=False)

    def await_sealed(self):
        end = time.monotonic() + 10
        while time.monotonic() < end and killing.phase_of(self.appliance) != (False, True):
            time.sleep(0.001)

    def kill_beside(self, action, phase, name, pid, within):
        """Kills up to `within` seconds after an action was begun, without waiting for its end."""
        import threading

        beside = threading.Thread(target=action, args=(self.appliance,), daemon=True)
        beside.start()
        shortly(within)
        self.hit(phase, name, pid)
        beside.join()

    STEPS = {under_load: 8, in_a_flush: 5, at_start: 2, front_at_start: 1, in_an_unlock: 2, in_a_resume: 3,
             in_recovery_again_and_again: 1, while_idle: 2, two_at_once: 2, supervisor: 1}

    def run(self, kills):
        while self.hits.total() < kills:
            step = random.choices(list(self.STEPS), list(self.STEPS.values()))[0]
            step(self)
            come_back(self.appliance)


def test_kills_at_random_points():
    seed = int(os.environ.get("PORTCULLIS_SEED", "7"))
    random.seed(seed)
    started = time.monotonic()
    # Without the longer and longer waits of a process that ends again and again: that is what is done here.
    with Appliance("regtest-open", memory_mib=8, passes=1, up=["--restart-wait-max", 10]) as appliance:
        load = Load(appliance.home)
        campaign = Campaign(appliance, load)
        try:
            campaign.run(KILLS)
        finally:
            load.finish()
        charged = check(appliance, load)
        seconds = time.monotonic() - started
        say(campaign.hits, load, charged, seconds, seed)
    assert campaign.hits.total() >= KILLS
    if KILLS >= 300:
        assert {name for _, name in campaign.hits} == {*NAMES, "supervisor"}
        assert len({phase for phase, _ in campaign.hits}) == 9, campaign.hits


def check(appliance, load):
    """All that was promised, exactly: every request that was begun has been answered by now."""
    assert not load.unanswered, "a request was never answered"
    assert not load.conflicts, "the same request gave other signatures"
    assert len(load.signed) > KILLS / 4
    come_back(appliance)
    # What the ring of releases has forgotten is charged to the allowance once more when asked again, by design; nothing else is.
    spent = appliance.run("status")["allowance"]["spent"]
    owed = OUTFLOW * (len(load.signed) + len(load.asked_again))
    assert spent == owed, f"the allowance was charged {spent}, not {owed}"
    for digest in random.sample(sorted(load.signed), 50):
        client, asked, answer = load.signed[digest]
        assert client.sign(asked) == answer
    appliance.stop()
    entries = appliance.run("audit show")["entries"]
    charges = [e for e in entries if e["kind"] == "charge" and e["outcome"] == "charged"]
    charged = collections.Counter(entries[e["decisionIndex"]]["digest"] for e in charges)
    acknowledged = {digest.hex() for digest in load.signed}
    assert acknowledged <= set(charged), "an acknowledged entry was lost"
    assert max(charged.values()) == 1, "a request was charged twice"
    assert set(charged) == acknowledged, "something was charged that nobody asked for"
    assert appliance.run("audit verify")["ok"]
    return charged


def say(hits, load, charged, seconds, seed):
    by_name, by_phase = collections.Counter(), collections.Counter()
    for (phase, name), count in hits.items():
        by_name[name] += count
        by_phase[phase] += count
    lost = len({d.hex() for d in load.signed} - set(charged))
    words = lambda counter: ", ".join(f"{name} {count}" for name, count in counter.most_common())
    figure(f"kill -9: {hits.total()} that hit, in {seconds:.0f} s, seed {seed}; {words(by_name)}")
    figure(f"kill -9 by phase: {words(by_phase)}")
    figure(f"kill -9: acknowledged {len(load.signed)}, lost {lost}, charged twice {sum(charged.values()) - len(charged)}, "
           f"answers lost and asked for again {load.lost_answers}, asked again with equal signatures "
           f"{load.equal_recent} remembered and {load.equal_forgotten} forgotten, other signatures {len(load.conflicts)}")
