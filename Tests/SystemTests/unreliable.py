"""A gate whose wall clock and disk the test can spoil, without touching the machine's."""
import mmap
import os
import pathlib
import shutil
import struct
import subprocess
import tempfile

import appliance

NAMES = ("portcullis", "portcullis-signer", "portcullis-gate", "portcullis-front")


class Programs:
    """The executables, the gate among them started with `unreliable.c` loaded."""

    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="portcullis-test-"))
        self.folder.chmod(0o755)
        for name in NAMES:
            shutil.copy(appliance.BUILD / name, self.folder)
        library, numbers = self.folder / "unreliable.so", self.folder / "numbers"
        source = pathlib.Path(__file__).with_name("unreliable.c")
        subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-Wall", "-Werror", "-o", library, source], check=True)
        numbers.write_bytes(bytes(4_096))
        numbers.chmod(0o644)
        with open(numbers, "r+b") as file:
            self.numbers = mmap.mmap(file.fileno(), 4_096)
        (self.folder / "portcullis-gate").rename(self.folder / "real-gate")
        wrapper = self.folder / "portcullis-gate"
        wrapper.write_text(f'#!/bin/sh\nexport UNRELIABLE={numbers} LD_PRELOAD={library}\nexec {self.folder}/real-gate "$@"\n')
        wrapper.chmod(0o755)

    def set(self, seconds=0, fails=False):
        struct.pack_into("<qq", self.numbers, 0, seconds, int(fails))

    def __enter__(self):
        self.before, appliance.BUILD = appliance.BUILD, self.folder
        return self

    def __exit__(self, *_):
        appliance.BUILD = self.before
        self.numbers.close()
        shutil.rmtree(self.folder, ignore_errors=True)
        assert os.path.exists(appliance.BUILD)
