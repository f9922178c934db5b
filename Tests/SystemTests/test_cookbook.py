"""The cookbook for policies, typed as it stands by somebody who knows nothing else: every file written, every command run, what
is printed compared with what the page shows (`…` is anything)."""
import os
import re
import subprocess
import threading

import pytest

from appliance import BUILD, REPOSITORY

PAGE = REPOSITORY / "policies/cookbook.md"
BLOCK = re.compile(r"^```(\w+)(?: (\S+))?\n(.*?)^```$", re.M | re.S)
PATIENCE = 90


class Shell:
    """One bash, as a person has it: background jobs and variables stay."""

    def __init__(self, folder):
        environment = {name: value for name, value in os.environ.items() if not name.startswith("PORTCULLIS_")}
        environment["PATH"] = f"{BUILD}:{environment['PATH']}"
        self.bash = subprocess.Popen(
            ["bash", "--norc"], cwd=folder, env=environment, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, start_new_session=True)

    def run(self, command):
        """What it printed, on both outputs."""
        alarm = threading.Timer(PATIENCE, self.bash.kill)
        alarm.start()
        self.bash.stdin.write(f"{command}\nprintf '\\n@@done@@\\n'\n")
        self.bash.stdin.flush()
        lines = []
        for line in self.bash.stdout:
            if line == "@@done@@\n":
                break
            lines.append(line.rstrip("\n"))
        else:
            pytest.fail(f"{command}: no end within {PATIENCE} s, after {lines}")
        alarm.cancel()
        return "\n".join(lines).rstrip("\n").split("\n") if any(lines) else []

    def end(self):
        self.bash.stdin.close()
        try:
            self.bash.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(self.bash.pid, 9)


def is_shown(printed, shown):
    """Whether the lines are those of the page; a line that is only `…` stands for any lines, also none."""
    pattern = "".join(
        "(?:.*\n)*?" if line == "…" else re.escape(line).replace("…", ".*") + "\n" for line in shown)
    return re.fullmatch(pattern, "".join(line + "\n" for line in printed)) is not None


def steps():
    """(file, its text), or (command, the lines that the page shows)."""
    for language, name, text in BLOCK.findall(PAGE.read_text()):
        if language == "console":
            for part in re.split(r"^\$ ", text, flags=re.M)[1:]:
                command, *shown = part.rstrip("\n").split("\n")
                yield "run", command, shown
        else:
            yield "write", name, text


def test_the_page_is_true(tmp_path):
    (tmp_path / "demo").symlink_to(REPOSITORY / "demo")
    shell, ran = Shell(tmp_path), 0
    try:
        for kind, what, shown in steps():
            if kind == "write":
                (tmp_path / what).write_text(shown)
                continue
            printed = shell.run(what)
            assert is_shown(printed, shown), f"$ {what}\nprinted:\n" + "\n".join(printed) + "\nthe page:\n" + "\n".join(shown)
            ran += 1
        assert ran > 15
    finally:
        shell.run("kill %1 2> /dev/null; wait")
        shell.end()


@pytest.mark.parametrize("printed, shown, same", [
    (["a", "b"], ["a", "b"], True), (["a", "b"], ["a"], False), (["a"], ["a", "b"], False), (["a", "x", "b"], ["a", "…", "b"], True),
    (["a", "b"], ["a", "…", "b"], True), (["hash 12 of 3"], ["hash … of 3"], True), (["hash 12 of 4"], ["hash … of 3"], False),
    ([], ["…"], True), ([], [], True), (["anything"], [], False)])
def test_what_is_not_on_the_page_is_seen(printed, shown, same):
    assert is_shown(printed, shown) == same
