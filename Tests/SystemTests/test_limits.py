"""Limits that hold whoever asks, however many at once: 64 clients race, and every choice of what could confirm together is tried."""
import random
import threading

import pytest

import killing
import wallets
import wire
from appliance import REPOSITORY, Appliance, Refused
from conftest import figure
from embit import script
from embit.networks import NETWORKS
from refusals import NAMES

PAYEES = [script.Script(b"\x00\x14" + bytes([n + 1]) * 20) for n in range(4)]
CLIENTS, ROUNDS, CLUSTERS, COINS = 64, 5, 24, 3
COIN = 100_000

#: What a limit counts of a payment, and a cap that the race below passes many times over.
CAPPED = {
    "whole": ('scope = "global"\namount = "800_000 sat"', 800_000),
    "count": ('wallet = "segwit"\ntransactions = 100', 100),
    "rule": ('rule = "everyday"\namount = "700_000 sat"', 700_000),
    "list": ('destinations = "payroll"\namount = "300_000 sat"', 300_000),
    "each": ('destinations = "payroll"\neach = true\namount = "120_000 sat"', 120_000),
    "each-count": ('destinations = "payroll"\neach = true\ntransactions = 40', 40),
    "fees": ('scope = "global"\nof = "fees"\namount = "150_000 sat"', 150_000),
}


def policy(tmp_path, *limits):
    source = (REPOSITORY / "policies/examples/regtest-open.toml").read_text()
    addresses = ", ".join(f'"{payee.address(NETWORKS["regtest"])}"' for payee in PAYEES)
    text = f"[destinations.payroll]\naddresses = [{addresses}]\n"
    for place, limit in enumerate(limits):
        text += f'[limits.tight{place}]\n{limit}\nwindow = "1d"\n'
    path = tmp_path / "limits.toml"
    path.write_text(source.replace("[[rules]]", text + "\n[[rules]]", 1))
    return path


class Payment:
    """A request and what of it limits count."""

    def __init__(self, coins, payments, fee, replaced=None):
        self.coins, self.payments, self.fee = coins, payments, fee
        total = sum(coin.amount for coin in coins)
        change = total - fee - sum(amount for _, amount in payments)
        self.request = wire.Request(coins, payments, change=("wpkh", 1, change, wallets.script_of("wpkh", 1, 1)))
        if replaced:
            self.request = self.request.replacing(replaced.request)
        self.outflow = total - change
        self.payload, self.digest = self.request.encode(), self.request.digest()
        self.inputs = {(coin.parent.txid(), coin.vout) for coin in coins}

    def bumped(self, more):
        """A replacement of it: the same payments, a higher fee."""
        return Payment(self.coins, self.payments, self.fee + more, replaced=self)

    def paid(self, payee):
        return sum(amount for spk, amount in self.payments if spk.data == payee.data)


def at_random(chance, cluster):
    """A payment of one to two coins of a cluster, to listed destinations, each perhaps twice, and to others."""
    coins = chance.sample(cluster, chance.randint(1, 2))
    left, payments = sum(coin.amount for coin in coins) - 30_000, []
    for _ in range(chance.randint(1, 3)):
        amount = chance.randint(5_000, 30_000)
        if amount < left:
            left -= amount
            payments.append((chance.choice([*PAYEES, wallets.any_script()]), amount))
    return Payment(coins, payments, chance.randint(1_000, 9_000))


def most(payments, weight):
    """The most that can confirm together, of payments of one cluster: every choice is tried."""
    if not payments:
        return 0
    first, rest = payments[0], payments[1:]
    with_first = [one for one in rest if not one.inputs & first.inputs]
    return max(most(rest, weight), weight(first) + most(with_first, weight))


def worst(clusters, name):
    """What could confirm of these at the most, of what a limit counts; the largest of any destination where each has it."""
    signings = [one for cluster in clusters for one in cluster]
    if name == "count":
        return len(signings)  # every signature counts, replaced or not
    if name == "each-count":
        return max(sum(1 for one in signings if any(spk.data == payee.data for spk, _ in one.payments)) for payee in PAYEES)
    weights = {
        "whole": [lambda one: one.outflow], "rule": [lambda one: one.outflow], "fees": [lambda one: one.fee],
        "list": [lambda one: sum(map(one.paid, PAYEES))],
        "each": [lambda one, payee=payee: one.paid(payee) for payee in PAYEES],
    }[name]
    return max(sum(most(cluster, weight) for cluster in clusters) for weight in weights)


class Race:
    """Each client asks for payments of any cluster, and for replacements of what it was signed; all begin at once."""

    def __init__(self, running, seed):
        self.path = running.home / "run" / "gate.sock"
        chance = random.Random(seed)
        clusters = [[wallets.Coin("wpkh", COIN, index=n) for n in range(COINS)] for _ in range(CLUSTERS)]
        self.plans = []
        for _ in range(CLIENTS):
            places = [chance.randrange(CLUSTERS) for _ in range(ROUNDS)]
            self.plans.append([(place, at_random(chance, clusters[place]), chance.random() < 0.5) for place in places])
        self.asked, self.signed = [[] for _ in range(CLUSTERS)], [[] for _ in range(CLUSTERS)]
        self.refused, self.faults, self.replaced = [], [], 0
        self.lock, self.start = threading.Lock(), threading.Barrier(CLIENTS)

    def run(self):
        threads = [threading.Thread(target=self._client, args=(plan,)) for plan in self.plans]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(300)
            assert not thread.is_alive()
        assert not self.faults, self.faults[0]
        return self

    def _client(self, plan):
        try:
            with wire.Connection(self.path, timeout=120) as connection:
                self.start.wait(60)
                for place, payment, bumps in plan:
                    # What was signed is replaced at once, and that again.
                    while payment and self._ask(connection, place, payment) and bumps:
                        payment = payment.bumped(4_000) if payment.fee < 12_000 else None
        except Exception as fault:  # noqa: BLE001: told to whoever waits for the thread
            self.faults.append(fault)

    def _ask(self, connection, place, payment):
        answer = wire.Answer(*connection.ask(wire.SIGN, payment.payload))
        with self.lock:
            self.asked[place].append(payment)
            if answer.signed:
                self.signed[place].append(payment)
                self.replaced += payment.request.replaces
            else:
                self.refused.append(NAMES[answer.code])
        return answer.signed


@pytest.mark.parametrize("name", CAPPED)
def test_64_clients_race_and_a_limit_is_never_passed(tmp_path, name):
    text, cap = CAPPED[name]
    with Appliance(policy(tmp_path, text)) as running:
        race = Race(running, f"race {name}").run()
        signed = worst(race.signed, name)
        asked = worst(race.asked, name)
        assert signed <= cap, f"{signed} of {cap}"
        assert asked > cap, "the control: without the limit it would be too much"
        assert set(race.refused) == {"limit-exceeded"} and race.replaced
        assert signed > cap // 3, "most of it was given out"
        figure(f"race, {name}: {sum(map(len, race.signed))} signed, {race.replaced} of them replacements, "
               f"{len(race.refused)} refused, {signed} of {cap} could confirm")
        # The same state from the log alone, after all three were killed: what fitted last fits still, nothing more does.
        before = running.run("status")["limits"]
        for one in killing.children(running.supervisor.pid).values():
            killing.kill(one)
        running.wait_for("sealed")
        running.unlock()
        assert running.wait_for("ready")["limits"] == before
        again = Race(running, f"again {name}").run()
        everything = [old + new for old, new in zip(race.signed, again.signed)]
        assert worst(everything, name) <= cap and "limit-exceeded" in again.refused


def test_each_destination_has_its_own(tmp_path):
    """To the satoshi, summed over the outputs of a payment, counted for each; others are not counted; bumps once."""
    limits = ['destinations = "payroll"\neach = true\namount = "50_000 sat"\ntransactions = 3']
    one, two, three, _ = PAYEES

    def pay(*payments, coins=None, fee=1_000):
        coins = coins or [wallets.Coin("wpkh", 200_000)]
        change = sum(coin.amount for coin in coins) - fee - sum(amount for _, amount in payments)
        return wallets.embit_psbt(coins, list(payments), ("wpkh", 1, change))

    def over(psbt):
        with pytest.raises(Refused) as caught:
            running.sign(psbt)
        assert caught.value.name == "limit-exceeded" and caught.value.error["subjectName"] == "tight0", caught.value
        return caught.value.error

    with Appliance(policy(tmp_path, *limits)) as running:
        running.sign(pay((one, 20_000), (wallets.any_script(), 90_000), (one, 20_000)))
        error = over(pay((one, 10_001)))
        assert (error["expected"], error["found"]) == (50_000, 50_001)
        # One that is over spoils the whole payment, and charges nobody.
        over(pay((two, 50_000), (one, 10_001)))
        running.sign(pay((two, 50_000), (one, 10_000)))
        over(pay((two, 1)))
        running.sign(pay((wallets.any_script(), 150_000)))
        coins = [wallets.Coin("wpkh", 200_000)]
        running.sign(pay((three, 30_000), coins=coins))
        running.sign(pay((three, 50_000), coins=coins, fee=3_000))
        for child in ("gate", "signer"):
            killing.kill(killing.children(running.supervisor.pid).get(child))
        running.wait_for("sealed")
        running.unlock()
        running.wait_for("ready")
        for payee in (one, two):
            over(pay((payee, 1)))
        # Twice signed, once charged.
        running.sign(pay((three, 20_000), coins=coins, fee=4_000))
        error = over(pay((three, 1), coins=coins, fee=5_000))
        assert (error["expected"], error["found"]) == (3, 4)
