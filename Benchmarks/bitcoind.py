"""Bitcoin Core as a peer, where BITCOIND names its daemon: a throw-away regtest node with the test seed's account."""
import base64
import http.client
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import time

PORT = 28_443


def call(folder, method, *arguments, wallet=""):
    cookie = (pathlib.Path(folder) / "regtest" / ".cookie").read_bytes()
    connection = http.client.HTTPConnection("127.0.0.1", PORT, timeout=600)
    body = json.dumps({"id": 0, "method": method, "params": arguments})
    connection.request("POST", wallet and f"/wallet/{wallet}" or "/", body, {"Authorization": "Basic " + base64.b64encode(cookie).decode()})
    answer = json.loads(connection.getresponse().read())
    if answer["error"] is not None:
        raise RuntimeError(f"bitcoind: {method}: {answer['error']}")
    return answer["result"]


def signs(text, wallets):
    """Seconds that it takes to sign the PSBT; nothing if there is no daemon."""
    daemon = os.environ.get("BITCOIND")
    if not daemon:
        return None
    folder = tempfile.mkdtemp(prefix="portcullis-bitcoind-")
    node = subprocess.Popen([daemon, "-regtest", f"-datadir={folder}", f"-rpcport={PORT}", "-listen=0", "-dnsseed=0", "-printtoconsole=0"])
    try:
        return timed(folder, node, text, wallets)
    finally:
        node.terminate()
        node.wait(60)
        shutil.rmtree(folder, ignore_errors=True)


def timed(folder, node, text, wallets):
    deadline = time.monotonic() + 60
    while True:
        try:
            call(folder, "getblockchaininfo")
            break
        except (OSError, RuntimeError):
            if node.poll() is not None or time.monotonic() > deadline:
                raise
            time.sleep(0.2)
    call(folder, "createwallet", "bench", False, True)
    xprv = wallets.ROOT.to_base58(wallets.NETWORKS["regtest"]["xprv"])
    wanted = []
    for branch in (0, 1):
        stated = f"wpkh({xprv}/84h/1h/0h/{branch}/*)"
        checksum = call(folder, "getdescriptorinfo", stated)["checksum"]
        wanted.append({"desc": f"{stated}#{checksum}", "timestamp": "now", "range": [0, 12_000]})
    assert all(done["success"] for done in call(folder, "importdescriptors", wanted, wallet="bench"))
    start = time.monotonic()
    signed = call(folder, "walletprocesspsbt", text, True, "ALL", False, False, wallet="bench")["psbt"]
    took = time.monotonic() - start
    assert all(given.partial_sigs for given in wallets.psbt.PSBT.from_string(signed).inputs)
    return took
