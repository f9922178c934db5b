"""A real appliance in a throw-away home: the release executables, driven through the command line only."""
import base64
import json
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import threading
import time

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("PORTCULLIS_BUILD", REPOSITORY / "build"))
WORDS = "abandon " * 11 + "about"
PASSPHRASE = "correct horse"
# For programs under another uid, who may not reach the virtual environment.
PLAIN_PYTHON = "/usr/bin/python3"


class Refused(Exception):
    """The command ended with exit 3; `error` is its JSON."""

    def __init__(self, error):
        super().__init__(json.dumps(error))
        self.error = error
        self.name = error.get("name")


class Failed(Exception):
    """The command ended with anything but 0 and 3."""


def pipe_with(text):
    """A descriptor from which `text`, words or bytes, can be read."""
    read, write = os.pipe()
    os.write(write, text.encode() if isinstance(text, str) else text)
    os.close(write)
    return read


def portcullis(*arguments, secrets=(), stdin=None, timeout=120, check=True, **options):
    """Runs the command line with --json. `secrets`: (option, text) pairs passed by descriptor."""
    command = [str(BUILD / "portcullis"), *map(str, arguments), "--json"]
    descriptors = []
    for option, text in secrets:
        descriptors.append(pipe_with(text))
        command += [option, str(descriptors[-1])]
    try:
        run = subprocess.run(command, pass_fds=descriptors, input=stdin, capture_output=True, timeout=timeout,
                             **options)
    finally:
        for descriptor in descriptors:
            os.close(descriptor)
    if not check:
        return run
    try:
        document = json.loads(run.stdout)
    except ValueError:
        raise Failed(f"{command}: exit {run.returncode}: {run.stdout[-500:]!r} {run.stderr[-2000:]!r}") from None
    if run.returncode == 3 and "error" in document:
        raise Refused(document["error"])
    if run.returncode != 0:
        raise Failed(f"{command}: exit {run.returncode}: {document} {run.stderr[-2000:]!r}")
    return document


class Appliance:
    """`with Appliance("regtest-open") as it: it.sign(psbt)`."""

    def __init__(self, policy="regtest-open", words=WORDS, memory_mib=8, passes=1, up=()):
        self.up_options = list(map(str, up))
        self.home = pathlib.Path(tempfile.mkdtemp(prefix="portcullis-test-"))
        os.chmod(self.home, 0o755)
        shutil.rmtree(self.home)
        source = policy if os.sep in str(policy) else REPOSITORY / "policies/examples" / f"{policy}.toml"
        self.created = self.run(
            "init", "--network", "regtest", "--policy", source,
            "--argon2-passes", passes, "--argon2-memory-mib", memory_mib,
            secrets=[("--mnemonic-fd", words), ("--passphrase-fd", PASSPHRASE)],
        )
        self.supervisor = None
        self.log = []

    def run(self, *arguments, **options):
        command, *rest = arguments
        return portcullis(*self._path(command), *rest, "--home", self.home, **options)

    @staticmethod
    def _path(command):
        return command.split(" ")

    def start(self, unlock=True, timeout=60):
        """Starts the supervisor and waits for its line `ready`."""
        descriptor = pipe_with(PASSPHRASE) if unlock else None
        command = [str(BUILD / "portcullis"), "up", "--home", str(self.home), *self.up_options]
        if unlock:
            command += ["--passphrase-fd", str(descriptor)]
        self.supervisor = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            pass_fds=[descriptor] if unlock else [],
        )
        if unlock:
            os.close(descriptor)
        drain = threading.Thread(target=self._drain, args=(self.supervisor,), daemon=True)
        drain.start()
        ready = threading.Event()
        threading.Thread(target=self._wait_ready, args=(self.supervisor, ready), daemon=True).start()
        deadline = time.monotonic() + timeout
        while not ready.wait(0.05):
            if self.supervisor.poll() is not None or time.monotonic() > deadline:
                if self.supervisor.poll() is not None:
                    drain.join(5)  # its last words count
                raise Failed(f"not ready, exit {self.supervisor.poll()}: {''.join(self.log)[-3000:]}")
        return self

    def _wait_ready(self, process, ready):
        for line in process.stdout:
            if line.strip() == "ready":
                ready.set()

    def _drain(self, process):
        for line in process.stderr:
            self.log.append(line)

    def unlock(self):
        return self.run("unlock", secrets=[("--passphrase-fd", PASSPHRASE)])

    def wait_for(self, state, timeout=30):
        deadline = time.monotonic() + timeout
        while True:
            try:
                status = self.run("status")
                if status["state"] == state:
                    return status
            except (Failed, Refused):
                status = None
            if time.monotonic() > deadline:
                raise Failed(f"no {state}: {status} {''.join(self.log)[-2000:]}")
            time.sleep(0.02)

    def stop(self):
        if self.supervisor and self.supervisor.poll() is None:
            self.supervisor.send_signal(signal.SIGTERM)
            try:
                self.supervisor.wait(20)
            except subprocess.TimeoutExpired:
                self.supervisor.kill()
                self.supervisor.wait()
                raise Failed("SIGTERM did not stop the appliance within 20 s") from None
        self.supervisor = None

    def pids(self):
        return {process["name"].removeprefix("portcullis-"): process["pid"] for process in self.run("status")["processes"]}

    def sign(self, psbt, *options):
        """Signs base64 or a PSBT object; the JSON document."""
        text = psbt if isinstance(psbt, str) else psbt.to_string()
        return self.run("sign", "-", *options, stdin=text.encode())

    def logs(self):
        """The published directories of the log, oldest first."""
        return sorted((self.home / "gate").glob("log-*"))

    def __enter__(self):
        return self if self.supervisor else self.start()

    def __exit__(self, *_):
        try:
            self.stop()
        finally:
            shutil.rmtree(self.home, ignore_errors=True)


def prevouts(psbt):
    """(amount, script) of each input of an embit PSBT."""
    return [(i.utxo.value, i.utxo.script_pubkey.data) for i in psbt.inputs]


def b64(data):
    return base64.b64encode(data).decode()
