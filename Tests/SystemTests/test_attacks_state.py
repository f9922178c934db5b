"""R54 … R73 of reference/refusals.md: limits, log, time, and the doors around the policy."""
import json
import os
import shutil
import signal
import socket
import subprocess
import threading
import time

import bare
import killing
import pytest
import recording
import templates
import unreliable
import wallets
import wire
from appliance import BUILD, PASSPHRASE, Failed, Refused, portcullis
from attacks import BOB, DESCRIPTORS, Box, box, changed, policy, refused_policy  # noqa: F401
from conftest import root_only
from refusals import NAMES
from templates import HARD
from test_damage import must_not_serve, put_back
from test_hostile_gate import Scene
from wire import u8, u16, u32, u64, vec16

ALL = '[limits.all]\nscope = "global"\nwindow = "1h"\ntransactions = 100000\namount = "1000 BTC"\n'


def limited(*limits):
    """The policy with other limits; each is (name, scope, rest of the table)."""
    assert ALL in policy()
    return policy().replace(ALL, "".join(f"[limits.{name}]\n{scope}\n{rest}\n" for name, scope, rest in limits))


TWICE = limited(("all", 'scope = "global"', 'window = "1h"\ntransactions = 2'))


def test_r54_restart_resets_no_counter():
    with Box(TWICE) as it:
        it.signs(it.payment("small"))
        it.signs(it.payment("taproot"))
        it.refuses(it.payment("small"), "limit-exceeded")
        it.stop()
        it.start()
        it.refuses(it.payment("small"), "limit-exceeded")
        # Nor does a violent end of the process that counts.
        os.kill(it.pids()["gate"], signal.SIGKILL)
        killing.come_back(it)
        it.refuses(it.payment("taproot"), "limit-exceeded")
        assert it.used()[1][0][1] == 2


def test_r55_wall_clock_moved():
    """Forward it frees nothing, backward it freezes nothing; both stand in the log."""
    with unreliable.Programs() as programs, Box(TWICE) as it:
        it.signs(it.payment("small"))
        programs.set(seconds=365 * 86_400)
        it.signs(it.payment("small"))
        it.refuses(it.payment("small"), "limit-exceeded")
        programs.set(seconds=-3 * 365 * 86_400)
        it.refuses(it.payment("small"), "limit-exceeded")
        programs.set(seconds=10**9)
        it.refuses(it.payment("small"), "limit-exceeded")
        # Not even with a gate that begins with the wrong clock.
        it.stop()
        it.start()
        it.refuses(it.payment("small"), "limit-exceeded")
        it.stop()
        entries = portcullis("audit", "show", "--home", it.home)["entries"]
        assert sum(entry.get("event") in ("clock-step", "clock step") for entry in entries) >= 3, entries[-3:]


def test_r55_wall_clock_set_back_stops_nothing():
    """A clock that is years behind the log: what has room is signed, at a log time that does not go back, after a restart as well."""
    with unreliable.Programs() as programs, Box(TWICE) as it:
        it.signs(it.payment("small"))
        programs.set(seconds=-3 * 365 * 86_400)
        it.stop()
        it.start()
        it.signs(it.payment("small"))
        it.refuses(it.payment("small"), "limit-exceeded")
        it.stop()
        assert portcullis("audit", "verify", "--home", it.home)["ok"]
        times = [entry["logTime"] for entry in portcullis("audit", "show", "--home", it.home)["entries"] if "logTime" in entry]
        assert len(times) > 5 and times == sorted(times) and time.time() - times[-1] / 1e9 < 600


def test_r55_time_never_goes_back_for_the_signer():
    files = bare.Files()
    with bare.Signer(files) as signer:
        scene = Scene(signer)
        scene.settle()
        assert NAMES[scene.assess(scene.request, slot=5, time=999).code] == "time-went-back"
        kind, answer = signer.ask(bare.ADVANCE, u64(999) + u32(0))
        assert (kind, NAMES[bare.Refusal(answer).code]) == (wire.REFUSED, "time-went-back")
        assert scene.assess(scene.request, slot=5, time=1_000).verdict == 1
    files.remove()


def test_r56_another_policy_gives_no_fresh_budget():
    """What is signed under is fixed by the signer's record; a looser bundle, even one that `init` itself made, opens nothing."""
    with Box(TWICE) as strict, Box() as loose:
        strict.signs(strict.payment("small"))
        strict.stop()
        bundle = strict.home / "public/bundle.bin"
        own = bundle.read_bytes()
        bundle.write_bytes((loose.home / "public/bundle.bin").read_bytes())
        must_not_serve(strict, "bundle-mismatch")
        # Its source alone is no policy.
        bundle.write_bytes(own)
        (strict.home / "public/policy.toml").write_bytes((loose.home / "public/policy.toml").read_bytes())
        strict.start()
        strict.signs(strict.payment("small"))
        strict.refuses(strict.payment("small"), "limit-exceeded")


def test_r57_limit_holds_in_every_window():
    """Whoever asks all the time is never given more than the cap within any window, wherever it begins."""
    window, cap = 3.0, 2
    with Box(limited(("all", 'scope = "global"', f'window = "{window:.0f}s"\ntransactions = {cap}'))) as it:
        requests = iter([it.payment("taproot", [(0, 0)]) for _ in range(900)])
        signed, end = [], time.monotonic() + 3.5 * window
        while time.monotonic() < end:
            before = time.monotonic()
            if it.ask(next(requests)).signed:
                signed.append((before, time.monotonic()))
            time.sleep(0.02)
    assert len(signed) >= 3 * cap, "the control: the window moves"
    for first, last in zip(signed, signed[cap:]):
        assert last[1] - first[0] >= window, signed


SALAMI = limited(("sum", 'scope = "global"', 'window = "1h"\namount = "250_000 sat"'),
                 *[(f"r{n}", f'rule = "rule{n}"', 'window = "1h"\namount = "130_000 sat"') for n in range(4)])

RULE = """[[rules]]
name = "rule{n}"
effect = "allow"
wallets = [{wallets}]
destinations = "any"
max_outflow = "100_000 sat"
max_fee = "100_000 sat"
"""


def test_r58_salami_through_many_rules():
    """Four rules over four wallets, each with room left; all of them together have none."""
    names = ("small", "taproot", "legacy", "nested")
    rules = "".join(RULE.format(n=n, wallets=f'"{name}"') for n, name in enumerate(names))
    with Box(SALAMI[:SALAMI.index("# Nothing is said")] + rules) as it:
        for name in names:
            it.signs(it.payment(name))
        for name in names:
            answer = it.refuses(it.payment(name), "limit-exceeded")
            assert (answer.expected, answer.found) == (250_000, 300_000)
        assert [amount for amount, _ in it.used()[1]] == [240_000] + [60_000] * 4


def test_r58_a_rule_without_room_leaves_it_to_the_next():
    """The control: it was the sum that refused, no rule."""
    rules = "".join(RULE.format(n=n, wallets='"small"') for n in range(4))
    with Box(SALAMI[:SALAMI.index("# Nothing is said")].replace("250_000", "900_000") + rules) as it:
        for _ in range(8):
            it.signs(it.payment("small"))
        assert [amount for amount, _ in it.used()[1]] == [480_000] + [120_000] * 4
        it.refuses(it.payment("small"), "limit-exceeded")


@pytest.mark.parametrize("what, word", [("gate", "log-behind-signer"), ("signer/state", "state-rolled-back")])
def test_r59_state_rolled_back(what, word):
    with Box(TWICE) as it:
        it.signs(it.payment("small"))
        it.stop()
        old = it.home.with_name(it.home.name + "-old")
        shutil.copytree(it.home, old, copy_function=shutil.copy2, ignore=shutil.ignore_patterns("*.sock"))
        try:
            it.start()
            it.signs(it.payment("small"))
            it.stop()
            put_back(it.home, old, what)
            must_not_serve(it, word)
        finally:
            shutil.rmtree(old)


@root_only
@pytest.mark.skipif(not recording.has_strace(), reason="no strace (apt install strace)")
def test_r60_everything_is_flushed_before_the_signature_leaves(tmp_path):
    """Each answer with signatures: all that signer and gate wrote before it was flushed before it."""
    it, trace = Box(), tmp_path / "trace"
    tracer = subprocess.Popen([*recording.command(trace), str(BUILD / "portcullis"), "up", "--home", str(it.home)],
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        assert tracer.stdout.readline().strip() == "ready"
        it.unlock()
        it.wait_for("ready")
        it.ids = {one["name"]: bytes.fromhex(one["id"]) for one in it.run("wallet list")["wallets"]}
        for _ in range(5):
            it.signs(it.payment("small"))
    finally:
        supervisor = int(open(f"/proc/{tracer.pid}/task/{tracer.pid}/children").read().split()[0])
        os.kill(supervisor, signal.SIGTERM)
        tracer.wait(30)
    names = {str(it.home / "signer" / "state"): "state", str(it.home / "gate" / "log-0" / "journal"): "journal"}
    events = recording.events(trace, names)
    shutil.rmtree(it.home)
    answers = [event for event in events if isinstance(event, recording.Answer) and event.kind == wire.SIGNED]
    assert len(answers) == 5
    for answer in answers:
        for file in ("state", "journal"):
            written = [e for e in events if isinstance(e, recording.Write) and e.file == file and e.begun < answer.begun]
            flushed = [e for e in events if isinstance(e, recording.Sync) and e.file == file and e.done <= answer.begun]
            assert written and flushed and max(e.begun for e in flushed) >= max(e.done for e in written)


def test_r61_a_client_that_lost_the_answer(box):
    """The same question gives the same signatures and one charge, however the answer was lost."""
    request = box.payment("vault")
    spent = box.used()[0]
    with wire.Connection(box.gate) as connection:
        connection.send(wire.SIGN, request.encode())
    first = box.signs(request)
    for victim in ("gate", "signer"):
        os.kill(box.pids()[victim], signal.SIGKILL)
        killing.come_back(box)
        again = box.signs(request)
        assert again.seen_before and again.signatures == first.signatures
    assert box.used()[0] - spent == 60_000
    # Nothing was relaxed meanwhile: a like request is another one, and charged.
    box.signs(changed(request, lambda r: r.outputs[1].update(amount=r.outputs[1]["amount"] - 1)))
    assert box.used()[0] - spent == 120_001


DENY = """
[[rules]]
name = "never"
effect = "deny"
wallets = "any"
destinations = ["blocked"]
"""


def test_r65_a_missing_field_makes_no_forbidding_rule_fail_to_match():
    network, blocked = wallets.NETWORKS["regtest"], wallets.foreign_script()
    lists = f'[destinations.blocked]\naddresses = ["{blocked.address(network)}"]\n[limits.all]'
    with Box(policy().replace("[limits.all]", lists) + DENY) as it:
        for name in ("small", "taproot"):
            honest = it.payment(name)
            banned = changed(honest, lambda r: r.outputs[0].update(script=blocked.data))
            it.refuses(banned, "denied-by-rule")
            # Left out: the claim of the change, the parents where they may be, everything but the banned output; and among many others.
            it.refuses(changed(banned, lambda r: r.outputs[1].update(owner=None)), "denied-by-rule")
            it.refuses(changed(banned, lambda r: r.parents.clear()), *(["denied-by-rule"] if name == "taproot" else ["missing-parent"]))
            it.refuses(changed(banned, lambda r: r.outputs.pop(1)), "denied-by-rule", "feerate-over-maximum")

            def hide(request):
                last = dict(request.outputs[0], amount=1)
                others = [dict(request.outputs[0], amount=1, script=b"\x00\x14" + u32(n) * 5) for n in range(300)]
                request.outputs = [*others, last, request.outputs[1]]
            it.refuses(changed(banned, hide), "denied-by-rule")
            # Said to be ours, so that it would be nobody's destination.
            it.refuses(changed(banned, lambda r: r.outputs[0].update(owner=(0, 1, 4))), "fraudulent-change")
            it.signs(honest)


@pytest.mark.parametrize("line", ['destinations = "any"', 'max_outflow = "100 BTC"', 'max_fee = "0.01 BTC"', 'effect = "allow"'])
def test_r65_a_rule_with_a_field_left_out_is_no_policy(line):
    assert line in policy()
    refused_policy(policy().replace(line + "\n", ""))


def test_r65_a_misspelt_field_or_list_is_no_policy():
    refused_policy(policy().replace("max_fee =", "max_fees ="))
    refused_policy(policy() + DENY)
    refused_policy(policy() + DENY.replace('destinations = ["blocked"]', ""))


def test_r66_no_frame_signs_a_bare_digest(box):
    """Every kind that there is room for, with a digest, alone and with what might be a claim beside it."""
    claim = box.ids["small"] + u8(0) + u32(0)
    for kind in range(256):
        for payload in (bytes(range(32)), claim + bytes(range(32)), vec16(bytes(range(32)))):
            with wire.Connection(box.gate, timeout=5) as connection:
                try:
                    answer, given = connection.ask(kind, payload)
                except EOFError:
                    continue
            assert answer in (wire.GATE_REFUSED, 0xA2) and len(given) in (23, 64) or kind == wire.GATE_STATUS, (kind, answer)
    assert box.signs(box.payment("small"))


def message(box, name, text, form, coins=()):
    """A request to sign a message, as protocol.md has it; `coins` are inputs of a payment."""
    fields = [u8(2), u8(4), u8(0), u8(form), box.ids[name], u8(0), u32(0), u8(0), u32(0), u32(0), u32(0), wire.vec32(text)]
    spent = [c["txid"] + u32(c["vout"]) + u32(c["sequence"]) + u64(c["amount"]) + u8(0) + u8(c["branch"]) + u32(c["index"])
             + u8(c["sighash"]) + u8(0) for c in coins]
    return wire.vec32(b"".join(fields) + u16(len(spent)) + b"".join(spent)) + u16(0)


@pytest.mark.parametrize("name", ["small", "legacy", "taproot"])
def test_r66_messages_are_no_way_around(box, name):
    """A message is signed by a rule of its own, of which there is none here, whatever its text looks like; its digest is never the
    front's, for the signer makes what is signed."""
    payment = box.payment(name)
    raw = payment.signed([bytes(32) + b"\x01" * 32] * 2)[0] if name != "taproot" else b"payment"
    for text in (b"login", payment.digest().hex().encode(), raw.hex().encode()[:16_000]):
        box.refuses(message(box, name, text, 1), "no-rule-for-message")
        box.refuses(message(box, name, text, 2, payment.inputs), "no-rule-for-message")
        box.refuses(message(box, name, text, 3), "message-format" if name == "taproot" else "no-rule-for-message")
    # Bytes that are no text, such as a digest itself.
    box.refuses(message(box, name, bytes(range(32)), 1), "message-text")
    box.refuses(message(box, name, b"\xff" * 32, 1), "message-text")
    # Nor is a payment taken for a message: the coins alone do not make one.
    box.refuses(message(box, name, b"login", 1, payment.inputs), "message-form")
    box.refuses(message(box, name, b"login", 2), "message-form")
    assert box.signs(payment)


def test_r66_nor_does_the_signer_itself():
    """For a gate in other hands: what is no message of the protocol ends the process; see test_hostile_gate.py for the others."""
    files = bare.Files()
    for kind in (0x08, 0x09, 0x0A, 0x10, 0x1F, 0x30, 0x60, 0x7F):
        with bare.Signer(files.copy()) as signer:
            bare.ready(signer)
            signer.gate.send(kind, bytes(range(32)))
            with pytest.raises(EOFError):
                signer.gate.receive()
            assert signer.wait() in (20, 21)
            signer.files.remove()
    files.remove()


def test_r67_no_administrators_path_signs(box):
    """An admin can raise the allowance and nothing else: every rule holds as before, and no door but the gate's gives signatures."""
    box.run("refill", "--amount", 10**12, secrets=[("--passphrase-fd", PASSPHRASE)])
    box.wait_for("ready")
    over = box.payment("small")
    over.outputs[1]["amount"] = 1
    box.refuses(changed(over, lambda r: r.outputs.pop(0)), "feerate-over-maximum", "fee-over-maximum")
    box.refuses(box.payment("rich"), "no-rule-for-wallet")
    box.run("lock")
    box.wait_for("sealed")
    request = box.payment("small")
    for kind in (0x01, 0x03, 0x04, 0x08, 0x12, wire.SIGN, 0x84):
        with wire.Connection(box.home / "run/operator.sock", timeout=3) as door:
            try:
                answer, _ = door.ask(kind, request.encode())
            except (EOFError, OSError):
                continue
            assert answer == wire.REFUSED
    assert not box.ask(request).signed
    box.wait_for("sealed")
    box.unlock()
    box.wait_for("ready")
    assert box.signs(request)


def test_r68_key_import_poisoning(box):
    """A key that says it is ours is held against the seed when the home is made; a public file that lies is found when it is used."""
    strange = templates.OTHERS.derive([84 | HARD, 1 | HARD, 1 | HARD]).to_public().to_base58(wallets.NETWORKS["regtest"]["xpub"])
    claimed = policy().replace(DESCRIPTORS["rich"], f"wpkh([{wallets.FINGERPRINT.hex()}/84h/1h/1h]{strange}/<0;1>/*)")
    known = f'network = "regtest"\nfingerprint = "{wallets.FINGERPRINT.hex()}"'
    refused_policy(claimed.replace('network = "regtest"', known), "is a key that it is not")
    home = box.home / "public/home.json"
    honest = home.read_text()
    account = json.loads(honest)["wallets"]
    small = next(one for one in account if one["name"] == "small")
    assert box.run("wallet address", "small")["verified"]
    try:
        home.write_text(honest.replace(small["xpub"], strange))
        with pytest.raises((Refused, Failed)) as caught:
            shown = box.run("wallet address", "small")
            assert shown["address"] == "never"
        assert "answer-mismatch" in str(caught.value) or isinstance(caught.value, Failed), caught.value
    finally:
        home.write_text(honest)
    assert box.run("wallet address", "small")["verified"]


def test_r69_a_log_that_cannot_be_written():
    """A flush that fails: nothing is signed, then or later, by that process; and what was not flushed was not answered."""
    with unreliable.Programs() as programs, Box() as it:
        it.signs(it.payment("small"))
        programs.set(fails=True)
        request = it.payment("small")
        for _ in range(3):
            with pytest.raises((EOFError, OSError, AssertionError)):
                it.signs(request)
        # It is said by its name, and `up` does not go on as if nothing had been.
        assert it.supervisor.wait(20) != 0 and "log-poisoned" in "".join(it.log)
        programs.set(fails=False)
        it.start()
        assert it.signs(request)
        it.stop()
        assert portcullis("audit", "verify", "--home", it.home)["ok"]


@pytest.mark.parametrize("what", ["gate/log-0/journal", "signer/state"])
def test_r69_missing_state_is_no_fresh_start(what):
    with Box() as it:
        it.signs(it.payment("small"))
        it.stop()
        (it.home / what).unlink()
        with pytest.raises((Failed, Refused)):
            it.start(timeout=20)
            it.signs(it.payment("small"))


NASTY = b"\n\x1b[2J\x1b]0;x\x07 decision 7: allow\r"


def test_r70_log_injection(box):
    """What a stranger writes is shown as hexadecimal, and no name can hold what would forge a line."""
    request = box.payment("small")
    request.outputs.append({"amount": 0, "script": b"\x6a" + u8(len(NASTY)) + NASTY, "owner": None})
    count = len(box.run("audit show")["entries"])
    box.signs(request)
    for arguments in (["audit", "show"], ["audit", "show", "--json"]):
        run = subprocess.run([BUILD / "portcullis", *arguments, "--home", box.home], capture_output=True, timeout=60)
        assert run.returncode == 0 and b"\x1b" not in run.stdout + run.stderr and b"\x07" not in run.stdout
        assert (NASTY.hex().encode() in run.stdout) == ("--json" in arguments)
    assert len(box.run("audit show")["entries"]) >= count + 2
    mark = changed(request, lambda r: r.outputs[2].update(script=b"\x6a\x08PCBATCH1"))
    box.refuses(mark, "journal-mark")
    for name in ("a\\nb", "a\\u001bb", "a\u202eb", "a\u0085b", "a\u200bb", ""):
        refused_policy(policy().replace("[wallets.rich]", f'[wallets."{name}"]'))
        refused_policy(policy().replace('name = "pay"', f'name = "{name}"'))
        refused_policy(policy().replace("[limits.all]", f'[limits."{name}"]'))


def test_r71_chain_and_coin_type(box):
    for network in (0, 1, 2, 3, 5, 255):
        box.refuses(changed(box.payment("small"), lambda r: setattr(r, "network", network)), "wrong-network")
    main = templates.OTHERS.derive([1 | HARD]).to_public().to_base58(wallets.NETWORKS["main"]["xpub"])
    refused_policy(policy().replace("self/84h/1h/1h", "self/84h/0h/1h"))
    refused_policy(policy().replace("self/48h/1h/7h/2h", "self/48h/0h/7h/2h"))
    refused_policy(policy().replace(BOB.value.to_base58(wallets.NETWORKS["regtest"]["xpub"]), main))
    address = wallets.foreign_script().address(wallets.NETWORKS["main"])
    refused_policy(policy().replace("[limits.all]", f'[destinations.far]\naddresses = ["{address}"]\n[limits.all]'))
    refused_policy(policy().replace('network = "regtest"', 'network = "main"'))
    assert box.signs(box.payment("small"))


def test_r73_queue_wedge(box):
    """Half frames, readers that do not read, and a question that hangs: the next one is served at once, and the stuck are sent away."""
    stuck = []
    for number in range(40):
        client = socket.socket(socket.AF_UNIX)
        client.settimeout(20)
        client.connect(str(box.gate))
        frame = wire.frame(wire.SIGN, box.payment("small").encode())
        client.sendall(frame[:len(frame) // 2] if number % 2 else frame[:3])
        stuck.append(client)
    deaf = [socket.socket(socket.AF_UNIX) for _ in range(5)]
    for client in deaf:
        client.connect(str(box.gate))
        client.sendall(wire.frame(wire.SIGN, box.payment("taproot").encode()))
    started = time.monotonic()
    for _ in range(5):
        box.signs(box.payment("small"))
    assert time.monotonic() - started < 5
    answers = []

    def wait(client):
        try:
            found = client.recv(64)
        except OSError:
            found = None
        answers.append((found, time.monotonic() - started))
    threads = [threading.Thread(target=wait, args=(client,)) for client in stuck]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 40 and all(found is not None and took < 15 for found, took in answers), answers[:3]
    assert any(found[4:6] == b"\xaf\x03" and NAMES[int.from_bytes(found[6:8], "little")] == "timed-out" for found, _ in answers if found)
    for client in stuck + deaf:
        client.close()
    assert box.signs(box.payment("small"))
