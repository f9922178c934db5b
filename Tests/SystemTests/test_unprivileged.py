"""Without root: everything works under one uid, the rest of the confinement is in force, and it is said."""
import json
import os
import pathlib
import shutil
import subprocess
import tempfile

import pytest

from appliance import BUILD, PASSPHRASE, REPOSITORY, WORDS, pipe_with
from conftest import root_only

USER = 45_678
PROGRAMS = ("portcullis", "portcullis-signer", "portcullis-gate", "portcullis-front")
AS_USER = ["/usr/bin/setpriv", "--reuid", str(USER), "--regid", str(USER), "--clear-groups"]


@pytest.fixture
def place():
    """A folder of that user with the executables and what `make run` reads, and nothing of root's."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="portcullis-test-"))
    (folder / "build").mkdir()
    for name in PROGRAMS:
        shutil.copy(BUILD / name, folder / "build")
    for name in ("demo", "policies", "scripts"):
        shutil.copytree(REPOSITORY / name, folder / name)
    for path in [folder, *folder.rglob("*")]:
        os.chown(path, USER, USER)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def as_user(folder, *command, secrets=(), path="/usr/bin:/bin", **more):
    command = [*AS_USER, *map(str, command)]
    descriptors = []
    for option, text in secrets:
        descriptors.append(pipe_with(text))
        command += [option, str(descriptors[-1])]
    run = subprocess.run(command, pass_fds=descriptors, capture_output=True, timeout=120, cwd=folder, stdin=subprocess.DEVNULL,
                         env={"PATH": path, "HOME": str(folder), "TMPDIR": str(folder), **more})
    for descriptor in descriptors:
        os.close(descriptor)
    return run


@root_only
def test_a_life_of_a_home_under_one_uid(place):
    """No line in /etc/passwd knows this user, so the policy names its admin."""
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", place / "admin"], check=True)
    policy = place / "policy.toml"
    admin = f'[admins]\nthreshold = 1\nkeys = ["{(place / "admin.pub").read_text().strip()}"]\n\n[wallets.segwit]'
    policy.write_text((place / "policies/examples/regtest-open.toml").read_text().replace("[wallets.segwit]", admin, 1))
    policy.chmod(0o644)
    home, cli = place / "home", place / "build/portcullis"

    def run(*arguments, **options):
        done = as_user(place, cli, *arguments, "--home", home, "--json", **options)
        assert done.returncode == 0, (arguments, done.stdout, done.stderr)
        return json.loads(done.stdout)

    run("init", "--network", "regtest", "--policy", policy, "--argon2-memory-mib", 8, "--argon2-passes", 1,
        secrets=[("--mnemonic-fd", WORDS), ("--passphrase-fd", PASSPHRASE)])
    passphrase = pipe_with(PASSPHRASE)
    up = subprocess.Popen([*AS_USER, cli, "up", "--home", home, "--passphrase-fd", str(passphrase)], pass_fds=[passphrase],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, env={"PATH": "/usr/bin:/bin"})
    os.close(passphrase)
    try:
        assert up.stdout.readline() == b"ready\n", up.stderr.read()
        status = run("status")
        assert status["state"] == "ready" and status["oneUid"] is True
        kernel = status["kernel"]
        measures = ["memfdSecret", "landlock", "seccomp", "notDumpable", "noNewPrivileges", "noCore", "noCapabilities"]
        assert {name: kernel[name] for name in measures} == dict.fromkeys(measures, True)
        assert not kernel["ownUser"] and not kernel["weakerAccepted"]
        assert len(status["processes"]) == 3
        for process in status["processes"]:
            facts = pathlib.Path(f"/proc/{process['pid']}/status").read_text()
            fields = dict(line.split(":\t", 1) for line in facts.splitlines() if ":\t" in line)
            assert fields["Uid"].split() == [str(USER)] * 4 and fields["Groups"].split() == []
            assert fields["Seccomp"] == "2" and fields["NoNewPrivs"] == "1" and int(fields["CapEff"], 16) == 0
            assert int(fields["CapPrm"], 16) == int(fields["CapInh"], 16) == int(fields["CapAmb"], 16) == 0
        words = as_user(place, cli, "status", "--home", home)
        assert b"All processes run as one user: for development only." in words.stdout
        for name in ("segwit", "taproot"):
            signed = run("sign", place / f"demo/payment-{name}.psbt", "--finalize", "-o", place / name)
            assert signed["finalized"]
        run("lock")
        assert run("unlock", secrets=[("--passphrase-fd", PASSPHRASE)])["unlocked"]
        assert run("audit", "verify")["ok"]
        assert not [path for path in home.rglob("*") if path.lstat().st_uid != USER]
    finally:
        up.terminate()
        assert up.wait(20) == 0
        up.stdout.close()
        up.stderr.close()


@root_only
def test_what_make_run_shows_without_root(place):
    """scripts/run.sh as `nobody`, whom /etc/passwd knows, so that init can make an admin key."""
    for path in [place, *place.rglob("*")]:
        os.chown(path, 65_534, 65_534)
    command = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", "bash", place / "scripts/run.sh"]
    run = subprocess.run(command, capture_output=True, text=True, timeout=180, stdin=subprocess.DEVNULL,
                         env={"PATH": "/usr/bin:/bin", "HOME": str(place), "TMPDIR": str(place)})
    assert run.returncode == 0, run.stdout[-2000:] + run.stderr[-2000:]
    assert "All processes run as one user: for development only." in run.stdout
    assert "The two transactions are the same, byte for byte." in run.stdout
    assert not list(place.glob("portcullis-run.*")), "the throw-away home stays behind"


def tools(place, **scripts):
    """A PATH that begins with these programs."""
    folder = place / "tools"
    folder.mkdir(exist_ok=True)
    for name, text in scripts.items():
        (folder / name.replace("_", "-")).write_text(f"#!/bin/sh\n{text}\n")
        (folder / name.replace("_", "-")).chmod(0o755)
    return folder


LACKS = 'case "$*" in *libsodium-dev|*libcap-dev) exit 1;; esac; printf installed'


@root_only
@pytest.mark.parametrize("sudo, why", [
    (None, "there is no sudo"), ("exit 1", "sudo asks for a password, and there is no terminal"),
])
def test_packages_that_cannot_be_installed_are_named(place, sudo, why):
    own = tools(place, dpkg_query=LACKS, apt_get="exit 1", swift="exit 0", **({"sudo": sudo} if sudo else {}))
    needed = ("bash", "dirname", "id", "nproc")
    for name in needed:
        if not (own / name).exists():
            (own / name).symlink_to(shutil.which(name))
    run = as_user(place, "/bin/bash", "scripts/deps.sh", path=str(own))
    words = run.stderr.decode()
    assert run.returncode == 1 and why in words, run
    assert "these packages are missing: libsodium-dev libcap-dev\n" in words
    assert "apt-get install -y --no-install-recommends libsodium-dev libcap-dev\n" in words


@root_only
@pytest.mark.parametrize("part", [[], ["run"]])
def test_nothing_is_installed_where_all_is_there(place, part):
    own = tools(place, dpkg_query="printf installed", apt_get="echo apt-get was called; exit 1", sudo="echo sudo; exit 1",
                swift="exit 0")
    run = as_user(place, "/bin/bash", "scripts/deps.sh", *part, path=f"{own}:/usr/bin:/bin")
    assert run.returncode == 0 and run.stderr == b"  system packages: all there\n" and not run.stdout


@root_only
def test_showing_it_does_not_ask_for_the_judges_of_the_tests(place):
    own = tools(place, dpkg_query='case "$*" in *electrum|*golang*) exit 1;; esac; printf installed', swift="exit 0",
                apt_get="exit 1")
    assert as_user(place, "/bin/bash", "scripts/deps.sh", "run", path=f"{own}:/usr/bin:/bin").returncode == 0
    run = as_user(place, "/bin/bash", "scripts/deps.sh", path=f"{own}:/usr/bin:/bin")
    assert run.returncode == 1 and b"electrum golang-go" in run.stderr
