"""A policy of policy_model.py as the bytes that docs/protocol.md, section 4, asks for, and as the TOML of policies/README.md; and
payments and messages as policy-driver reads them. Written from those pages; none of our code is in it."""
import hashlib
import re

from policy_model import ALL_ONES, ANYTHING, EVERY_SCRIPT, FEE, OPEN_OUTPUTS, OUTFLOW, Facts, Message, MessageRule

REGTEST = 4
ADMIN = b"\0\0\0\x0bssh-ed25519\0\0\0\x20" + bytes([7]) * 32
HARD = 1 << 31


def u8(n):
    return n.to_bytes(1, "little")


def u16(n):
    return n.to_bytes(2, "little")


def u32(n):
    return n.to_bytes(4, "little")


def i32(n):
    return n.to_bytes(4, "little", signed=True)


def u64(n):
    return n.to_bytes(8, "little")


def vec8(data):
    return u8(len(data)) + data


def vec16(data):
    return u16(len(data)) + data


def vec32(data):
    return u32(len(data)) + data


def tagged(tag, data):
    head = hashlib.sha256(tag.encode()).digest()
    return hashlib.sha256(head + head + data).digest()


# Zones.

NAME, TIME = r"(?:[A-Za-z]{3,}|<[A-Za-z0-9+-]+>)", r"[+-]?\d{1,3}(?::\d\d(?::\d\d)?)?"
ZONE = re.compile(rf"^{NAME}({TIME})(?:{NAME}({TIME})?,M(\d+)\.(\d)\.(\d)(?:/({TIME}))?,M(\d+)\.(\d)\.(\d)(?:/({TIME}))?)?$")


def seconds_of(text):
    sign = -1 if text.startswith("-") else 1
    return sign * sum(int(part) * unit for part, unit in zip(text.lstrip("+-").split(":"), (3600, 60, 1)))


def zone_bytes(text):
    match = ZONE.match(text)
    standard = -seconds_of(match[1])
    if not match[3]:
        return i32(standard) + u8(0)
    daylight = -seconds_of(match[2]) if match[2] else standard + 3600
    changes = b"".join(u8(int(match[n])) + u8(int(match[n + 1])) + u8(int(match[n + 2])) + i32(seconds_of(match[n + 3] or "2"))
                       for n in (3, 7))
    return i32(standard) + u8(1) + i32(daylight) + changes


# Rules.

def condition_bytes(rule):
    out = b""
    for fact in sorted(rule.ranges):
        least, most = rule.ranges[fact]
        if (least, most) != ANYTHING or rule.allows and fact in (OUTFLOW, FEE):
            out += u8(1) + u8(fact) + u64(least) + u64(most)
    if rule.lists:
        out += u8(2) + u64(rule.lists)
    if rule.sighashes:
        out += u8(3) + u8(rule.sighashes)
    if rule.scripts:
        out += u8(4) + u16(rule.scripts)
    for kind, mask in ((5, rule.lock_time), (6, rule.replaceable), (7, rule.replacement)):
        if mask:
            out += u8(kind) + u8(mask)
    if rule.requesters:
        out += u8(8) + u8(len(rule.requesters)) + b"".join(map(u32, sorted(rule.requesters)))
    if rule.times:
        zone, spans = rule.times
        out += u8(9) + u8(zone) + u8(len(spans)) + b"".join(u8(d) + u16(a) + u16(z) for d, a, z in sorted(spans))
    return out


def is_plain(rule):
    """Whether effects 1 … 3 can say it."""
    if rule.scripts or rule.lock_time or rule.replaceable or rule.replacement or rule.requesters or rule.times:
        return False
    if not rule.allows:
        return not rule.ranges and not rule.sighashes
    return all(fact <= 3 and least == 0 for fact, (least, _) in rule.ranges.items())


def rule_bytes(rule, plain):
    head = vec8(rule.name.encode())
    if isinstance(rule, MessageRule):
        least, most = rule.indexes
        return (head + u8(4) + u64(rule.wallets) + u8(rule.formats) + u8(rule.branches) + u32(least) + u32(most)
                + vec8(rule.pattern.encode()))
    if plain:
        effect = 2 if not rule.allows else 3 if rule.sighashes else 1
        caps = b"".join(u64(rule.ranges.get(fact, ANYTHING)[1]) for fact in (1, 2, 3))
        return (head + u8(effect) + u64(rule.wallets) + caps + u8(1 if rule.lists else 0) + u64(rule.lists)
                + (u8(rule.sighashes) if effect == 3 else b""))
    return head + u8(5 if rule.allows else 6) + u64(rule.wallets) + vec16(condition_bytes(rule))


def wallet_bytes(name, account, index_max=1_000_000):
    descriptor = f"wpkh(self/84h/1h/{account}h/<0;1>/*)".encode()
    steps = [HARD | 84, HARD | 1, HARD | account]
    key = u8(1) + u8(len(steps)) + b"".join(map(u32, steps)) + u8(2) + u32(0) + u32(1)
    return vec8(name.encode()) + u8(1) + u32(index_max) + u8(1) + key + vec16(descriptor)


def bundle(policy, plain=None, source=b"version = 1\n", allowance=10**8):
    """`plain(place)` says whether a rule that effects 1 … 3 can say is written so; always, unless said."""
    sections = bool(policy.zones or policy.shapes)
    out = b"PCBUNDL1" + u16(2 if sections else 1) + u8(REGTEST) + u64(1) + bytes(32) + hashlib.sha256(source).digest()
    out += u64(allowance) + u8(1) + u8(1) + vec16(ADMIN)
    out += u16(len(policy.wallets)) + b"".join(wallet_bytes(name, place) for place, name in enumerate(policy.wallets))
    out += u16(len(policy.lists)) + b"".join(vec8(name.encode()) for name in policy.lists)
    out += u32(len(policy.destinations))
    for script in sorted(policy.destinations, key=lambda s: (len(s), s)):
        out += vec16(script) + u64(policy.destinations[script])
    out += u16(len(policy.limits))
    for limit in policy.limits:
        out += (vec8(limit.name.encode()) + u8(limit.scope) + u16(limit.index) + u32(limit.window) + u64(limit.amount)
                + u32(limit.count))
    out += u16(len(policy.rules))
    for place, rule in enumerate(policy.rules):
        said = not isinstance(rule, MessageRule) and is_plain(rule) and (plain is None or plain(place))
        out += rule_bytes(rule, said)
    if sections:
        out += u8(len(policy.zones)) + b"".join(map(zone_bytes, policy.zones))
        out += u8(len(policy.shapes))
        for lists, prefix, least, most in policy.shapes:
            out += u64(lists) + vec8(prefix) + u16(least) + u16(most)
        out += u8(0) + u32(0) + u16(0)
    return out + vec32(source)


def bundle_hash(data):
    return tagged("portcullis/bundle/1", data)


# What policy-driver reads.

def asking(requester, seconds):
    return (u8(0) if requester is None else u8(1) + u32(requester)) + (u8(0) if seconds is None else u8(1) + u64(seconds))


def request(asked):
    if isinstance(asked, Message):
        coins = b"".join(u8(branch) + u32(index) for branch, index in asked.coins)
        return (u8(2) + u8(asked.wallet) + asking(asked.requester, asked.seconds) + u8(asked.format) + u8(asked.branch)
                + u32(asked.index) + u8(len(asked.coins)) + coins + vec16(asked.text))
    p, total, returned = asked, sum(asked.ours), sum(asked.returned)
    paid = sum(amount for _, amount in p.paid)
    outflow = total if p.sighashes else total - returned
    out = u8(1) + u8(p.wallet) + asking(p.requester, p.seconds)
    out += u64(outflow) + u64(outflow if p.sighashes else outflow - paid) + u32(p.size) + u8(p.sighashes)
    out += u16(len(p.paid) + len(p.returned)) + u8(1 if p.sighashes & OPEN_OUTPUTS else 0)
    out += u8(len(p.paid)) + b"".join(u64(amount) + vec16(script) for script, amount in p.paid)
    out += u8(2 if p.replaces is None else int(p.replaces))
    out += u8(int(p.shape_known)) + u64(returned) + u64(returned + paid) + u32(p.version) + u32(p.lock_time)
    out += u16(len(p.sequences)) + b"".join(map(u32, p.sequences))
    ranges = [(fact, value) for fact, value in p.said.items() if isinstance(fact, int)]
    out += u8(len(ranges)) + b"".join(u8(fact) + u64(least) + u64(most) for fact, (least, most) in ranges)
    if len(ranges) == len(p.said):
        return out + u8(0)
    known = Facts(p)
    return out + u8(1) + u16(known.scripts) + u8(known.lock_time) + u8(known.replaceable) + u8(known.replacement)


# TOML.

SCRIPTS = ("p2pkh", "p2sh", "p2wpkh", "p2wsh", "p2tr", "op_return", "witness", "other")
LOCKS = ("none", "height", "time", "relative")
SIGHASHES = ("NONE", "SINGLE", "ALL|ANYONECANPAY", "NONE|ANYONECANPAY", "SINGLE|ANYONECANPAY")
KEYS = {1: "outflow", 2: "fee", 3: "feerate", 4: "output", 5: "inputs", 6: "outputs", 7: "own_share"}
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def named(mask, names):
    return "[" + ", ".join(f'"{name}"' for bit, name in enumerate(names) if mask >> bit & 1) + "]"


def quantity(fact, value):
    if fact in (5, 6):
        return str(value)
    if fact == 7:
        return f'"{value // 10_000}.{value % 10_000:04d}%"'
    if fact == 3:
        return f'"{value // 1000}.{value % 1000:03d} sat/vB"'
    return f'"{value} sat"' if value % 7 else f'"{value // 10**8}.{value % 10**8:08d} BTC"'


def clock(minute):
    return f"{minute // 60:02d}:{minute % 60:02d}"


def rule_toml(rule, policy, zones):
    wallets = '"any"' if rule.wallets == (1 << len(policy.wallets)) - 1 else named(rule.wallets, policy.wallets)
    lines = ["", "[[rules]]", f'name = "{rule.name}"', f"wallets = {wallets}"]
    if isinstance(rule, MessageRule):
        least, most = rule.indexes
        branches = ("receive", "change", "2", "3", "4", "5", "6", "7")
        return lines + ['effect = "allow-messages"', f'formats = {named(rule.formats, ("bip322", "proof-of-funds", "legacy"))}',
                        f"branches = {named(rule.branches, branches)}", f'indexes = "{least}-{most}"', f"text = '{rule.pattern}'"]
    lines.append(f'effect = "{"allow" if rule.allows else "deny"}"')
    lines.append(f"destinations = {named(rule.lists, policy.lists) if rule.lists else chr(34) + 'any' + chr(34)}")
    ranges = dict(rule.ranges)
    if rule.allows:
        ranges = {OUTFLOW: ANYTHING, FEE: ANYTHING, **ranges}
    for fact, (least, most) in ranges.items():
        if least:
            lines.append(f"min_{KEYS[fact]} = {quantity(fact, least)}")
        if most < ALL_ONES:
            lines.append(f"max_{KEYS[fact]} = {quantity(fact, most)}")
        elif rule.allows and fact <= 2:
            lines.append(f'max_{KEYS[fact]} = "none"')
    for key, mask, names in (("sighash", rule.sighashes, SIGHASHES), ("scripts", rule.scripts, SCRIPTS),
                             ("lock_time", rule.lock_time, LOCKS)):
        if mask:
            lines.append(f"{key} = {named(mask, names)}")
    if rule.replaceable:
        lines.append(f"replaceable = {'true' if rule.replaceable == 2 else 'false'}")
    if rule.replacement:
        lines.append(f'replacement = "{"only" if rule.replacement == 2 else "never"}"')
    if rule.requesters:
        said = ['"payments"' if uid == 1001 else str(uid) for uid in rule.requesters]
        lines.append(f"requesters = [{', '.join(said)}]")
    if rule.times:
        zone, spans = rule.times
        texts = [",".join(day for bit, day in enumerate(DAYS) if days >> bit & 1) + f" {clock(first)}-{clock(last + 1)}"
                 for days, first, last in spans]
        lines += [f"times = [{', '.join(chr(34) + text + chr(34) for text in texts)}]", f'zone = "{zones[zone]}"']
    return lines


def limit_toml(limit, policy):
    lines = ["", f"[limits.{limit.name}]"]
    scope = limit.scope & 15
    if scope == 0:
        lines.append('scope = "global"')
    elif scope == 1:
        lines.append(f'wallet = "{policy.wallets[limit.index]}"')
    elif scope == 2:
        lines.append(f'rule = "{policy.rules[limit.index].name}"')
    else:
        lines.append(f'destinations = "{policy.lists[limit.index]}"')
    if limit.scope == 4:
        lines.append("each = true")
    if limit.scope >= 16:
        lines.append('of = "fees"')
    lines.append(f'window = "{limit.window}s"')
    if limit.amount < ALL_ONES:
        lines.append(f'amount = "{limit.amount} sat"')
    if limit.count < 2**32 - 1:
        lines.append(f"transactions = {limit.count}")
    return lines


def toml(policy, address_of, allowance=10**8):
    """The text that compiles to `bundle(policy, source=text)`; `address_of(script)` is the address of a script."""
    import base64
    lines = ["version = 1", 'network = "regtest"', f'allowance = "{allowance} sat"', "", "[admins]", "threshold = 1",
             f'keys = ["ssh-ed25519 {base64.b64encode(ADMIN).decode()}"]']
    for place, name in enumerate(policy.wallets):
        lines += ["", f"[wallets.{name}]", f'descriptor = "wpkh(self/84h/1h/{place}h/<0;1>/*)"']
    lines += ["", "[requesters]", "payments = 1001"]
    zones = ["utc" if text == "UTC0" else f"zone{place}" for place, text in enumerate(policy.zones)]
    if any(name != "utc" for name in zones):
        lines += ["", "[zones]"] + [f'{name} = "{text}"' for name, text in zip(zones, policy.zones) if name != "utc"]
    for bit, name in enumerate(policy.lists):
        addresses = [f'"{address_of(script)}"' for script, lists in policy.destinations.items() if lists >> bit & 1]
        data = [f'{{ prefix = "{prefix.hex()}", min = {least}, max = {most} }}' if prefix else f"{{ min = {least}, max = {most} }}"
                for lists, prefix, least, most in policy.shapes if lists >> bit & 1]
        lines += ["", f"[destinations.{name}]"]
        lines += [f"addresses = [{', '.join(addresses)}]"] if addresses else []
        lines += [f"data = [{', '.join(data)}]"] if data else []
    for limit in policy.limits:
        lines += limit_toml(limit, policy)
    for rule in policy.rules:
        lines += rule_toml(rule, policy, zones)
    return "\n".join(lines) + "\n"


assert EVERY_SCRIPT == (1 << len(SCRIPTS)) - 1
