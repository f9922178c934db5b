#!/usr/bin/env python3
"""Records what Python's zoneinfo says of time zones, by the rule that ends each zone's file alone.

    make_zones.py > zones.txt

A line a rule: the text | standard offset | daylight offset, and its begin and end as month week weekday seconds; or
nothing | moment:offset of random moments from 1970 to 2100 and of those around every third change.
"""
import io
import pathlib
import random
import re
import struct
import zoneinfo

FROM, TO = 0, 4_133_980_800
random.seed(4)


def footer(data):
    return data.rstrip(b"\n").rsplit(b"\n", 1)[1].decode() if data.startswith(b"TZif2") or data[4:5] >= b"2" else ""


def of_rule(text):
    """A zone that has no history, only the rule."""
    head = b"TZif2" + bytes(15)
    empty = head + struct.pack(">6l", 0, 0, 0, 0, 1, 1) + struct.pack(">lbb", 0, 0, 0) + b"\0"
    return zoneinfo.ZoneInfo.from_file(io.BytesIO(empty + empty + b"\n" + text.encode() + b"\n"))


NAME = r"(?:[A-Za-z]{3,}|<[A-Za-z0-9+-]+>)"
TIME = r"[+-]?\d{1,3}(?::\d\d(?::\d\d)?)?"
RULE = re.compile(rf"^{NAME}({TIME})(?:{NAME}({TIME})?,M(\d+)\.(\d)\.(\d)(?:/({TIME}))?,M(\d+)\.(\d)\.(\d)(?:/({TIME}))?)?$")


def seconds(text):
    sign = -1 if text.startswith("-") else 1
    parts = [int(part) for part in text.lstrip("+-").split(":")]
    return sign * sum(part * unit for part, unit in zip(parts, (3600, 60, 1)))


def offset(zone, moment):
    import datetime
    there = datetime.datetime.fromtimestamp(moment, datetime.timezone.utc).astimezone(zone)
    return int(there.utcoffset().total_seconds())


texts = set()
for name in zoneinfo.available_timezones():
    for folder in zoneinfo.TZPATH:
        path = pathlib.Path(folder) / name
        if path.is_file():
            texts.add(footer(path.read_bytes()))
            break
texts.discard("")
for text in sorted(texts):
    match = RULE.match(text)
    if not match:
        raise SystemExit(f"{text} is not of the M form")
    standard = -seconds(match[1])
    fields = ""
    if match[3]:
        daylight = -seconds(match[2]) if match[2] else standard + 3600
        begin = f"{match[3]} {match[4]} {match[5]} {seconds(match[6] or '2')}"
        end = f"{match[7]} {match[8]} {match[9]} {seconds(match[10] or '2')}"
        fields = f"{daylight} {begin} {end}"
    zone = of_rule(text)
    moments = [random.randrange(FROM, TO) for _ in range(40)]
    if fields:
        for year in range(1970, 2100, 3):
            start, before = (year - 1970) * 31_556_952, None
            for moment in range(start, start + 31_556_952, 86_400):
                now = offset(zone, moment)
                if before is not None and now != before:
                    low, high = moment - 86_400, moment
                    while high - low > 1:
                        middle = (low + high) // 2
                        low, high = (middle, high) if offset(zone, middle) == before else (low, middle)
                    moments += [low, high]
                before = now
    pairs = " ".join(f"{moment}:{offset(zone, moment)}" for moment in moments)
    print(f"{text}|{standard}|{fields}|{pairs}")
