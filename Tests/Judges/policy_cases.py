"""Random policies and requests, small and close to their bounds, so that every outcome is common; the evaluator of the signer
(policy-driver) and the model of policy_model.py answer them all, and must agree in every number.

A *world* is what policies share (wallets, lists, destinations, shapes, zones) with its policies and its requests: each of its
policies is asked about each of its requests.
"""
import collections
import dataclasses
import random
import subprocess

import policy_bundle
from policy_model import (
    ALL_ONES, EVERY_LOCK, EVERY_SCRIPT, FEE, FEERATE, INPUTS, OPEN_INPUTS, OUTFLOW, OUTPUTS, OWN_SHARE, Facts, Limit,
    Message, MessageRule, Model, Payment, Policy, Rule, local_time)

POLICIES, REQUESTS = 25, 40
ZONES = ("UTC0", "CET-1CEST,M3.5.0,M10.5.0/3", "AEST-10AEDT,M10.1.0,M4.1.0/3", "<+0330>-3:30", "EET-2EEST,M3.4.4/50,M10.4.4/50",
         "<-02>2<-01>,M3.5.0/-1,M10.5.0/0", "IST-1GMT0,M10.5.0,M3.5.0/1", "<+1245>-12:45<+1345>,M9.5.0/2:45,M4.1.0/3:45",
         "EST5EDT,M3.2.0,M11.1.0")
# One of each kind, two that nothing lists, and data of every form.
SCRIPTS = tuple(bytes.fromhex(text) for text in (
    "76a914" + "01" * 20 + "88ac", "a914" + "02" * 20 + "87", "0014" + "03" * 20, "0020" + "04" * 32, "5120" + "05" * 32,
    "51024e73", "51", "0014" + "06" * 20, "0014" + "07" * 20, "6a", "6a00", "6a020102", "6a03010203", "6a4c020109", "6a4d02000102",
    "6a0107" + "01", "6a4c01", "6a51", "6a4e0200000001" + "02", "6011" + "08" * 17, ""))
PATTERNS = ("*", "**", "log in at *", "a*b", "pay \\*", "**end", "x\\\\y", "one", "a*a*a*b")
TEXTS = (b"", b"log in at noon", b"log in at noon\nand pay", b"ab", b"axxb", b"a\nb", b"pay *", b"pay x", b"end", b"the\nend", b"x\\y",
         b"one", b"onE", b"aaaaaaaaac", b"a a a b", "log in at ä".encode())


class World:
    def __init__(self, dice):
        self.dice = dice
        self.unit = dice.choice((1, 1, 1, 1_000, 10**8))
        self.wallets = ["alpha", "beta"][:dice.choice((1, 1, 2))]
        self.lists = ["a", "b", "c", "d"][:dice.randrange(5)]
        self.destinations = {}
        self.shapes = []
        if self.lists:
            self.destinations = {script: self.some_lists() for script in SCRIPTS if script and dice.random() < 0.6}
            shapes = [(b"", 0, 0), (b"\x01", 1, 2), (b"\x01", 1, 80), (b"\x01\x02", 2, 80), (b"", 1, 1)]
            chosen = sorted((shape for shape in shapes if dice.random() < 0.3), key=lambda s: (s[0], s[1], s[2]))
            self.shapes = [(self.some_lists(), *shape) for shape in chosen]
        self.zones = sorted((zone for zone in ZONES if dice.random() < 0.25), key=policy_bundle.zone_bytes)
        # Bounds and what is held against them come from the same few numbers, and their neighbours.
        self.amounts = sorted(dice.randrange(1, 60) * self.unit for _ in range(5))
        self.moments = [dice.randrange(0, 68_000_000) * 60 for _ in range(4)]
        if self.zones:
            self.moments += [self.change(dice.choice(self.zones)) for _ in range(2)]
        self.requests = [self.request() for _ in range(REQUESTS - 8)]
        # The same with something less known: what was refused must stay so.
        self.wider = {}
        for _ in range(8):
            place = dice.randrange(len(self.requests))
            if isinstance(self.requests[place], Payment):
                self.wider[len(self.requests)] = place
                self.requests.append(self.widened(self.requests[place]))
        self.policies = [self.policy() for _ in range(POLICIES)]
        # Rules of effects 1 … 3 are written as conditions now and then: the same must come of it.
        self.plain = [[dice.random() < 0.7 for _ in policy.rules] for policy in self.policies]

    def bundles(self):
        return [policy_bundle.bundle(policy, plain.__getitem__) for policy, plain in zip(self.policies, self.plain)]

    def some_lists(self):
        return self.dice.randrange(1, 1 << len(self.lists))

    def change(self, zone):
        """A moment near to a change of the zone's clocks."""
        from policy_model import zone_of
        import datetime
        start = self.dice.randrange(0, 4_000_000_000)
        offset = lambda at: datetime.datetime.fromtimestamp(at, datetime.timezone.utc).astimezone(zone_of(zone)).utcoffset()
        for moment in range(start, start + 200 * 86_400, 86_400):
            if offset(moment) != offset(moment + 86_400):
                low, high = moment, moment + 86_400
                while high - low > 1:
                    middle = (low + high) // 2
                    low, high = (middle, high) if offset(middle) == offset(low) else (low, middle)
                return high
        return start

    def amount(self, near=True):
        dice = self.dice
        return max(0, dice.choice(self.amounts) + (dice.randrange(-1, 2) if near else 0))

    # Policies.

    def policy(self):
        dice = self.dice
        rules = [self.rule(place) for place in range(dice.choice((0, 1, 1, 2, 3, 4, 5, 6)))]
        policy = Policy(self.wallets, self.lists, self.destinations, self.shapes, self.zones, rules, [])
        policy.limits = self.limits(rules)
        return policy

    def rule(self, place):
        dice = self.dice
        name, wallets = f"rule-{place}", dice.randrange(1, 1 << len(self.wallets))
        if dice.random() < 0.12:
            least = dice.randrange(0, 6)
            return MessageRule(name, wallets, dice.randrange(1, 8), dice.choice((1, 2, 3, 5, 128, 255)),
                               (least, least + dice.randrange(0, 6)), dice.choice(PATTERNS))
        rule = Rule(name, dice.random() < 0.8, wallets)
        plain = dice.random() < 0.3
        for fact in (OUTFLOW, FEE, FEERATE) if plain else range(1, 8):
            asked = 0.6 if rule.allows and fact <= FEE else 0.25 if plain else 0.12
            if dice.random() < asked and not (plain and not rule.allows):
                rule.ranges[fact] = self.range(fact, plain)
        if rule.allows:
            rule.ranges = {OUTFLOW: (0, ALL_ONES), FEE: (0, ALL_ONES), **rule.ranges}
        if self.lists and dice.random() < 0.35:
            rule.lists = self.some_lists()
        if dice.random() < 0.25 and not (plain and not rule.allows):
            rule.sighashes = dice.choice((dice.randrange(1, 32), 31))
        if not plain:
            for _ in range(dice.randrange(0, 3) if rule.allows else dice.randrange(1, 3)):
                self.add_condition(rule)
        return rule

    def add_condition(self, rule):
        dice = self.dice
        what = dice.randrange(6)
        if what == 0:
            rule.scripts = dice.choice((dice.randrange(1, 256), 255 & ~(1 << dice.randrange(8)), EVERY_SCRIPT))
        elif what == 1:
            rule.lock_time = dice.randrange(1, EVERY_LOCK)
        elif what == 2:
            rule.replaceable = dice.randrange(1, 3)
        elif what == 3:
            rule.replacement = dice.randrange(1, 3)
        elif what == 4:
            rule.requesters = tuple(sorted(dice.sample((7, 1001, 3, 0, 2**32 - 2), dice.randrange(1, 4))))
        elif self.zones:
            spans = set()
            zone = dice.randrange(len(self.zones))
            for _ in range(dice.randrange(1, 4)):
                # From a minute that is asked for, or up to it, or any.
                _, near = local_time(self.zones[zone], dice.choice(self.moments))
                first = dice.choice((near, dice.randrange(0, 1440)))
                last = dice.choice((first, max(first, near), dice.randrange(first, 1440)))
                spans.add((dice.randrange(1, 128), first, last))
            rule.times = (zone, tuple(sorted(spans)))

    def range(self, fact, plain):
        dice = self.dice
        if fact == INPUTS:
            values = [dice.randrange(0, 6) for _ in range(2)]
        elif fact == OUTPUTS:
            values = [dice.randrange(0, 7) for _ in range(2)]
        elif fact == OWN_SHARE:
            values = [dice.choice((0, 250_000, 333_333, 333_334, 500_000, 1_000_000, dice.randrange(1_000_001))) for _ in range(2)]
        elif fact == FEERATE:
            values = [self.amount() * 1000 // dice.randrange(100, 200) for _ in range(2)]
        elif fact == FEE:
            values = [self.amount() // 4 for _ in range(2)]
        else:
            values = [self.amount() for _ in range(2)]
        least, most = min(values), max(values)
        if plain or dice.random() < 0.6:
            least = 0
        elif dice.random() < 0.3:
            most = ALL_ONES
        return (least, most) if least or most < ALL_ONES else (0, values[1])

    def limits(self, rules):
        dice, limits = self.dice, []
        allowing = [place for place, rule in enumerate(rules) if isinstance(rule, Rule) and rule.allows]
        matching = [place for place, rule in enumerate(rules) if isinstance(rule, MessageRule)]
        for number in range(dice.randrange(5)):
            scope, index = dice.choice((0, 1, 2, 3, 4, 16, 17, 18)), 0
            if scope in (1, 17):
                index = dice.randrange(len(self.wallets))
            elif scope in (3, 4):
                if not self.lists:
                    continue
                index = dice.randrange(len(self.lists))
            elif scope in (2, 18):
                possible = allowing + (matching if scope == 2 else [])
                if not possible:
                    continue
                index = dice.choice(possible)
            count = 2**32 - 1 if scope >= 16 else dice.choice((10, 2**32 - 1))
            limits.append(Limit(f"limit-{number}", scope, index, dice.randrange(1, 10**6), 10**6 * (number + 1), count))
        return sorted(limits, key=lambda limit: (limit.scope, limit.index, limit.name))

    # Requests.

    def request(self):
        return self.message() if self.dice.random() < 0.15 else self.payment()

    def asking(self):
        dice = self.dice
        requester = dice.choice((7, 1001, 3, 0, 5)) if dice.random() < 0.85 else None
        seconds = max(0, dice.choice(self.moments) + dice.choice((-3600, -61, -60, -1, 0, 1, 59, 60, 3600)))
        return requester, seconds if dice.random() < 0.85 else None

    def payment(self):
        dice = self.dice
        outputs = tuple((dice.choice(SCRIPTS), 0) for _ in range(dice.choice((0, 1, 1, 2, 2, 3))))
        outflow = self.amount()
        fee = min(outflow, self.amount() // 4)
        rest, paid = outflow - fee, []
        for place, (script, _) in enumerate(outputs):
            amount = rest if place == len(outputs) - 1 else dice.choice((rest, rest // 2, min(rest, self.amount()), 0))
            paid.append((script, amount))
            rest -= amount
        fee += rest
        returned = tuple(dice.choice((0, self.amount(), (outflow - fee) * dice.choice((1, 2, 3)))) for _ in range(dice.randrange(3)))
        total = outflow + sum(returned)
        sighashes = 0
        if dice.random() < 0.3:
            sighashes = 1 << dice.randrange(5)
        if dice.random() < 0.06:
            sighashes |= 1 << dice.randrange(5)
        requester, seconds = self.asking()
        inputs = 1 if sighashes & OPEN_INPUTS else dice.choice((1, 1, 2, 3, 5))
        # Any split of the total: only the sum and the number count.
        ours = (total,) + (0,) * (inputs - 1)
        sequences = tuple(dice.choice((0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD, 0, 6, 0x400000, 0x80000005)) for _ in range(inputs))
        if dice.random() < 0.3:
            sequences = (0xFFFFFFFF,) * inputs
        return Payment(
            dice.randrange(len(self.wallets)), ours, tuple(paid), returned, dice.randrange(100, 200), sighashes,
            dice.random() < 0.9, dice.choice((1, 2, 2)), dice.choice((0, 0, 1, 499_999_999, 500_000_000, 2**32 - 1)), sequences,
            dice.choice((True, False, False, None)), requester, seconds)

    def message(self):
        dice = self.dice
        requester, seconds = self.asking()
        coins = tuple((dice.choice((0, 0, 1, 2, 7, 9)), dice.randrange(0, 12)) for _ in range(dice.choice((0, 0, 1, 3))))
        return Message(dice.randrange(len(self.wallets)), dice.randrange(1, 4), dice.choice((0, 0, 1, 2, 7, 8)), dice.randrange(0, 12),
                       coins, dice.choice(TEXTS), requester, seconds)

    def widened(self, payment):
        """The same payment, of which one thing is less known."""
        dice, known = self.dice, Facts(payment)
        what = dice.randrange(1, 13)
        if what <= 7:
            least, most = known.ranges[what]
            wide = (0, ALL_ONES) if dice.random() < 0.3 else (
                max(0, least - dice.randrange(20) * dice.choice((1, self.unit))),
                min(ALL_ONES, most + dice.randrange(20) * dice.choice((1, self.unit))))
            return dataclasses.replace(payment, said={**payment.said, what: wide})
        if what == 12:
            return dataclasses.replace(payment, requester=None, seconds=None)
        name, every = (("scripts", EVERY_SCRIPT), ("lock_time", EVERY_LOCK), ("replaceable", 3), ("replacement", 3))[what - 8]
        wide = getattr(known, name) | dice.choice((every, dice.randrange(every + 1)))
        return dataclasses.replace(payment, said={**payment.said, name: wide})


# Answers.

def line(answer):
    """As policy-driver writes it; what `found` may be is left open where any of several will do."""
    if answer.allowed:
        rules = "".join(f" {rule}" + "".join(f":{limit}={amount}" for limit, amount in own) for rule, own in answer.matches)
        return f"allow{rules} |" + "".join(f":{limit}={amount}" for limit, amount in answer.common)
    head = f"refuse {answer.refusal} {-1 if answer.rule is None else answer.rule} {answer.expected} "
    return head + (str(answer.found) if isinstance(answer.found, int) else "")


def agrees(answer, said):
    expected = line(answer)
    if said == expected:
        return True
    if answer.allowed or isinstance(answer.found, int) or not said.startswith(expected):
        return False
    return int(said[len(expected):]) in answer.found


class Driver:
    """The evaluator, as a process that answers worlds."""

    def __init__(self, path):
        self.process = subprocess.Popen([path], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def send(self, requests, bundles):
        data = policy_bundle.u16(len(requests)) + b"".join(policy_bundle.vec16(request) for request in requests)
        data += policy_bundle.u16(len(bundles)) + b"".join(map(policy_bundle.vec32, bundles))
        self.process.stdin.write(policy_bundle.u32(len(data)) + data)
        self.process.stdin.flush()

    def receive(self, requests):
        """For each bundle the lines of its requests."""
        size = int.from_bytes(self.process.stdout.read(4), "little")
        lines = self.process.stdout.read(size).decode().splitlines()
        answers, place = [], 0
        while place < len(lines):
            assert lines[place] == "bundle", lines[place]
            answers.append(lines[place + 1:place + 1 + requests])
            place += 1 + requests
        return answers

    def ask(self, requests, bundles):
        self.send([policy_bundle.request(asked) for asked in requests], bundles)
        return self.receive(len(requests))

    def close(self):
        self.process.stdin.close()
        assert self.process.wait() == 0


class Disagreement(AssertionError):
    pass


def facts_of(world, defect=None):
    return [asked if isinstance(asked, Message) else Facts(asked, defect) for asked in world.requests]


def compare(world, said, facts, defect=None, tally=None):
    """Holds the model's answers against what the driver said; the number of cases."""
    stood = None
    for policy, answers in zip(world.policies, said, strict=True):
        model = Model(policy, defect)
        if stood is None:
            stood = [None if isinstance(fact, Message) else model.stand(fact) for fact in facts]
        for asked, fact, stand, text in zip(world.requests, facts, stood, answers, strict=True):
            answer = model.message(fact) if isinstance(fact, Message) else model.pay(fact, stand)
            if not agrees(answer, text):
                raise Disagreement(f"{policy}\n{asked}\nthe model: {line(answer)} {answer.found}\nthe evaluator: {text}")
            if tally is not None:
                tally[answer.refusal or "allow"] += 1
    return len(world.policies) * len(world.requests)


def check_wider(world, said):
    """Knowing less never turns a refusal into a permission; how often it took one away."""
    taken = 0
    for answers in said:
        for wide, known in world.wider.items():
            if answers[wide].startswith("allow"):
                assert answers[known].startswith("allow"), f"{world.requests[known]} {answers[known]}\n{world.requests[wide]}"
            else:
                taken += answers[known].startswith("allow")
    return taken


def check_rules(world, said, driver):
    """The order of the rules never changes a verdict or why, and no allow rule that is deleted allows more; (cases, taken away)."""
    dice, variants = world.dice, []
    for place, policy in enumerate(world.policies[:5]):
        if not policy.rules:
            continue
        order = dice.sample(range(len(policy.rules)), len(policy.rules))
        variants.append((place, order, dataclasses.replace(policy, rules=[policy.rules[n] for n in order], limits=[])))
        for n, rule in enumerate(policy.rules):
            if isinstance(rule, MessageRule) or rule.allows:
                fewer = policy.rules[:n] + policy.rules[n + 1:]
                variants.append((place, None, dataclasses.replace(policy, rules=fewer, limits=[])))
    taken = 0
    for (place, order, policy), answers in zip(
            variants, driver.ask(world.requests, [policy_bundle.bundle(policy) for _, _, policy in variants]), strict=True):
        for before, after in zip(said[place], answers, strict=True):
            if order is None:
                assert before.startswith("allow") or not after.startswith("allow"), f"{policy}\n{before}\n{after}"
                taken += before.startswith("allow") and not after.startswith("allow")
            else:
                assert meaning(before, range(len(order))) == meaning(after, order), f"{policy}\n{before}\n{after}"
    return len(variants) * len(world.requests), taken


# Of two that differ in what has no order, the first is told.
FIRST_IS_TOLD = ("destination-not-listed", "sighash-not-in-rule", "denied-by-rule", "message-not-matched")


def meaning(text, order):
    """An answer without what the order of the rules decides."""
    words = text.split(" |")[0].split()
    if words[0] == "allow":
        return {order[int(word.split(":")[0])] for word in words[1:]}
    return words[1], None if words[1] in FIRST_IS_TOLD else words[3:]


def run(driver, seed, cases, tally=None, keep=0):
    """Worlds until so many cases agreed: figures, and the first worlds with what was said of them."""
    dice = random.Random(seed)
    figures, kept = collections.Counter(), []
    while figures["cases"] < cases:
        world = World(dice)
        driver.send([policy_bundle.request(asked) for asked in world.requests], world.bundles())
        facts = facts_of(world)
        said = driver.receive(len(world.requests))
        figures["cases"] += compare(world, said, facts, tally=tally)
        figures["policies"] += len(world.policies)
        figures["requests"] += len(world.requests)
        figures["wider"] += check_wider(world, said)
        if len(kept) < keep:
            kept.append((world, said))
        if figures["policies"] % 250 == 0:
            asked, taken = check_rules(world, said, driver)
            figures["variants"] += asked
            figures["deleted"] += taken
    return figures, kept


def first_seen(kept, defect):
    """After how many cases a mistake on purpose is seen, or None."""
    cases = 0
    for world, said in kept:
        facts = facts_of(world, defect)
        for policy, answers in zip(world.policies, said, strict=True):
            try:
                cases += compare(Asked([policy], world.requests), [answers], facts, defect)
            except Disagreement:
                return cases + len(world.requests)
    return None


@dataclasses.dataclass
class Asked:
    """Policies and requests that nobody drew."""
    policies: list
    requests: list


# Boundaries.

WHEN = ("CET-1CEST,M3.5.0,M10.5.0/3", ((0b0010001, 540, 1019), (0b0100000, 0, 1439)))
MONDAY = 1_767_571_200  # 2026-01-05 00:00 UTC, a Monday, an hour later in WHEN


def boundaries():
    """One condition at a time from just under to just over what it says: (policy, request, whether an allow rule holds by it)."""
    base = Payment(0, (1_000,), ((SCRIPTS[2], 500),), (400,), 150, sequences=(0xFFFFFFFF,), replaces=False, requester=7,
                   seconds=MONDAY)
    whole = {OUTFLOW: (0, ALL_ONES), FEE: (0, ALL_ONES)}
    for fact in range(1, 8):
        for least, most in ((5, 9), (0, 7), (3, ALL_ONES), (1, 1), (2**63 - 1, 2**63), (2**32, 2**40), (ALL_ONES, ALL_ONES), (0, 0)):
            near = {n for bound in (least, most) for n in (bound - 1, bound, bound + 1) if 0 <= n <= ALL_ONES}
            for low in near:
                for high in (n for n in near if n >= low):
                    request = dataclasses.replace(base, said={fact: (low, high)})
                    yield {"ranges": {**whole, fact: (least, most)}}, request, least <= low and high <= most
    for name, every in (("scripts", EVERY_SCRIPT), ("lock_time", EVERY_LOCK), ("replaceable", 3), ("replacement", 3)):
        for mask in range(1, every + (name == "scripts")):
            if name != "scripts" or mask.bit_count() in (1, 2, 7, 8):
                for known in range(1, every + 1, 1 if every < 255 else 5):
                    request = dataclasses.replace(base, said={name: known})
                    yield {"ranges": whole, name: mask}, request, not known & ~mask
    for uids in ((7,), (0, 2**32 - 2), tuple(range(10, 74))):
        for uid in {n for uid in uids for n in (uid - 1, uid, uid + 1) if 0 <= n < 2**32} | {None}:
            yield {"ranges": whole, "requesters": uids}, dataclasses.replace(base, requester=uid), uid in uids
    for days, first, last in WHEN[1]:
        for day in range(7):
            for minute in {n for bound in (first, last) for n in (bound - 1, bound, bound + 1) if 0 <= n < 1440}:
                for second in (0, 59):
                    moment = MONDAY - 3600 + day * 86_400 + minute * 60 + second
                    holds = any(d >> day & 1 and a <= minute <= z for d, a, z in WHEN[1])
                    yield {"ranges": whole, "times": (0, WHEN[1])}, dataclasses.replace(base, seconds=moment), holds
    yield {"ranges": whole, "times": (0, WHEN[1])}, dataclasses.replace(base, seconds=None), False


def check_boundaries(driver):
    """How many boundaries hold, for an allow and a deny rule each: against what is plain here, and against the model."""
    by_rule = {}
    for said, request, holds in boundaries():
        by_rule.setdefault(repr(said), (said, []))[1].append((request, holds))
    count = 0
    for said, cases in by_rule.values():
        policies = []
        for allows in (True, False):
            ranges = {fact: value for fact, value in said["ranges"].items() if allows or value != (0, ALL_ONES)}
            rules = [Rule("one", allows, 1, **{**said, "ranges": ranges})]
            if not allows:
                rules.append(Rule("rest", True, 1, ranges={OUTFLOW: (0, ALL_ONES), FEE: (0, ALL_ONES)}))
            policies.append(Policy(["alpha"], [], {}, [], [WHEN[0]], rules, []))
        world = Asked(policies, [request for request, _ in cases])
        answers = driver.ask(world.requests, [policy_bundle.bundle(policy) for policy in policies])
        count += compare(world, answers, facts_of(world))
        for (request, holds), allowed in zip(cases, answers[0], strict=True):
            assert allowed.startswith("allow") == holds, f"{said} {request} {allowed}"
    return count, len(by_rule)


# Policies as people write them.

def canonical(spans):
    """Times of the week with the days together that have the same minutes, as the compiler writes them."""
    week = [[any(days >> day & 1 and first <= minute <= last for days, first, last in spans) for minute in range(1440)]
            for day in range(7)]
    runs = collections.Counter()
    for day, minutes in enumerate(week):
        begin = None
        for minute, inside in enumerate([*minutes, False]):
            if inside and begin is None:
                begin = minute
            elif not inside and begin is not None:
                runs[begin, minute - 1] |= 1 << day
                begin = None
    return tuple(sorted((days, first, last) for (first, last), days in runs.items()))


def written(world, policy, addressed):
    """The policy without what the language refuses to say, and only the zones that are named; None where nothing is left."""
    rules = []
    for rule in policy.rules:
        if isinstance(rule, Rule):
            ranges = {fact: (least, most) for fact, (least, most) in rule.ranges.items()
                      if fact not in (INPUTS, OUTPUTS) or 0 < most and (least or most < ALL_ONES)}
            rule = dataclasses.replace(rule, ranges=ranges)
            only_caps = not any((rule.lists, rule.sighashes, rule.scripts, rule.lock_time, rule.replaceable, rule.replacement,
                                 rule.requesters, rule.times)) and all(least == 0 for least, _ in ranges.values())
            if rule.allows and rule.lists and rule.sighashes & policy_bundle.OPEN_OUTPUTS or not rule.allows and ranges and only_caps:
                continue
            if rule.times:
                rule = dataclasses.replace(rule, times=(policy.zones[rule.times[0]], canonical(rule.times[1])))
        rules.append(rule)
    zones = sorted({rule.times[0] for rule in rules if isinstance(rule, Rule) and rule.times}, key=policy_bundle.zone_bytes)
    rules = [dataclasses.replace(rule, times=(zones.index(rule.times[0]), rule.times[1]))
             if isinstance(rule, Rule) and rule.times else rule for rule in rules]
    destinations = {script: lists for script, lists in policy.destinations.items() if script in addressed}
    filled = 0
    for lists in [*destinations.values(), *(shape[0] for shape in policy.shapes)]:
        filled |= lists
    shaped = 0
    for shape in policy.shapes:
        shaped |= shape[0]
    # A limit of each destination is of addresses alone; those of rules would have to move with them.
    limits = [limit for limit in policy.limits
              if limit.scope & 15 != 2 and not (limit.scope == 4 and shaped >> limit.index & 1)]
    if not rules or filled != (1 << len(policy.lists)) - 1:
        return None
    return dataclasses.replace(policy, rules=rules, zones=zones, destinations=destinations, limits=limits)
