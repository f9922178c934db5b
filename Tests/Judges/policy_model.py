"""What a policy says, written from docs/protocol.md (sections 3 and 4) and policies/README.md alone: a second reader of the
words, in another language, with none of our code in it.

A policy here is plain data (Policy, Rule, Limit), a payment or a message likewise. `Model(policy).pay(facts)` and `.message(...)`
give an Answer: verdict, matches, charges, or the refusal with its numbers. `DEFECTS` are mistakes on purpose, one at a time, by
which the tests show that they would be seen.
"""
import dataclasses
import datetime
import functools
import io
import re
import struct
import zoneinfo

ALL_ONES = 2**64 - 1
ANYTHING = (0, ALL_ONES)
EVERY_SCRIPT, EVERY_LOCK, EITHER = 0xFF, 15, 3

# Sighash types beside ALL and DEFAULT: NONE, SINGLE, ALL|ANYONECANPAY, NONE|ANYONECANPAY, SINGLE|ANYONECANPAY.
OPEN_OUTPUTS, OPEN_INPUTS = 1 | 2 | 8 | 16, 4 | 8 | 16

OUTFLOW, FEE, FEERATE, LARGEST, INPUTS, OUTPUTS, OWN_SHARE = range(1, 8)
RANGE_NAMES = {
    OUTFLOW: ("outflow-under-minimum", "outflow-over-maximum"), FEE: ("fee-under-minimum", "fee-over-maximum"),
    FEERATE: ("feerate-under-minimum", "feerate-over-maximum"), LARGEST: ("output-under-minimum", "output-over-maximum"),
    INPUTS: ("input-count", "input-count"), OUTPUTS: ("output-count", "output-count"), OWN_SHARE: ("own-share", "own-share")}

# Mistakes on purpose.
DEFECTS = ("most-exclusive", "least-exclusive", "deny-needs-certainty", "unknown-requester-passes", "lists-of-first-output",
           "share-rounded-down", "daylight-ignored", "last-minute-exclusive", "fee-not-charged", "single-is-closed",
           "pattern-ignores-lines", "any-condition-denies", "fee-of-others-ignored", "relative-locks-ignored")


@dataclasses.dataclass
class Rule:
    """An allow or deny rule about payments: what it says of each fact, None or nothing where it says nothing."""
    name: str
    allows: bool
    wallets: int                                            # bits
    ranges: dict = dataclasses.field(default_factory=dict)  # fact: (least, most)
    lists: int = 0                                          # bits; 0: any destination
    sighashes: int = 0
    scripts: int = 0
    lock_time: int = 0
    replaceable: int = 0
    replacement: int = 0
    requesters: tuple = ()
    times: tuple = ()                                       # (place of the zone, ((days, first, last), ...))


@dataclasses.dataclass
class MessageRule:
    name: str
    wallets: int
    formats: int
    branches: int
    indexes: tuple
    pattern: str


@dataclasses.dataclass
class Limit:
    name: str
    scope: int
    index: int = 0
    window: int = 3600
    amount: int = ALL_ONES
    count: int = 2**32 - 1


@dataclasses.dataclass
class Policy:
    wallets: list
    lists: list                                             # names
    destinations: dict                                      # script: lists as bits
    shapes: list                                            # (lists as bits, prefix, least, most)
    zones: list                                             # POSIX texts, in the order of the bundle
    rules: list
    limits: list                                            # in the order of the bundle


@dataclasses.dataclass
class Payment:
    """What the signer has verified; None is what nobody said."""
    wallet: int
    ours: tuple                     # amounts of the inputs
    paid: tuple                     # (script, amount) of the outputs not ours
    returned: tuple                 # amounts of the outputs of ours
    size: int                       # vB of the smallest transaction that can come of it
    sighashes: int = 0
    shape_known: bool = True        # whether inputs, outputs, lock time were said
    version: int = 2
    lock_time: int = 0
    sequences: tuple = ()
    replaces: bool = None
    requester: int = None
    seconds: int = None
    said: dict = dataclasses.field(default_factory=dict)    # facts that are said to be a wider range, or set, than they are


@dataclasses.dataclass
class Message:
    wallet: int
    format: int
    branch: int
    index: int
    coins: tuple
    text: bytes
    requester: int = None
    seconds: int = None


@dataclasses.dataclass
class Answer:
    allowed: bool
    matches: list = dataclasses.field(default_factory=list)     # [(rule, [(limit, amount)])]
    common: list = dataclasses.field(default_factory=list)
    refusal: str = ""
    rule: int = None
    expected: int = 0
    found: object = 0                                           # a number, or a set of those that will do


# Facts.

def smallest_push(script):
    """The data of OP_RETURN and at most one push: what is pushed, or None where it is not told."""
    rest = script[1:]
    if not rest:
        return b""
    code, rest = rest[0], rest[1:]
    if code <= 75:
        size = code
    elif code == 76 and rest:
        size, rest = rest[0], rest[1:]
    elif code == 77 and len(rest) >= 2:
        size, rest = int.from_bytes(rest[:2], "little"), rest[2:]
    else:
        return None
    return rest if len(rest) == size else None


def kind_of(script):
    if script[:1] == b"\x6a":
        return 5
    if len(script) == 25 and script[:3] == b"\x76\xa9\x14" and script[23:] == b"\x88\xac":
        return 0
    if len(script) == 23 and script[:2] == b"\xa9\x14" and script[22:] == b"\x87":
        return 1
    program = (4 <= len(script) <= 42 and script[1] == len(script) - 2 and (script[0] == 0 or 0x51 <= script[0] <= 0x60))
    if not program:
        return 7
    return {(0, 22): 2, (0, 34): 3, (0x51, 34): 4}.get((script[0], len(script)), 6)


class Facts:
    """Of every number what it may be, of every set all that may be in it."""

    def __init__(self, payment, defect=None):
        p = self.payment = payment
        total, returned = sum(p.ours), sum(p.returned)
        self.used = p.sighashes
        settled = not p.sighashes
        self.open_outputs = bool(p.sighashes & (OPEN_OUTPUTS & ~2 if defect == "single-is-closed" else OPEN_OUTPUTS))
        self.open_inputs = bool(p.sighashes & OPEN_INPUTS)
        paid = sum(amount for _, amount in p.paid)
        self.outflow = total - returned if settled else total
        self.fee = total - returned - paid if settled else total
        rate = -(-self.fee * 1000 // p.size) if p.size else ALL_ONES
        rate = min(rate, ALL_ONES)
        least = 0 if not settled else None
        known = lambda value: (value if least is None else 0, value)
        largest = max((amount for _, amount in p.paid), default=0)
        self.ranges = {OUTFLOW: known(self.outflow), FEE: known(self.fee), FEERATE: known(rate), LARGEST: (largest, largest),
                       INPUTS: ANYTHING, OUTPUTS: ANYTHING, OWN_SHARE: ANYTHING}
        if self.open_outputs:
            self.ranges[LARGEST] = (0, ALL_ONES if self.open_inputs else self.outflow)
        self.scripts = EVERY_SCRIPT if self.open_outputs else sum({1 << kind_of(script) for script, _ in p.paid})
        self.lock_time, self.replaceable = EVERY_LOCK, EITHER
        if p.shape_known:
            self.describe(paid, returned, settled, defect)
        self.replacement = EITHER if p.replaces is None else 2 if p.replaces else 1
        self.requester, self.seconds = p.requester, p.seconds
        # Of outputs that are open, every list may get it all.
        self.anywhere = self.outflow
        for what, value in p.said.items():
            if isinstance(what, int):
                self.ranges[what] = value
            else:
                setattr(self, what, value)
        # What is charged is the most.
        self.outflow, self.fee = self.ranges[OUTFLOW][1], self.ranges[FEE][1]

    def describe(self, paid, returned, settled, defect):
        p = self.payment
        inputs, outputs = len(p.sequences), len(p.paid) + len(p.returned)
        self.ranges[INPUTS] = (inputs, ALL_ONES if self.open_inputs else inputs)
        if not self.open_outputs:
            self.ranges[OUTPUTS] = (outputs, outputs)
        if settled and paid + returned:
            share, rest = divmod(returned * 1_000_000, paid + returned)
            self.ranges[OWN_SHARE] = (share, share if not rest or defect == "share-rounded-down" else share + 1)
        kind = 2 if p.lock_time < 500_000_000 else 4
        final = all(sequence == 0xFFFFFFFF for sequence in p.sequences)
        relative = 8 if p.version >= 2 and defect != "relative-locks-ignored" else 0
        locks = any(not sequence >> 31 and sequence & 0xFFFF for sequence in p.sequences)
        held = (kind if p.lock_time and not final else 0) | (relative if locks else 0)
        self.lock_time = held or 1
        self.replaceable = 2 if any(sequence < 0xFFFFFFFE for sequence in p.sequences) else 1
        if self.open_inputs:
            # One of theirs may not be final, may lock, or may signal; and what they put in may be fee.
            self.replaceable |= 2
            self.lock_time |= relative
            if p.lock_time:
                self.lock_time |= kind


# Time zones.

@functools.lru_cache(maxsize=None)
def zone_of(text):
    """A zone that has no history, only the rule of POSIX, for Python's own zoneinfo to read."""
    empty = b"TZif2" + bytes(15) + struct.pack(">6l", 0, 0, 0, 0, 1, 1) + struct.pack(">lbb", 0, 0, 0) + b"\0"
    return zoneinfo.ZoneInfo.from_file(io.BytesIO(empty + empty + b"\n" + text.encode() + b"\n"))


@functools.lru_cache(maxsize=1 << 16)
def local_time(text, seconds, defect=None):
    """Day of the week from Monday, minute of the day."""
    moment = datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc).astimezone(zone_of(text))
    if defect == "daylight-ignored" and moment.dst():
        moment -= moment.dst()
    return moment.weekday(), moment.hour * 60 + moment.minute


# Patterns.

@functools.lru_cache(maxsize=None)
def regex_of(pattern, defect=None):
    data, out, place = pattern.encode(), b"", 0
    while place < len(data):
        byte = data[place:place + 1]
        if byte == b"\\":
            out += re.escape(data[place + 1:place + 2])
            place += 2
        elif data[place:place + 2] == b"**":
            out += b"(?s:.*)"
            place += 2
        elif byte == b"*":
            out += b"(?s:.*)" if defect == "pattern-ignores-lines" else b"[^\n]*"
            place += 1
        else:
            out += re.escape(byte)
            place += 1
    return re.compile(out)


class Model:
    """The rules 1 to 4 of policies/README.md."""

    def __init__(self, policy, defect=None):
        self.policy, self.defect = policy, defect
        self.of_rule, self.common_limits = {}, []
        for place, limit in enumerate(policy.limits):
            if limit.scope in (2, 18):
                self.of_rule.setdefault(limit.index, []).append((place, limit.scope))
            else:
                self.common_limits.append((place, limit.scope, limit.index))
        self.placed = [(place, rule) for place, rule in enumerate(policy.rules)]
        self.denying = [(p, r) for p, r in self.placed if isinstance(r, Rule) and not r.allows]
        self.allowing = [(p, r) for p, r in self.placed if isinstance(r, Rule) and r.allows]
        self.saying = [(p, r) for p, r in self.placed if isinstance(r, MessageRule)]

    def lists_of(self, script):
        """(lists it certainly stands in, lists it may stand in)"""
        exact = self.policy.destinations.get(script, 0)
        if script[:1] != b"\x6a" or not self.policy.shapes:
            return exact, exact
        data = smallest_push(script)
        if data is None:
            every = exact
            for lists, *_ in self.policy.shapes:
                every |= lists
            return exact, every
        for lists, prefix, least, most in self.policy.shapes:
            if data.startswith(prefix) and least <= len(data) <= most:
                exact |= lists
        return exact, exact

    def stand(self, facts):
        """Where the outputs not ours stand: certain lists by output, and what may be paid to each list."""
        if facts.open_outputs:
            every = (1 << len(self.policy.lists)) - 1
            return [(len(facts.payment.paid) + len(facts.payment.returned), 0)], every, None
        certain, possible, amounts = [], 0, {}
        for place, (script, amount) in enumerate(facts.payment.paid):
            sure, maybe = self.lists_of(script)
            certain.append((place, sure))
            possible |= maybe
            for bit in range(len(self.policy.lists)):
                if maybe >> bit & 1:
                    amounts[bit] = amounts.get(bit, 0) + amount
            if self.defect == "lists-of-first-output":
                break
        return certain, possible, amounts

    def in_time(self, times, seconds):
        zone, spans = times
        day, minute = local_time(self.policy.zones[zone], seconds, self.defect)
        last_counts = self.defect != "last-minute-exclusive"
        return any(days >> day & 1 and first <= minute and (minute <= last if last_counts else minute < last)
                   for days, first, last in spans)

    # Deny: any of what may be.

    def may_hold(self, rule, facts, possible):
        said = []
        for fact, (least, most) in rule.ranges.items():
            low, high = facts.ranges[fact]
            if facts.open_inputs and fact in (FEE, FEERATE) and self.defect != "fee-of-others-ignored":
                high = ALL_ONES
            if self.defect == "deny-needs-certainty":
                said.append(least <= low and high <= most)
            else:
                said.append(low <= most and least <= high)
        if rule.lists:
            said.append(bool(rule.lists & possible))
        for named, known in ((rule.sighashes, facts.used), (rule.scripts, facts.scripts), (rule.lock_time, facts.lock_time),
                             (rule.replaceable, facts.replaceable), (rule.replacement, facts.replacement)):
            if named:
                said.append(bool(named & known))
        said += self.asking(rule, facts.requester, facts.seconds)
        return any(said) if said and self.defect == "any-condition-denies" else all(said)

    def asking(self, rule, requester, seconds):
        said = []
        if rule.requesters:
            said.append(requester is None or requester in rule.requesters)
        if rule.times:
            said.append(seconds is None or self.in_time(rule.times, seconds))
        return said

    # Allow: all of what may be.

    def failure(self, rule, facts, certain):
        """The first condition that may fail: (its place in the order of all, nearness, refusal, expected, found), or None."""
        if facts.used & ~rule.sighashes:
            return 0, 0, "sighash-not-in-rule", rule.sighashes, facts.used
        for fact in sorted(rule.ranges):
            (least, most), (low, high) = rule.ranges[fact], facts.ranges[fact]
            if low < least or self.defect == "least-exclusive" and low == least > 0:
                return 2 * fact, -least, RANGE_NAMES[fact][0], least, low
            if high > most or self.defect == "most-exclusive" and high == most < ALL_ONES:
                return 2 * fact + 1, most, RANGE_NAMES[fact][1], most, high
        if rule.lists:
            outside = {place for place, lists in certain if not lists & rule.lists}
            if outside:
                return 20, 0, "destination-not-listed", rule.lists, outside
        for order, permitted, known, refusal in (
                (21, rule.scripts, facts.scripts, "script-kind"), (22, rule.lock_time, facts.lock_time, "lock-time-kind"),
                (23, rule.replaceable, facts.replaceable, "replaceability"),
                (24, rule.replacement, facts.replacement, "replacement-kind")):
            if permitted and known & ~permitted:
                return order, permitted, refusal, permitted, known
        if rule.requesters:
            known = facts.requester is not None or self.defect == "unknown-requester-passes"
            if not known or facts.requester is not None and facts.requester not in rule.requesters:
                count = len(rule.requesters)
                return 25, count, "requester", count, ALL_ONES if facts.requester is None else facts.requester
        if rule.times and (facts.seconds is None or not self.in_time(rule.times, facts.seconds)):
            zone = rule.times[0]
            return 26, zone, "outside-time", zone, ALL_ONES if facts.seconds is None else facts.seconds
        return None

    def pay(self, facts, stood=None):
        """`stood` is what `stand` says of the facts, for whoever asks many policies of one world."""
        bit = 1 << facts.payment.wallet
        certain, possible, amounts = stood or self.stand(facts)
        for place, rule in self.denying:
            if rule.wallets & bit and self.may_hold(rule, facts, possible):
                return Answer(False, refusal="denied-by-rule", rule=place, expected=rule.lists, found=possible)
        answer, nearest = Answer(True), None
        for place, rule in self.allowing:
            if not rule.wallets & bit:
                continue
            failed = self.failure(rule, facts, certain)
            if failed is None:
                own = [(limit, facts.outflow if scope == 2 else facts.fee) for limit, scope in self.of_rule.get(place, ())]
                answer.matches.append((place, own))
            elif nearest is None or failed[:2] > nearest[1][:2]:
                nearest = place, failed
        if not answer.matches:
            if nearest is None:
                return Answer(False, refusal="no-rule-for-wallet", found=facts.payment.wallet)
            place, (_, _, refusal, expected, found) = nearest
            return Answer(False, refusal=refusal, rule=place, expected=expected, found=found)
        answer.common = self.common_charges(facts, possible, amounts)
        return answer

    def common_charges(self, facts, possible, amounts):
        charges = []
        for place, scope, index in self.common_limits:
            if scope in (0, 16) or scope in (1, 17) and index == facts.payment.wallet:
                amount = facts.outflow if scope < 2 or self.defect == "fee-not-charged" else facts.fee
                charges.append((place, amount))
            elif scope in (3, 4) and possible >> index & 1:
                charges.append((place, facts.anywhere if amounts is None else amounts[index]))
        return charges

    # Messages.

    def denies_messages(self, rule, message):
        payments_only = rule.ranges or rule.lists or rule.sighashes or rule.scripts or rule.lock_time or rule.replaceable \
            or rule.replacement
        return not payments_only and all(self.asking(rule, message.requester, message.seconds))

    def mismatch(self, rule, message):
        """(what differs, what was found or all that will do), or None."""
        least, most = rule.indexes
        if not rule.formats >> (message.format - 1) & 1:
            return 1, message.format
        if message.branch > 7 or not rule.branches >> message.branch & 1:
            return 2, message.branch
        if not least <= message.index <= most:
            return 3, message.index
        if not regex_of(rule.pattern, self.defect).fullmatch(message.text):
            return 4, len(message.text)
        branches = {min(branch, 15) for branch, _ in message.coins if branch > 7 or not rule.branches >> branch & 1}
        if branches:
            return 5, branches
        indexes = {index for _, index in message.coins if not least <= index <= most}
        return (6, indexes) if indexes else None

    def message(self, message):
        bit = 1 << message.wallet
        for place, rule in self.denying:
            if rule.wallets & bit and self.denies_messages(rule, message):
                return Answer(False, refusal="denied-by-rule", rule=place)
        answer, nearest = Answer(True), None
        for place, rule in self.saying:
            if not rule.wallets & bit:
                continue
            failed = self.mismatch(rule, message)
            if failed is None:
                own = [(limit, 0) for limit, scope in self.of_rule.get(place, ()) if scope == 2]
                answer.matches.append((place, own))
            elif nearest is None or failed[0] > nearest[1][0]:
                nearest = place, failed
        if answer.matches:
            answer.common = [(place, 0) for place, scope, index in self.common_limits
                             if scope == 0 or scope == 1 and index == message.wallet]
            return answer
        if nearest is None:
            return Answer(False, refusal="no-rule-for-message", found=message.wallet)
        place, (what, found) = nearest
        return Answer(False, refusal="message-not-matched", rule=place, expected=what, found=found)
