"""What holds for every command, found mechanically: help that teaches, exit statuses, and one JSON document whatever happens."""
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess

import pytest

import wallets
from appliance import BUILD, PASSPHRASE, REPOSITORY, WORDS, Appliance, pipe_with

DEMO = str(REPOSITORY / "demo/payment-segwit.psbt")
POLICY = str(REPOSITORY / "policies/examples/regtest-open.toml")
CASES = REPOSITORY / "policies/cases/regtest-open.case"


def raw(*arguments, secrets=(), stdin=None):
    command = [str(BUILD / "portcullis"), *map(str, arguments)]
    descriptors = []
    for option, text in secrets:
        descriptors.append(pipe_with(text))
        command += [option, str(descriptors[-1])]
    try:
        # A session of its own: no terminal to ask anybody.
        return subprocess.run(command, pass_fds=descriptors, capture_output=True, timeout=90, input=stdin or b"",
                              start_new_session=True)
    finally:
        for descriptor in descriptors:
            os.close(descriptor)


def document(run):
    """The one document on standard output; anything beside it is an error."""
    return json.loads(run.stdout)


def help_of(command):
    run = raw(*command, "--help")
    assert run.returncode == 0 and not run.stderr, run
    return run.stdout.decode()


def discover(command=()):
    """Every command with its help, groups too, as the program itself lists them."""
    text = help_of(command)
    yield command, text
    if "SUBCOMMANDS:" in text:
        for name in re.findall(r"^  (\S+)  +\S", text.split("SUBCOMMANDS:")[1], re.M):
            yield from discover((*command, name))


FOUND = dict(discover()) if (BUILD / "portcullis").exists() else {}
GROUPS = {command for command in FOUND if any(other[:-1] == command for other in FOUND if other)}
LEAVES = sorted(command for command in FOUND if command not in GROUPS)


def options(text):
    """(name, whether it takes a value) of each option in a help."""
    found = re.findall(r"^  (?:-\w(?: <\S+>)?, )?(--[a-z0-9-]+)( <)?", text, re.M)
    return {name: bool(value) for name, value in found if name not in ("--version", "--help")}


def test_the_commands_are_those_of_the_contract():
    assert {" ".join(command) for command in LEAVES} == {
        "doctor", "init", "up", "unlock", "lock", "refill", "recover", "status", "wallet list", "wallet show", "wallet address",
        "wallet xpub", "wallet export", "bip85 words", "bip85 hex",
        "policy starter", "policy check", "policy bound", "policy cases", "policy simulate", "policy zone",
        "psbt create", "psbt add", "psbt update", "psbt combine", "psbt finalize",
        "psbt extract", "psbt convert", "psbt inspect", "sign", "message sign", "message verify", "message combine", "audit verify", "audit show", "audit receipt", "refusals"}
    text = (REPOSITORY / "docs/cli.md").read_text()
    for command in LEAVES:
        assert f"| `{' '.join(command)}" in text, command


@pytest.mark.parametrize("command", FOUND, ids=" ".join)
def test_every_help_teaches(command):
    text = FOUND[command]
    assert re.search(r"^OVERVIEW: \S.*\.$", text, re.M), "what it does, in a sentence"
    assert re.search(r"Exit status: 0 .*2 usage", " ".join(text.split())), "its exit statuses"
    shown = re.findall(r"^ +portcullis .*$", text, re.M)
    assert shown, "an example"
    for line in shown:
        assert re.match(rf" +portcullis {' '.join(command)}", line) or command in GROUPS
        named = set(re.findall(r"--[a-z-]+", line.split("|")[0]))
        assert not named - {name for other in FOUND.values() for name in options(other)}, line
    if command not in GROUPS:
        assert {"--home", "--json", "--timeout"} <= set(options(text))
    for name in options(text):
        assert re.search(rf"{name}(?: <\S+>)?\s+[A-Z]\S* \S", text), f"{name} is explained"
    page = document(raw(*command, "--help", "--json"))
    assert page["text"].strip() == text.strip()


WRONG = {"--home": "", "--timeout": "0", "--network": "moon", "--policy": None, "--words": "13", "--argon2-passes": "0",
         "--argon2-memory-mib": "7", "--out": None, "--receipt": None, "--replaces": None, "--admin-key": "/nowhere/key",
         "--signature": "/nowhere/signature", "--admin": None, "--transaction": None, "--parent": None, "--range": "0",
         "--lock-time": "-1", "--bytes": "15", "--vkey": "no key", "--log": "77", "--index": "4294967295"}
# Of BIP-322's vectors.
SIGNED = ["bc1q9vza2e8x573nczrlzms0wvx3gsqjx7vavgkx0l",
          "smpAkcwRAIgZRfIY3p7/DoVTty6YZbWS71bc5Vct9p9Fia83eRmw2QCICK/ENGfwLtptFluMGs2KsqoNSk89pO7F29zJLUx9a/sASECx/EgAxlkQpQ9hYjgGu6EBCPM"
          "VPwVIVJqO4XCsMvViHI="]
ANY_TEXT = """
[[rules]]
name = "any-text"
effect = "allow-messages"
wallets = "any"
formats = "any"
branches = "any"
indexes = "any"
text = "**"
"""
# What has to be there for the option to be looked at.
NEEDED = {"init": ["--network", "regtest", "--policy", POLICY], "refill": ["--amount", "100000000000000"],
          "wallet show": ["segwit"], "wallet address": ["segwit", "--offline"], "psbt inspect": [DEMO], "sign": [DEMO],
          "audit receipt": ["RECEIPT"], "policy starter": ["--network", "regtest", "--wallet", "w=tr(self/86h/1h/0h/<0;1>/*)"],
          "wallet xpub": ["84h/1h/0h"], "wallet export": ["segwit"],
          "policy check": [POLICY], "policy bound": [POLICY], "policy cases": [POLICY, CASES], "policy simulate": [POLICY],
          "policy zone": ["Europe/Berlin"],
          "psbt add": [DEMO], "psbt update": [DEMO], "psbt combine": [DEMO, DEMO],
          "psbt finalize": [DEMO], "psbt extract": [DEMO], "psbt convert": [DEMO, "--to", "2"], "message sign": ["--wallet", "segwit", "--index", "0", "a text"],
          "message verify": [*SIGNED, "Hello World"], "message combine": [DEMO]}


# They need no home, and succeed where there is none.
HOMELESS = {("policy", "starter"), ("policy", "check"), ("policy", "bound"), ("policy", "cases"), ("policy", "zone"), ("psbt", "create"), ("psbt", "add"),
            ("psbt", "update"), ("psbt", "combine"), ("psbt", "finalize"), ("psbt", "extract"), ("psbt", "convert"), ("message", "verify")}


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    policy = tmp_path_factory.mktemp("served") / "policy.toml"
    policy.write_text(pathlib.Path(POLICY).read_text() + ANY_TEXT)
    with Appliance(str(policy)) as it:
        it.psbt = DEMO
        it.run("sign", DEMO, "-o", it.home / "first", "--receipt", it.home / "receipt")
        yield it


def needed(command, it, without=None):
    given = [str(it.home / "receipt") if word == "RECEIPT" else word for word in NEEDED.get(" ".join(command), [])]
    if without in given:
        place = given.index(without)
        del given[place:place + 2]
    return given


@pytest.mark.parametrize("command", LEAVES, ids=" ".join)
def test_usage_errors_end_with_2_and_name_the_option(served, tmp_path, command):
    home = ["--home", tmp_path / "home" if command == ("init",) else served.home]
    unknown = ["--surprise", "1"]
    cases = [("--surprise", [*needed(command, served), *home, *unknown])]
    for name, takes_value in options(FOUND[command]).items():
        if not takes_value:
            cases.append((name, [*needed(command, served), *home, f"{name}=yes"]))
            continue
        cases.append((name, [*needed(command, served, name), *(home if name != "--home" else []), name]))
        value = WRONG.get(name, "x")
        if value is not None:
            given = [*needed(command, served, name), *(home if name != "--home" else []), name, value]
            cases.append((name, given))
        if name.endswith("-fd"):
            others = ["--mnemonic-fd", "99"] if name == "--mnemonic-passphrase-fd" else []
            cases.append((name, [*needed(command, served), *home, *others, name, "77"]))
    for name, arguments in cases:
        run = raw(*command, *arguments)
        assert run.returncode == 2 and not run.stdout, (arguments, run)
        assert name in run.stderr.decode() or ("-fd" in name and "-fd" in run.stderr.decode()), (arguments, run.stderr)
        asked = raw(*command, *arguments, "--json") if not arguments[-1] == name else raw(*command, "--json", *arguments)
        failure = document(asked)["error"]
        assert asked.returncode == 2 and failure["kind"] == "usage", (arguments, asked)
        assert name in failure["message"] or "-fd" in name, (arguments, failure)
    assert not (tmp_path / "home").exists()


@pytest.mark.parametrize("command", LEAVES, ids=" ".join)
def test_what_is_missing_is_named(command):
    missing = NEEDED.get(" ".join(command))
    if not missing:
        return
    run = raw(*command, "--json")
    first = missing[0] if missing[0].startswith("--") else "<"
    assert run.returncode == 2 and first in document(run)["error"]["message"], run


@pytest.mark.parametrize("arguments", [["sgin"], ["wallet", "lst"], ["--surprise"], ["wallet", "--json", "list", "x"]])
def test_words_that_are_no_command(arguments):
    run = raw(*arguments, "--json")
    assert run.returncode == 2 and document(run)["error"]["kind"] == "usage"
    assert raw(*arguments).returncode == 2


@pytest.mark.parametrize("command", LEAVES, ids=" ".join)
def test_one_document_where_there_is_no_home(tmp_path, command):
    """Failures of every command that needs one, and successes of those that do not."""
    given = [str(tmp_path / "receipt") if word == "RECEIPT" else word for word in NEEDED.get(" ".join(command), [])]
    if command == ("init",):
        given = ["--network", "regtest", "--policy", tmp_path / "nothing.toml"]
    run = raw(*command, *given, "--home", tmp_path / "home", "--json", secrets=secrets_for(command))
    found = document(run)
    if command in (("doctor",), ("refusals",), *HOMELESS):
        assert run.returncode in (0, 3) and (("error" in found) == (run.returncode == 3) or command == ("doctor",))
    else:
        assert run.returncode == 1 and found["error"]["kind"] == "failed" and found["error"]["message"]
        plain = raw(*command, *given, "--home", tmp_path / "home", secrets=secrets_for(command))
        assert plain.returncode == 1 and not plain.stdout and plain.stderr


def secrets_for(command):
    takes = "--passphrase-fd" in options(FOUND[command])
    return [("--passphrase-fd", PASSPHRASE)] if takes else []


def succeed(command, it, folder):
    """The run that does it, for every command; one without an entry here fails the test."""
    home = ["--home", it.home]
    passphrase = [("--passphrase-fd", PASSPHRASE)]
    receipt, signed = it.home / "receipt", it.home / "first"

    def made_by(role, *arguments):
        out = folder / role
        assert raw("psbt", role, *arguments, "-o", out).returncode == 0
        return out

    ways = {
        "doctor": ([], []), "refusals": ([], []), "status": (home, []), "lock": (home, []), "unlock": (home, passphrase),
        "init": (["--home", folder / "new", "--network", "regtest", "--policy", POLICY, "--argon2-memory-mib", 8],
                 [("--mnemonic-fd", WORDS), *passphrase]),
        "refill": ([*home, "--amount", 2 * 10**13], passphrase), "wallet list": (home, []), "wallet show": (["segwit", *home], []),
        "wallet address": (["segwit", *home], []), "psbt inspect": ([DEMO, *home], []),
        "sign": ([DEMO, "-o", folder / "out", *home], []), "audit verify": (home, []), "audit show": (home, []),
        "audit receipt": ([receipt], []),
        **{" ".join(command): (NEEDED.get(" ".join(command), []), []) for command in HOMELESS},
        "psbt add": ([made_by("create", "--psbt-version", 2, "--open", "both"), "--input", "11" * 32 + ":0"], []),
        "psbt finalize": ([signed, *home, "--wallet", "segwit"], []),
        "psbt extract": ([made_by("finalize", signed)], []),
        "message sign": ([*NEEDED["message sign"], *home], []),
        "policy simulate": ([POLICY, *home], []),
        "wallet xpub": (["84h/1h/0h", *home], []), "wallet export": (["segwit", *home], []),
        "bip85 words": ([*home, "--out-fd", 2], passphrase), "bip85 hex": ([*home, "--out-fd", 2], passphrase),
    }
    if command == ("message", "combine"):
        asked = [*NEEDED["message sign"], *home, "--psbt", "-o", folder / "message.psbt"]
        assert raw("message", "sign", *asked).returncode == 0
        ways["message combine"] = ([folder / "message.psbt", *home], [])
    arguments, secrets = ways[" ".join(command)]
    return raw(*command, *arguments, "--json", secrets=secrets)


@pytest.mark.parametrize("command", [c for c in LEAVES if c not in (("up",), ("recover",))], ids=" ".join)
def test_one_document_where_it_is_done(served, tmp_path, command):
    if command != ("unlock",):
        served.unlock()
    run = succeed(command, served, tmp_path)
    assert run.returncode == 0, run
    assert "error" not in document(run) and document(run)


def test_one_document_of_a_recovery(tmp_path):
    with Appliance("regtest-open") as it:
        it.sign(wallets.embit_psbt([wallets.Coin("tr", 50_000)], [(wallets.foreign_script(), 40_000)]))
        it.stop()
        shutil.rmtree(it.home / "gate/log-0")
        it.start(unlock=False)
        run = raw("recover", "--home", it.home, "--json", secrets=[("--passphrase-fd", PASSPHRASE)])
        assert run.returncode == 0 and document(run)["logNumber"] == 1, run


@pytest.mark.parametrize("ready", [True, False])
def test_one_document_of_up_ready_or_not(ready):
    it = Appliance("regtest-open", memory_mib=256, passes=16)
    try:
        passphrase = pipe_with(PASSPHRASE)
        command = [str(BUILD / "portcullis"), "up", "--home", str(it.home), "--json"]
        command += [] if ready else ["--passphrase-fd", str(passphrase)]
        up = subprocess.Popen(command, pass_fds=[passphrase], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        os.close(passphrase)
        if ready:
            line = up.stdout.readline()
        else:
            # The keystore takes seconds to open; it is stopped before.
            while not (it.home / "run/operator.sock").exists():
                assert up.poll() is None
            line = b""
        up.send_signal(signal.SIGTERM)
        assert json.loads(line + up.stdout.read()) == {"ready": ready} and up.wait(20) == 0
    finally:
        it.__exit__()


REFUSED = {
    "init": (["--network", "signet", "--policy", POLICY], "policy-invalid"),
    "unlock": ([], "wrong-passphrase"), "up": ([], "wrong-passphrase"),
    "refill": (["--amount", 1], "allowance-below-spent"), "sign": ([POLICY, "-o", "OUT"], "malformed-psbt"),
    "psbt inspect": ([POLICY], "malformed-psbt"), "audit receipt": ([POLICY], "receipt-invalid"),
    "audit verify": ([], "log-invalid"), "audit show": ([], "log-invalid"),
    "message sign": (["x", "--wallet", "taproot", "--index", "0", "--format", "legacy"], "message-format"),
    "message verify": ([*SIGNED, "Hello"], "signature-invalid"), "message combine": ([POLICY], "malformed-psbt"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_one_document_where_it_is_refused(served, tmp_path, name):
    arguments, refusal = REFUSED[name]
    arguments = [tmp_path / "out" if word == "OUT" else word for word in arguments]
    it, home = served, served.home
    secrets = [("--passphrase-fd", "another")] if name in ("unlock", "up") else secrets_for(tuple(name.split(" ")))
    if name == "init":
        home = tmp_path / "home"
    if name == "unlock":
        it.run("lock")
    if name == "up" or name.startswith("audit "):
        # Of a home of its own, which is stopped, and whose log was changed.
        it = Appliance("regtest-open")
        home = it.home
        if name != "up":
            it.start()
            it.stop()
            if name != "audit receipt":
                checkpoint = home / "gate/log-0/checkpoint"
                checkpoint.write_bytes(checkpoint.read_bytes().replace(b"\n", b"\n1", 1))
    try:
        if name == "refill":
            it.unlock()
        run = raw(*name.split(" "), *arguments, "--home", home, "--json", secrets=secrets)
        error = document(run)["error"]
        assert run.returncode == 3 and error["kind"] == "refused" and error["name"] == refusal and error["remedy"], run
    finally:
        if it is not served:
            it.__exit__()
