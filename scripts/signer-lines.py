#!/usr/bin/env python3
"""How many lines of ours are in the signer's binary, measured on a build of it that kept its line table.

    scripts/signer-lines.py [--json] [--files] [--no-build] [--check]

The build is that of scripts/build-signer.sh with line tables added, in a scratch folder of its own. A line counts
if it is neither blank nor only comment. Four figures, each larger than the one before:

  a  compiled   lines that the DWARF line table of the linked binary maps an address of .text to
  b  reached    lines of every counted file, less those of functions that have no line in (a)
  c  files      all lines of every file that has a line in (a). This is the headline: to read these files is to read
                all that the processor runs of ours, and a good deal more
  d  closure    (c) and all lines of the files that have no code of their own, but declare a type, a constant, a
                function or a macro which a line of (b) names; and so on, until no file is added. To read these
                files is to read everything that what runs refers to

A sequence of the line table counts if it starts inside .text: those of sections that the linker threw away start
at zero. Functions are found by matching braces; an initializer, an accessor with a body and a subscript are
functions; what stands outside of any function (stored properties, cases, constants, the signature of a type) counts
in (b) whole. The line table forgets a function that was inlined without a trace, so (b) is a little small. Names
are compared as words, so (d) can only be too large. A header of our C modules belongs to (c) if it belongs to (d).
Tables are counted apart: what scripts/generate-sandbox.py wrote, and the word list of BIP-39.

--check fails if (d), tables left out, is more than scripts/signer-lines.max says, or if a file of a folder Outside,
which is for what the signer does without, has a line in (a).
"""

import argparse
import bisect
import json
import os
import re
import shutil
import subprocess
import sys
from collections import defaultdict

ROOT = os.path.realpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
SCRATCH = os.environ.get("SIGNER_LINES_SCRATCH", os.path.join(ROOT, "Core/.build-lines"))
BINARY = os.path.join(SCRATCH, "release/portcullis-signer")
DUMP = "llvm-dwarfdump"
TABLES = re.compile(r"/(Generated\w*|Words)\.(h|c|swift)$")
FUNCTION = re.compile(
    r"^\s*(?:@[\w.]+(?:\([^)]*\))?\s+)*(?:(?:package|public|private|fileprivate|internal|static|mutating|borrowing"
    r"|consuming|nonisolated|override|prefix|infix|final|convenience)\s+)*"
    r"(?:func\b|init\b|init[?!]|deinit\b|subscript\b|var\b[^=]*\{\s*(?:[^}]|$)|borrowing get\b|get\b|set\b)"
)


def build():
    """The flags of build-signer.sh, and line tables for Swift and C."""
    subprocess.run(
        [os.path.join(ROOT, "scripts/build-signer.sh"), "--lines"],
        check=True, stdout=sys.stderr, env=dict(os.environ, SIGNER_SCRATCH=SCRATCH),
    )


def text_range():
    out = subprocess.run(["readelf", "-SW", BINARY], check=True, capture_output=True, text=True).stdout
    row = re.search(r"\]\s+\.text\s+PROGBITS\s+(\w+)\s+\w+\s+(\w+)", out)
    start = int(row[1], 16)
    return start, start + int(row[2], 16)


def compiled_lines():
    """file -> lines to which the line table maps an address that the linker kept."""
    low, high = text_range()
    dump = subprocess.Popen([DUMP, "--debug-line", BINARY], stdout=subprocess.PIPE, text=True)
    found = defaultdict(set)
    directories, files, entry, sequence_alive, fresh = {}, {}, None, False, True
    for line in dump.stdout:
        row = re.match(r"0x([0-9a-f]{16})\s+(\d+)\s+\d+\s+(\d+)\s", line)
        if row:
            address, number = int(row[1], 16), int(row[2])
            if fresh:
                sequence_alive, fresh = low <= address < high, False
            if "end_sequence" in line:
                fresh = True
            elif sequence_alive and number:
                found[files.get(int(row[3]), "")].add(number)
            continue
        if line.startswith("debug_line["):
            directories, files, fresh = {}, {}, True
        elif line.startswith("include_directories["):
            key, value = re.match(r"include_directories\[\s*(\d+)\] = \"(.*)\"", line).groups()
            directories[int(key)] = value
        elif line.startswith("file_names["):
            entry = int(re.match(r"file_names\[\s*(\d+)\]", line)[1])
        elif re.match(r"\s+name: ", line):
            files[entry] = re.search(r'"(.*)"', line)[1]
        elif re.match(r"\s+dir_index: ", line):
            folder = directories.get(int(line.split()[-1]), "")
            if not os.path.isabs(folder):
                folder = os.path.join(directories.get(0, ""), folder)
            files[entry] = os.path.realpath(os.path.join(folder, files[entry]))
    if dump.wait() != 0:
        sys.exit("signer-lines: llvm-dwarfdump failed")
    sources = os.path.join(ROOT, "Sources") + os.sep
    ours = {name[len(ROOT) + 1:]: lines for name, lines in found.items() if name.startswith(sources)}
    if not ours:
        sys.exit("signer-lines: the binary has no line of ours; was it built with line tables?")
    return ours


def without_comments(text):
    """The text with comments blanked out, lines kept; comment marks in strings are left alone."""
    pattern = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)
    return pattern.sub(
        lambda match: match[0] if match[0][0] in "\"'" else re.sub(r"[^\n]", "", match[0]), text)


class Source:
    """One file: its lines that count, and the functions in it."""

    def __init__(self, path):
        self.path = path
        with open(os.path.join(ROOT, path), encoding="utf-8") as file:
            self.lines = without_comments(file.read()).split("\n")
        self.counted = {number for number, line in enumerate(self.lines, 1) if line.strip()}
        self.functions = self.find_c_functions() if path.endswith((".c", ".h")) else self.find_functions()

    def find_functions(self):
        """(first, last) of each function, nested ones apart."""
        found, number = [], 0
        while number < len(self.lines):
            if FUNCTION.match(self.lines[number]):
                last = self.end_of_block(number)
                if last is not None:
                    found.append((number + 1, last + 1))
            number += 1
        return found

    def find_c_functions(self):
        """A body at depth zero whose head has a parenthesis: not a struct, an enum or a table."""
        found, number, head = [], 0, 0
        while number < len(self.lines):
            line = self.lines[number]
            if "{" in line and not line.startswith("#"):
                last = self.end_of_block(number)
                text = " ".join(self.lines[head:number + 1]).split("{")[0]
                if last is not None and "(" in text and "=" not in text:
                    first = next(n for n in range(head, number + 1) if self.lines[n].strip())
                    found.append((first + 1, last + 1))
                number = last if last is not None else number
                head = number + 1
            elif line.rstrip().endswith(";") or line.startswith("#"):
                head = number + 1
            number += 1
        return found

    def end_of_block(self, start):
        """The line on which the first brace that opens on or after `start` closes."""
        depth, opened = 0, False
        for number in range(start, len(self.lines)):
            code = re.sub(r'"(?:\\.|[^"\\])*"', '""', self.lines[number])
            for character in code:
                if character == "{":
                    depth, opened = depth + 1, True
                elif character == "}":
                    depth -= 1
                    if opened and depth == 0:
                        return number
                    if depth < 0:
                        return None
        return None

    def reached(self, compiled):
        """Lines of (b): those outside functions, and those of functions that have code."""
        rows = sorted(compiled)
        dead = set()
        for first, last in self.functions:
            place = bisect.bisect_left(rows, first)
            if place == len(rows) or rows[place] > last:
                dead.update(range(first, last + 1))
        return self.counted - dead

    def declares(self, words):
        """Whether one of `words` is a name of this file: a type, a function or a constant at its top level, a macro,
        or a constant that it adds to a type which is among the words as well."""
        if self.path.endswith((".c", ".h")):
            text = "\n".join(self.lines)
            names = set(re.findall(r"^\w[\w ]*?(\w+)\s*[\[=]", text, re.M))
            if self.path.endswith(".h"):
                names.update(re.findall(r"^#define\s+(\w+)|^[\w ]+[ *](\w+)\(|^}\s*(\w+);", text, re.M))
                names = {name for found in names for name in ([found] if isinstance(found, str) else found)} - {""}
            return bool(names & words)
        extended = ""
        for line in self.lines:
            name = re.match(r"(?:[\w@()]+ )*(?:struct|enum|protocol|typealias|func|let)\s+(\w+)", line)
            if name and name[1] in words:
                return True
            if line.startswith(("extension ", "package extension ")):
                extended = re.search(r"extension\s+(?:\w+\.)*(\w+)", line)[1]
            elif line and line[0] not in " }":
                extended = ""
            constant = re.match(r"\s+(?:package |private )?static let (\w+)", line)
            if constant and extended in words and constant[1] in words:
                return True
        return False


def linked_modules(contributing):
    return sorted({path.split("/")[1] for path in contributing})


def close(counted, reached, sources):
    """(d): `counted`, and every file that declares what a line of it names, until there is no more."""
    closure = set(counted)
    while True:
        words = set()
        for path in closure:
            for number in reached.get(path, sources[path].counted):
                words.update(re.findall(r"\w+", sources[path].lines[number - 1]))
        more = {path for path in sources if path not in closure and sources[path].declares(words)}
        if not more:
            return closure
        closure |= more


def measure():
    compiled = compiled_lines()
    modules = linked_modules(compiled)
    listed = subprocess.run(
        ["git", "-C", ROOT, "ls-files", "-co", "--exclude-standard", *("Sources/" + name for name in modules)],
        check=True, capture_output=True, text=True).stdout.split()
    sources = {path: Source(path) for path in listed if path.endswith((".swift", ".c", ".h"))
               and os.path.exists(os.path.join(ROOT, path))}
    counted = {path for path in sources if path in compiled}
    reached = {path: sources[path].reached(compiled[path]) for path in counted}
    closure = close(counted, reached, sources)
    headers = {path for path in closure if path.endswith(".h")}
    counted |= headers
    reached.update({path: sources[path].counted for path in headers})
    rows = []
    for path in sorted(sources):
        source = sources[path]
        rows.append({
            "file": path, "module": path.split("/")[1], "tables": bool(TABLES.search("/" + path)),
            "compiled": len(compiled.get(path, set()) & source.counted),
            "reached": len(reached[path]) if path in reached else 0,
            "files": len(source.counted) if path in counted else 0,
            "closure": len(source.counted) if path in closure else 0,
            "module_lines": len(source.counted),
        })
    return rows


FIGURES = ("compiled", "reached", "files", "closure", "module_lines")


def totals(rows):
    return {figure: sum(row[figure] for row in rows) for figure in FIGURES}


def show(name, sums):
    print(f"{name:44}" + "".join(f"{sums[figure]:10}" for figure in FIGURES))


def check(rows, lines):
    with open(os.path.join(ROOT, "scripts/signer-lines.max"), encoding="utf-8") as file:
        most = int(file.read())
    inside = [row["file"] for row in rows if "/Outside/" in row["file"] and row["compiled"]]
    if inside:
        sys.exit("signer-lines: the signer holds code of " + ", ".join(inside))
    if lines > most:
        sys.exit(f"signer-lines: {lines} lines, more than the {most} of scripts/signer-lines.max")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--json", action="store_true", help="one JSON object instead of tables")
    parser.add_argument("--files", action="store_true", help="a row for each file as well")
    parser.add_argument("--no-build", action="store_true", help="measure the build that is there")
    parser.add_argument("--check", action="store_true", help="fail if (d) grew, or Outside is not outside")
    arguments = parser.parse_args()
    if shutil.which(DUMP) is None:
        # Never silent: scripts/check.sh counts such a line as a test that was skipped.
        print(f'➜ Test "Lines in the signer" skipped: no {DUMP} (package llvm)')
        return
    if not arguments.no_build:
        build()
    rows = measure()
    own = [row for row in rows if not row["tables"]]
    tables = [row for row in rows if row["tables"]]
    modules = {name: totals([row for row in own if row["module"] == name])
               for name in sorted({row["module"] for row in rows})}
    if arguments.json:
        print(json.dumps({"total": totals(own), "tables": totals(tables), "modules": modules,
                          "files": {row["file"]: {figure: row[figure] for figure in FIGURES} for row in rows}}))
    else:
        print(f"{'':44}" + "".join(f"{figure.replace('_lines', ''):>10}" for figure in FIGURES))
        for name, sums in modules.items():
            show(name, sums)
            for row in own:
                if arguments.files and row["module"] == name:
                    show("  " + row["file"].split("/", 2)[2], row)
        show("own", totals(own))
        show("tables", totals(tables))
    if arguments.check:
        check(rows, totals(own)["closure"])



if __name__ == "__main__":
    main()
