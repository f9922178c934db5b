#!/usr/bin/env python3
"""Writes Sources/CSeccomp/GeneratedProfiles.h from policies/sandbox (the format is in its README).

usage: generate-sandbox.py [--check]      --check writes nothing and fails when the table is stale
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
SOURCE = ROOT / "policies" / "sandbox"
TARGET = ROOT / "Sources" / "CSeccomp" / "GeneratedProfiles.h"
PROFILES = ["signer-sealed", "signer-ready", "gate", "front"]
VALUE = r"([0-9]+|[A-Z][A-Z0-9_]*)"
HEAD = """/* Made by scripts/generate-sandbox.py from policies/sandbox. Change the texts there, never this file. */
"""


def lines(path):
    """The rules of a file without comments, each with its place for complaints."""
    for number, line in enumerate(path.read_text().splitlines(), 1):
        rule = line.split("#", 1)[0].split()
        if rule:
            yield f"{path.name}:{number}", rule


def place(names, name):
    if name not in names:
        names.append(name)
    return names.index(name)


def condition(text, where, descriptors):
    text = re.sub(r"^len(?=[<=])", "a2", text)
    if match := re.fullmatch(r"fd=([a-z]+)", text):
        return f"FD(0, {place(descriptors, match[1])})"
    if match := re.fullmatch(rf"i([0-5])=={VALUE}", text):
        return f"INT({match[1]}, {match[2]})"
    if match := re.fullmatch(rf"a([0-5])(==|<=){VALUE}", text):
        return f"{'EQ' if match[2] == '==' else 'LE'}({match[1]}, {match[3]})"
    if match := re.fullmatch(rf"a([0-5])&{VALUE}=={VALUE}", text):
        return f"BITS({match[1]}, {match[2]}, {match[3]})"
    sys.exit(f"{where}: not a condition: {text}")


def calls(profile):
    descriptors, rules = [], []
    for where, (call, *conditions) in lines(SOURCE / f"{profile}.seccomp"):
        if not re.fullmatch(r"[a-z0-9_]+", call):
            sys.exit(f"{where}: not a call: {call}")
        spelled = [condition(text, where, descriptors) for text in conditions]
        rule = f"    RULE({', '.join([call, str(len(spelled))] + spelled)}),"
        if rule in rules:
            sys.exit(f"{where}: said twice")
        rules.append(rule)
    return descriptors, rules


def files(profile):
    path, denied, places, rules = SOURCE / f"{profile}.landlock", [], [], []
    if not path.exists():  # the profile leaves in force what an earlier one set
        return denied, places, rules
    for where, (verb, *words) in lines(path):
        if verb == "deny" and words in (["network"], ["scope"]):
            denied.append(f"DENY_{words[0].upper()}")
        elif verb == "allow" and len(words) > 1:
            rights = " | ".join("MAY_" + right.upper().replace("-", "_") for right in words[1:])
            rules.append(f"    PLACE({place(places, words[0])}, {rights}),")
        else:
            sys.exit(f"{where}: neither deny nor allow")
    return denied, places, rules


def table():
    out, rows = [HEAD], []
    for profile in PROFILES:
        name = profile.replace("-", "_")
        descriptors, rules = calls(profile)
        denied, places, allowed = files(profile)
        names = lambda words: ", ".join([f'"{word}"' for word in words] + ["NULL"])
        out += [
            f"static const char *const {name}_descriptors[] = {{{names(descriptors)}}};",
            f"static const struct rule {name}_rules[] = {{", *rules, "    END_OF_RULES", "};",
            f"static const char *const {name}_places[] = {{{names(places)}}};",
            f"static const struct place {name}_allowed[] = {{", *allowed, "    END_OF_PLACES", "};", "",
        ]
        rows.append(f"    PROFILE({name}, {' | '.join(denied) or '0'}),")
    return "\n".join(out + ["static const struct profile profiles[] = {", *rows, "};", ""])


if __name__ == "__main__":
    if sys.argv[1:] == ["--check"]:
        sys.exit(None if TARGET.read_text() == table() else f"{TARGET.relative_to(ROOT)} is stale")
    TARGET.write_text(table())
