"""Refusal codes by name, read from the single list in the sources."""
import re

from appliance import REPOSITORY


def _table(path):
    text = (REPOSITORY / path).read_text()
    return {re.sub(r"([A-Z])", lambda m: "-" + m[1].lower(), name): int(code)
            for name, code in re.findall(r"case (\w+) = (\d+)", text)}


CODES = _table("Sources/Wire/Refusal.swift") | _table("Sources/Policy/PolicyRefusal.swift")
NAMES = {code: name for name, code in CODES.items()}
assert len(CODES) == len(NAMES) >= 60
