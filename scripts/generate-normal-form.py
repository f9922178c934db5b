"""Writes Sources/Wallet/Text/GeneratedDecompositions.swift, the table behind BIP-39's normal form (NFKD).

usage: scripts/generate-normal-form.py           (needs unicodedata2 from PyPI, for the newest Unicode)
       scripts/generate-normal-form.py --check   (compares the table with this Python's own, character by character)

A decomposition never changes once its character is assigned, so any Unicode up to that of the table can judge it.
"""
import pathlib
import re
import sys
import unicodedata

PLACE = pathlib.Path(__file__).resolve().parent.parent / "Sources/Wallet/Text/GeneratedDecompositions.swift"
HANGUL = range(0xAC00, 0xD7A4)
SURROGATES = range(0xD800, 0xE000)
COLUMNS = 100
HEAD = '''// Written by scripts/generate-normal-form.py from Unicode {version}; not by hand.

/// What each character decomposes into in one step (field 5 of UnicodeData.txt).
///
/// Words with a space between; all numbers are hexadecimal. `gap*count:parts`: the character is
/// `gap` after the last of the word before; `count` characters in a row decompose into one each,
/// which also follow each other; parts are joined by commas. A gap of 1 and a count of 1 are left
/// out. Hangul syllables are computed.
enum GeneratedDecompositions {{
    /// The version of Unicode that the table knows.
    static let unicodeVersion = (major: {major}, minor: {minor})

    static let text = """
'''
TAIL = '''        """
}
'''


def decompositions(source):
    """Character to the characters of one step, canonical or compatible."""
    found = {}
    for number in range(0x110000):
        if number in HANGUL or number in SURROGATES:
            continue
        parts = [part for part in source.decomposition(chr(number)).split() if not part.startswith("<")]
        if parts:
            found[number] = [int(part, 16) for part in parts]
    return found


def words(table):
    before = 0
    numbers = sorted(table)
    place = 0
    while place < len(numbers):
        first = numbers[place]
        parts = table[first]
        count = 1
        while len(parts) == 1 and table.get(first + count) == [parts[0] + count]:
            count += 1
        gap = first - before
        head = ("" if gap == 1 else f"{gap:x}") + ("" if count == 1 else f"*{count:x}")
        yield (head + ":" if head else "") + ",".join(f"{part:x}" for part in parts)
        before = first + count - 1
        place += count


def read(text):
    """The table that the file's words stand for: the same rules as in NormalForm.swift, in other words."""
    found = {}
    last = 0
    for word in text.split():
        head, _, tail = word.rpartition(":")
        gap, _, count = head.partition("*")
        parts = [int(part, 16) for part in tail.split(",")]
        first = last + int(gap or "1", 16)
        for step in range(int(count or "1", 16)):
            found[first + step] = [parts[0] + step] if count else parts
            last = first + step
    return found


def write():
    import unicodedata2
    major, minor, _ = unicodedata2.unidata_version.split(".")
    lines = [""]
    for word in words(decompositions(unicodedata2)):
        if len(lines[-1]) + len(word) > COLUMNS - 8:
            lines.append("")
        lines[-1] += word + " "
    body = "".join(f"        {line.rstrip()}\n" for line in lines)
    head = HEAD.format(version=unicodedata2.unidata_version, major=major, minor=minor)
    PLACE.write_text(head + body + TAIL)



def check():
    source = PLACE.read_text()
    table = read(re.search(r'text = """\n(.*?)"""', source, re.S).group(1))
    wrong = 0
    known = 0
    for number in range(0x110000):
        if number in HANGUL or number in SURROGATES or unicodedata.category(chr(number)) == "Cn":
            continue
        known += 1
        parts = [part for part in unicodedata.decomposition(chr(number)).split() if not part.startswith("<")]
        wrong += [int(part, 16) for part in parts] != table.get(number, [])
    print(f"{known} characters of Unicode {unicodedata.unidata_version}, {len(table)} decompositions, {wrong} wrong")
    return wrong == 0 and known > 100_000 and len(table) > 5_000


if "--check" in sys.argv:
    sys.exit(0 if check() else 1)
write()
