"""`policy starter` and `policy check`: without a home, for wallets of every kind, and what is printed makes a home."""
import json
import pathlib
import subprocess

import pytest
from embit import bip32
from embit.networks import NETWORKS

import kinds
import wallets
from appliance import BUILD, REPOSITORY, Appliance, Refused, portcullis

ALL = kinds.kinds()
FINGERPRINT = wallets.FINGERPRINT.hex()
ADMIN = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAICEhISEhISEhISEhISEhISEhISEhISEhISEhISEhISEh"


def starter(*named, network="regtest", options=(), **more):
    given = [part for name, text in named for part in ("--wallet", f"{name}={text}")]
    return portcullis("policy", "starter", "--network", network, *given, *options, **more)


def usage(*arguments):
    run = portcullis(*arguments, check=False)
    assert run.returncode == 2, run.stdout
    return json.loads(run.stdout)["error"]["message"]


def check(policy, tmp_path, *options):
    path = tmp_path / "policy.toml"
    path.write_text(policy)
    return portcullis("policy", "check", path, *options)


def test_the_starter_allows_what_the_open_example_allows(tmp_path):
    """Word for word the same meaning, but for the hash of the text."""
    made = starter(("segwit", "wpkh(self/84h/1h/0h/<0;1>/*)"), ("taproot", "tr(self/86h/1h/0h/<0;1>/*)"))
    ours = check(made["policy"], tmp_path)
    example = portcullis("policy", "check", REPOSITORY / "policies/examples/regtest-open.toml")
    assert ours["description"][1:] == example["description"][1:] and len(ours["description"]) > 6
    assert ours["worstCase"] == example["worstCase"] == {
        "perTransaction": 10**8, "perHour": 10**12, "perDay": 10**13, "allowance": 10**13}
    assert ours["policyHash"] != example["policyHash"]
    assert "fingerprint" not in made and made["candidates"] == []


def test_what_is_printed_is_the_policy_and_nothing_else(tmp_path):
    text = subprocess.run(
        [BUILD / "portcullis", "policy", "starter", "--network", "signet", "--wallet", "a=pkh(self/44h/1h/0h/<0;1>/*)"],
        capture_output=True, timeout=60, env={"HOME": "/nonexistent", "PATH": "/usr/bin:/bin"}, check=True).stdout
    assert text.decode() == starter(("a", "pkh(self/44h/1h/0h/<0;1>/*)"), network="signet")["policy"]
    assert check(text.decode(), tmp_path, "--network", "signet")["network"] == "signet"
    assert text.count(b"\n#") > 10  # it teaches


@pytest.mark.parametrize("kind", ALL, ids=[f"{k.name}-{k.form[:24]}" for k in ALL])
def test_every_kind_compiles_as_printed(kind, tmp_path):
    for own in ("self", "xpub"):
        options = () if own == "self" else ("--fingerprint", FINGERPRINT.upper())
        made = starter((kind.name, kind.text(own)), options=options)
        facts = check(made["policy"], tmp_path)
        assert [w["name"] for w in facts["wallets"]] == [kind.name]
        assert facts["wallets"][0]["descriptor"] == kind.text(own)
        assert (own == "xpub") == (f'fingerprint = "{FINGERPRINT}"' in made["policy"])


@pytest.mark.parametrize("own", ["self", "xpub", "mixed"])
def test_wallets_of_all_kinds_make_a_home_and_sign(own, tmp_path):
    """With xpubs nobody says whose they are: the only master key that all wallets have is the signer's."""
    spelled = {"mixed": lambda n: "self" if n % 2 else "xpub"}.get(own, lambda n: own)
    made = starter(*[(kind.name, kind.text(spelled(n))) for n, kind in enumerate(ALL)])
    assert made["candidates"] == [] and made.get("fingerprint") == (None if own == "self" else FINGERPRINT)
    path = tmp_path / "policy.toml"
    path.write_text(made["policy"])
    with Appliance(str(path)) as box:
        for kind in ALL[:4] + [ALL[7], ALL[23]]:
            signed = box.sign(kinds.by_embit(kind, 2).text)
            assert signed["psbt"]
    assert {w["name"] for w in box.created["wallets"]} == {kind.name for kind in ALL}


def test_a_cosigners_fingerprint_may_be_taken_but_never_passes_init(tmp_path):
    kind = kinds.Kind("wsh(sortedmulti(2,B/<0;1>/*,S/<0;1>/*))").register(40)
    made = starter(("w", kind.text()))
    other = kind.roots["B"].child(0).fingerprint.hex()
    assert made["candidates"] == [other, FINGERPRINT] and made["fingerprint"] == other
    assert FINGERPRINT in made["policy"], "the other is named in a comment"
    path = tmp_path / "policy.toml"
    path.write_text(made["policy"])
    with pytest.raises(Refused) as caught:
        Appliance(str(path))
    assert caught.value.name == "policy-invalid" and FINGERPRINT in caught.value.error["remedy"]
    path.write_text(starter(("w", kind.text()), options=("--fingerprint", FINGERPRINT))["policy"])
    with Appliance(str(path)) as box:
        assert box.created["wallets"][0]["fingerprint"] == FINGERPRINT


def test_main_asks_for_somebody_who_may_refill(tmp_path):
    wallet = ("w", "wpkh(self/84h/0h/0h/<0;1>/*)")
    assert "--admin" in usage("policy", "starter", "--network", "main", "--wallet", "=".join(wallet))
    key = tmp_path / "admin.pub"
    key.write_text(ADMIN + " alice\n")
    second = ADMIN[:-4] + "ISEi"
    for given in (["--admin", key], ["--admin", ADMIN + " alice"], ["--admin", key, "--admin", second + " bob"]):
        made = starter(wallet, network="main", options=given)
        facts = check(made["policy"], tmp_path, "--network", "main")
        assert (facts["admins"], facts["adminThreshold"]) == ((2, 2) if len(given) == 4 else (1, 1))


@pytest.mark.parametrize("descriptor,words", [
    ("wpkh(self/84h/0h/0h/<0;1>/*)", "1h"),  # the coin type of main
    ("raw(00)", "raw"),
    ("wsh(multi(1,self/48h/1h/0h/2h/<0;1>/*,self/48h/1h/0h/2h/<0;1>/*))", "w"),
    ("wpkh(self/84h/1h/0h/<0;1>/*", "w"),
    ("wpkh(02" + "79" * 32 + ")", "self/84h/1h/0h"),
    ("", "descriptor"),
])
def test_what_cannot_be_a_wallet_is_refused_in_words(descriptor, words):
    with pytest.raises(Refused) as caught:
        starter(("w", descriptor))
    assert caught.value.name == "policy-invalid" and words in caught.value.error["message"]
    assert caught.value.error["message"].startswith("wallets.w")


def test_usage():
    assert "--wallet" in usage("policy", "starter", "--network", "regtest")
    assert "NAME=DESCRIPTOR" in usage("policy", "starter", "--network", "regtest", "--wallet", "nothing")
    with pytest.raises(Refused):
        starter(("a b", "wpkh(self/84h/1h/0h/<0;1>/*)"))
    with pytest.raises(Refused):
        starter(*[("a", "wpkh(self/84h/1h/0h/<0;1>/*)")] * 2)
    with pytest.raises(Refused):
        starter(("a", "wpkh(self/84h/1h/0h/<0;1>/*)"), ("b", "wpkh(self/84h/1h/0h/<0;1>/*)"))


def test_check_says_where_and_what(tmp_path):
    good = starter(("w", "wpkh(self/84h/1h/0h/<0;1>/*)"))["policy"]
    lines = good.splitlines()
    row = next(n for n, line in enumerate(lines, 1) if line.startswith("max_outflow"))
    lines[row - 1] = 'max_outflow = "one coin"'
    with pytest.raises(Refused) as caught:
        check("\n".join(lines), tmp_path)
    message = caught.value.error["message"]
    assert f"line {row}" in message and "max_outflow" in message and "one coin" in message
    with pytest.raises(Refused) as caught:
        check(good, tmp_path, "--network", "main")
    assert "regtest" in caught.value.error["message"]
    run = portcullis("policy", "check", tmp_path / "none.toml", check=False)
    assert run.returncode == 1


def test_check_reads_standard_input():
    text = (REPOSITORY / "policies/examples/regtest-strict.toml").read_bytes()
    facts = portcullis("policy", "check", "-", stdin=text)
    assert facts["worstCase"]["perTransaction"] == 10_000_000
    assert [w["kind"] for w in facts["wallets"]] == ["wpkh", "tr"]


def test_a_key_of_another_network_is_refused():
    root = bip32.HDKey.from_seed(bytes(32))
    xpub = root.derive("m/84h/1h/0h").to_public().to_base58(NETWORKS["main"]["xpub"])
    with pytest.raises(Refused) as caught:
        starter(("w", f"wpkh([{root.child(0).fingerprint.hex()}/84h/1h/0h]{xpub}/<0;1>/*)"))
    assert "network" in caught.value.error["message"]


def test_zone_prints_the_last_line_of_the_file():
    for name in ("Europe/Berlin", "America/New_York", "Asia/Tokyo", "Australia/Lord_Howe"):
        path = pathlib.Path("/usr/share/zoneinfo", name)
        if not path.exists():
            pytest.skip("no zoneinfo database")
        assert portcullis("policy", "zone", name) == {"name": name, "rule": path.read_bytes().split(b"\n")[-2].decode()}
    for wrong in ("../../../etc/passwd", "Europe//Berlin", "/etc/passwd", "", "Europe/Berlin\n"):
        usage("policy", "zone", wrong)
    assert portcullis("policy", "zone", "Europe/Nowhere", check=False).returncode == 1
    assert portcullis("policy", "zone", "zone1970.tab", check=False).returncode in (1, 2)


def test_cases_are_met_or_said_to_differ(tmp_path):
    policy, cases = REPOSITORY / "policies/examples/payroll.toml", REPOSITORY / "policies/cases/payroll.case"
    text = cases.read_text()
    said = portcullis("policy", "cases", policy, cases)
    assert said["ok"] and len(said["cases"]) == text.count("case: ") and not any(one["differences"] for one in said["cases"])
    # A salary more, and one at night, under the same policy.
    changed = tmp_path / "changed.case"
    changed.write_text(text.replace("2026-11-23T08:30:00Z\nexpect: allow", "2026-11-23T20:30:00Z\nexpect: allow"))
    run = portcullis("policy", "cases", policy, changed, check=False)
    differing = [one for one in json.loads(run.stdout)["cases"] if one["differences"]]
    assert run.returncode == 3 and [one["title"] for one in differing] == ["a salary on a Monday morning in Berlin (UTC+1 in November)"]
    assert differing[0]["differences"][0] == "- expect: allow" and "+ expect: outside-time" in differing[0]["differences"]
    # A file that is none says where, and what it should be.
    changed.write_text("case: x\nwallet: salaries\nexpect: maybe\n")
    with pytest.raises(Refused) as caught:
        portcullis("policy", "cases", policy, changed)
    assert caught.value.error["name"] == "policy-invalid" and "line 3, expect" in caught.value.error["message"]
    usage("policy", "cases", policy)


def test_the_bound_says_what_holds_it_there():
    """The strict example, by hand: what each figure is by, and the same as `policy check` says."""
    path = REPOSITORY / "policies/examples/regtest-strict.toml"
    made = portcullis("policy", "bound", path)
    worst = portcullis("policy", "check", path)["worstCase"]
    honest, stolen = made["bounds"]["honest"], made["bounds"]["stolen"]
    assert {name: figure["satoshis"] for name, figure in honest.items()} == {
        "transaction": worst["perTransaction"], "hour": worst["perHour"], "day": worst["perDay"]} == {
        "transaction": 10_000_000, "hour": 20_000_000, "day": 24 * 20_000_000}
    assert stolen["inAll"] == {"satoshis": worst["allowance"], "boundBy": [{"what": "the allowance", "how": "", "satoshis": worst["allowance"]}]}
    for figure in [*honest.values(), *stolen.values()]:
        assert sum(term["satoshis"] for term in figure["boundBy"]) == figure["satoshis"]
        assert all(term["what"].startswith(("limit ", "rule ", "the allowance")) for term in figure["boundBy"])
    assert made["withoutApprovals"] == made["bounds"]


def test_what_does_nothing_is_told_and_strict_refuses_it(tmp_path):
    path = REPOSITORY / "policies/examples/regtest-strict.toml"
    checked = portcullis("policy", "check", path, "--strict")
    assert checked["findings"] == [] and checked["unenforced"] == []
    changed = tmp_path / "changed.toml"
    text = path.read_text()
    changed.write_text(text + """
[[rules]]
name = "smaller"
effect = "allow"
wallets = ["segwit"]
destinations = "any"
max_outflow = "0.01 BTC"
max_fee = "0.001 BTC"
""")
    line = 1 + changed.read_text().split("\n").index('name = "smaller"') - 1
    finding = {"kind": "shadowed-rule", "subject": "rule", "name": "smaller", "line": line,
               "message": "rule small says all that it says, so it changes nothing"}
    assert portcullis("policy", "check", changed)["findings"] == [finding], "without --strict it is exit 0"
    run = portcullis("policy", "check", changed, "--strict", check=False)
    assert run.returncode == 3 and json.loads(run.stdout)["findings"] == [finding], "the document is printed all the same"
