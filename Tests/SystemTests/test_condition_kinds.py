"""Every condition of policies/README.md through the whole appliance: as a rule that allows and as one that denies, with a payment for
which it holds and one for which it does not. One is the control of the other."""
import datetime
import pathlib
import subprocess

import pytest
from embit import script
from embit.networks import NETWORKS

import wallets
import wire
from appliance import PLAIN_PYTHON, REPOSITORY, Appliance, Refused
from conftest import root_only
from refusals import NAMES

SOURCE = (REPOSITORY / "policies/examples/regtest-open.toml").read_text()
HEAD = SOURCE[:SOURCE.index("# The only rule")]
CAPS = {"max_outflow": '"1 BTC"', "max_fee": '"0.01 BTC"'}
TO, TR = wallets.foreign_script(), script.Script(b"\x51\x20" + bytes(31) + b"\x07")
NOTE = lambda data: script.Script(b"\x6a" + bytes([len(data)]) + data)


def rule(name, effect, lines):
    lines = lines if isinstance(lines, dict) else dict(line.split(" = ", 1) for line in lines.split("\n"))
    given = {"destinations": '"any"', **(CAPS if effect == "allow" else {}), **lines}
    return f'[[rules]]\nname = "{name}"\neffect = "{effect}"\nwallets = "any"\n' + "".join(f"{k} = {v}\n" for k, v in given.items())


def policy(tmp_path, *rules, more=""):
    path = tmp_path / "policy.toml"
    path.write_text(HEAD + more + "".join(rules))
    return path


def payment(coins=1, kind="wpkh", fee=1_000, pays=((TO, 20_000),), sighash=None, **form):
    """Of so many coins of 100,000."""
    coins = [wallets.Coin(kind, 100_000, index=place) for place in range(coins)]
    paid = sum(amount for _, amount in pays)
    made = wallets.embit_psbt(coins, pays, (kind, 1, 100_000 * len(coins) - paid - fee), **form)
    if sighash:
        for place in made.inputs:
            place.sighash_type = sighash
    return made


LISTS = f"""
[destinations.payroll]
addresses = ["{TO.address(NETWORKS['regtest'])}"]

[destinations.notes]
data = [{{ prefix = "6f6d", min = 3, max = 5 }}]

"""
two = lambda *more: {"pays": ((TO, 20_000), *more)}
# The condition; a payment for which it holds; one for which it does not, and the name of that. The usual one pays 20,000 with a fee of 1,000
# from a coin of 100,000: 142 vB at the most, 79,000 of 99,000 come back.
KINDS = {
    "min_outflow": ('min_outflow = "21_001 sat"', {"fee": 1_001}, {}, "outflow-under-minimum"),
    "max_outflow": ('max_outflow = "21_000 sat"', {}, {"fee": 1_001}, "outflow-over-maximum"),
    "min_fee": ('min_fee = "1_001 sat"', {"fee": 1_001}, {}, "fee-under-minimum"),
    "max_fee": ('max_fee = "1_000 sat"', {}, {"fee": 1_001}, "fee-over-maximum"),
    "min_feerate": ('min_feerate = "10 sat/vB"', {"fee": 1_500}, {}, "feerate-under-minimum"),
    "max_feerate": ('max_feerate = "10 sat/vB"', {}, {"fee": 1_500}, "feerate-over-maximum"),
    "min_output": ('min_output = "20_001 sat"', {"pays": ((TO, 20_001),)}, {}, "output-under-minimum"),
    "max_output": ('max_output = "20_000 sat"', {}, {"pays": ((TO, 20_001),)}, "output-over-maximum"),
    "min_inputs": ("min_inputs = 2", {"coins": 2}, {}, "input-count"),
    "max_inputs": ("max_inputs = 1", {}, {"coins": 2}, "input-count"),
    "min_outputs": ("min_outputs = 3", two((TR, 5_000)), {}, "output-count"),
    "max_outputs": ("max_outputs = 2", {}, two((TR, 5_000)), "output-count"),
    "min_own_share": ('min_own_share = "79.8%"', {"pays": ((TO, 19_000),)}, {}, "own-share"),
    "max_own_share": ('max_own_share = "79.8%"', {}, {"pays": ((TO, 19_000),)}, "own-share"),
    "destinations": ('destinations = ["payroll"]\nmin_inputs = 1', {}, {"pays": ((TR, 20_000),)}, "destination-not-listed"),
    "data": ('destinations = ["notes", "payroll"]\nmin_inputs = 1', two((NOTE(b"omni"), 0)), two((NOTE(b"omn!i?"), 0)),
             "destination-not-listed"),
    "scripts": ('scripts = ["p2tr"]', {"pays": ((TR, 20_000),)}, {}, "script-kind"),
    "no lock": ('lock_time = ["none"]', {}, {"locktime": 499_999_999}, "lock-time-kind"),
    "no relative lock": ('lock_time = ["none"]', {}, {"sequence": 144}, "lock-time-kind"),
    "height": ('lock_time = ["height"]', {"locktime": 1}, {}, "lock-time-kind"),
    "relative": ('lock_time = ["relative"]', {"sequence": 0x400001}, {"sequence": 0x400000}, "lock-time-kind"),
    "version 1 has no relative lock": ('lock_time = ["relative"]', {"sequence": 1}, {"sequence": 1, "version": 1}, "lock-time-kind"),
    "replaceable": ("replaceable = true", {}, {"sequence": 0xFFFFFFFE}, "replaceability"),
    "not replaceable": ("replaceable = false", {"sequence": 0xFFFFFFFE}, {}, "replaceability"),
}


def refused(running, psbt, name, subject, *options):
    with pytest.raises(Refused) as caught:
        running.sign(psbt, *options)
    assert (caught.value.name, caught.value.error["subjectName"]) == (name, subject), caught.value


@pytest.mark.parametrize("case", KINDS)
def test_a_rule_that_allows(tmp_path, case):
    lines, good, bad, name = KINDS[case]
    with Appliance(policy(tmp_path, rule("only", "allow", lines), more=LISTS)) as running:
        refused(running, payment(**bad), name, "only")
        assert running.sign(payment(**good))["receipt"]


# What a rule denies that has a greatest bound alone is asked for by mistake more often than not, so those are left out.
@pytest.mark.parametrize("case", [case for case in KINDS if not case.startswith("max_") and case != "data"])
def test_a_rule_that_denies(tmp_path, case):
    lines, good, bad, _ = KINDS[case]
    with Appliance(policy(tmp_path, rule("not", "deny", lines), rule("any", "allow", {}), more=LISTS)) as running:
        refused(running, payment(**good), "denied-by-rule", "not")
        assert running.sign(payment(**bad))["receipt"]


def test_sighash_types(tmp_path):
    joined = {"sighash": 0x81, "pays": ((TO, 20_000),)}
    lines = {"sighash": '["ALL|ANYONECANPAY"]', "max_outputs": "2"}
    with Appliance(policy(tmp_path, rule("only", "allow", lines))) as running:
        running.sign(payment(**joined))
        refused(running, payment(sighash=3), "sighash-not-in-rule", "only")
        refused(running, payment(**two((TR, 5_000)), sighash=0x81), "output-count", "only")
    # What others put in may pay any fee: a rule that denies a high one matches, and none that leaves the inputs as they are.
    rules = [rule("dear", "deny", {"min_fee": '"0.005 BTC"'}), rule("only", "allow", {"sighash": '["ALL|ANYONECANPAY", "SINGLE"]'})]
    with Appliance(policy(tmp_path, *rules)) as running:
        refused(running, payment(**joined), "denied-by-rule", "dear")
        running.sign(payment(sighash=3))
        running.sign(payment())


def test_replacements(tmp_path):
    path = tmp_path / "old.psbt"
    coins = [wallets.Coin("wpkh", 100_000)]
    make = lambda fee: wallets.embit_psbt(coins, [(TO, 20_000)], ("wpkh", 1, 80_000 - fee))
    for effect, first, second in (("allow", None, "replacement-kind"), ("deny", "denied-by-rule", None)):
        # A rule for what replaces nothing; and one that takes what does, to have something to begin with.
        if effect == "allow":
            rules = [rule("plain", "allow", {"replacement": '"never"'})]
        else:
            rules = [rule("plain", "deny", {"replacement": '"never"', "max_inputs": "1"}), rule("any", "allow", {})]
        with Appliance(policy(tmp_path, *rules)) as running:
            if first:
                refused(running, make(1_000), first, "plain")
                continue
            path.write_text(make(1_000).to_string())
            running.sign(make(1_000))
            refused(running, make(2_000), second, "plain", "--replaces", path)
            running.sign(make(2_000))
    with Appliance(policy(tmp_path, rule("plain", "allow", {"max_fee": '"1_000 sat"'}),
                          rule("bumps", "allow", {"replacement": '"only"'}))) as running:
        running.sign(make(1_000))
        refused(running, make(2_000), "replacement-kind", "bumps")
        running.sign(make(2_000), "--replaces", path)


def now():
    return datetime.datetime.now(datetime.timezone.utc)


def window(begin, end):
    """From so many minutes after now to so many after it, by the clock of Kathmandu."""
    local = [now() + datetime.timedelta(hours=5, minutes=45 + minutes) for minutes in (begin, end)]
    return f'["daily {local[0]:%H:%M}-{local[1]:%H:%M}"]'


ZONES = '[zones]\nkathmandu = "<+0545>-5:45"\n\n'


def test_times(tmp_path):
    inside, outside = ({"times": window(*span), "zone": '"kathmandu"'} for span in ((-60, 60), (60, 180)))
    for effect, first in (("allow", "outside-time"), ("deny", "denied-by-rule")):
        wrong, right = (outside, inside) if effect == "allow" else (inside, outside)
        more = [] if effect == "allow" else [rule("any", "allow", {})]
        with Appliance(policy(tmp_path, rule("when", effect, wrong), *more, more=ZONES)) as running:
            refused(running, payment(), first, "when")
        with Appliance(policy(tmp_path, rule("when", effect, right), *more, more=ZONES)) as running:
            started = now().timestamp()
            assert running.sign(payment())["receipt"]
            leaf = [entry for entry in running.run("audit show")["entries"] if entry["kind"] == "decision"][-1]
            assert started <= leaf["askedAt"] / 1e9 <= now().timestamp()
            assert (leaf["locks"], leaf["replaceable"]) == (["none"], [True])


def ids(running):
    """The uid and the gid of the front."""
    status = pathlib.Path(f"/proc/{running.pids()['front']}/status").read_text()
    return tuple(int(status.split(f"{name}:\t")[1].split()[0]) for name in ("Uid", "Gid"))


ASK = """
import socket, sys
c = socket.socket(socket.AF_UNIX)
c.connect(sys.argv[1])
c.sendall(sys.stdin.buffer.read())
c.settimeout(20)
head = c.recv(5, socket.MSG_WAITALL)
sys.stdout.buffer.write(head[4:] + c.recv(int.from_bytes(head[:4], "little") - 1, socket.MSG_WAITALL))
"""


def asked(running, request, uid, gid):
    """What the gate answers a client of this uid."""
    frame = wire.frame(wire.SIGN, request.encode())
    run = subprocess.run([PLAIN_PYTHON, "-c", ASK, str(running.home / "run/gate.sock")], input=frame, capture_output=True, timeout=60,
                         user=uid, group=gid, extra_groups=[], cwd="/", check=True)
    answer = wire.Answer(run.stdout[0], run.stdout[1:])
    return None if answer.signed else (NAMES[answer.code], answer.found)


def request(number):
    return wire.Request([wallets.Coin("wpkh", 100_000, index=number)], [(TO, 20_000)])


@root_only
def test_requesters(tmp_path):
    """The uid is the kernel's word. A stolen front can send what it likes: it is the front, and whoever else speaks to the gate is not."""
    with Appliance() as running:
        uid, gid = ids(running)
    for named, name in (([uid], None), ([uid + 1, 4_242], "requester")):
        lines = {"requesters": f'["clients", {named[0]}]' if len(named) > 1 else f"[{named[0]}]"}
        more = "[requesters]\nclients = 4242\n\n" if len(named) > 1 else ""
        with Appliance(policy(tmp_path, rule("who", "allow", lines), more=more)) as running:
            assert ids(running)[0] == uid
            if name:
                refused(running, payment(), name, "who")
            else:
                running.sign(payment())
                entry = [one for one in running.run("audit show")["entries"] if one["kind"] == "decision"][-1]
                assert entry["requester"] == uid
            # The very same bytes from two uids: root is another client of the gate.
            assert asked(running, request(1), uid, gid) == (name and (name, uid))
            assert asked(running, request(1), 0, 0) == ("requester", 0)
            # What was charged for one is not for the other to fetch.
            assert asked(running, request(1), 0, 0) == ("requester", 0)
            assert asked(running, request(1), uid, gid) == (name and (name, uid))
    with Appliance(policy(tmp_path, rule("not", "deny", {"requesters": f"[{uid}]"}), rule("any", "allow", {}))) as running:
        refused(running, payment(), "denied-by-rule", "not")
        assert asked(running, request(1), 0, 0) is None
        assert asked(running, request(1), uid, gid)[0] == "denied-by-rule"
