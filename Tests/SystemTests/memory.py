"""Looks for secrets in the memory of a process, as root does: every readable mapping, both byte orders."""
import hashlib
import hmac
import sys

ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141


def mappings(pid):
    with open(f"/proc/{pid}/maps") as lines:
        for line in lines:
            span, mode, *rest = line.split()
            start, end = (int(x, 16) for x in span.split("-"))
            yield start, end, mode, rest[-1] if len(rest) > 3 else ""


def dump(pid):
    """(bytes of all that could be read, number of mappings that could not)."""
    data, unreadable = bytearray(), 0
    with open(f"/proc/{pid}/mem", "rb", buffering=0) as memory:
        for start, end, mode, name in mappings(pid):
            if "r" not in mode or name in ("[vvar]", "[vsyscall]", "[vvar_vclock]"):
                continue
            try:
                memory.seek(start)
                left = end - start
                while left:
                    piece = memory.read(min(left, 1 << 24))
                    if not piece:
                        break
                    data += piece
                    left -= len(piece)
            except OSError:
                unreadable += 1
    return bytes(data), unreadable


def windows(secret):
    """Every aligned 8-byte window of a secret, forwards and backwards; scalars also negated."""
    forms = [secret, secret[::-1]]
    if len(secret) == 32:
        negative = ((ORDER - int.from_bytes(secret, "big")) % ORDER).to_bytes(32, "big")
        forms += [negative, negative[::-1]]
    found = set()
    for form in forms:
        for start in range(0, len(form) - 7, 8):
            found.add(form[start:start + 8])
    return found


def hits(data, secrets):
    """The names of the secrets of which a window stands in `data`."""
    return sorted({name for name, secret in secrets.items() for window in windows(secret) if window in data})


def pbkdf2_seed(words, passphrase=""):
    return hashlib.pbkdf2_hmac("sha512", words.encode(), b"mnemonic" + passphrase.encode(), 2048)


def secrets_of(words, paths):
    """The seed, the master node and the private node of each path, by name."""
    seed = pbkdf2_seed(words)
    found = {"seed": seed}
    found.update(node_secrets("m", hmac.new(b"Bitcoin seed", seed, hashlib.sha512).digest()))
    from embit import bip32
    root = bip32.HDKey.from_seed(seed)
    for path in paths:
        node = root.derive(path)
        found.update(node_secrets(path, node.key.secret + node.chain_code))
    return found


def node_secrets(path, node):
    return {f"{path} key": node[:32]}


if __name__ == "__main__":
    # The attacker as a program of its own: memory.py PID, prints how much it could read.
    try:
        data, unreadable = dump(int(sys.argv[1]))
        print(len(data), unreadable)
    except OSError as error:
        print("denied", error.errno)
        sys.exit(3)
