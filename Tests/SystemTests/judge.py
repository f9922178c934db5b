"""Bitcoin Core's consensus engine as the judge of what we sign, in a process of its own.

The engine aborts the process on some bad input, so every verdict is asked of a child; no verdict is a failure.
"""
import json
import subprocess
import sys

CHILD = r"""
import json, sys
import pbk
from pbk.script import PrecomputedTransactionData, ScriptPubkey, ScriptVerificationFlags as Flags
def judge(raw, prevouts, flags):
    raw, prevouts = bytes.fromhex(raw), [(a, bytes.fromhex(s)) for a, s in prevouts]
    tx = pbk.Transaction(raw)
    spent = [pbk.TransactionOutput(ScriptPubkey(script), amount) for amount, script in prevouts]
    data = PrecomputedTransactionData(tx, spent)
    verdict = True
    for index, (amount, script) in enumerate(prevouts):
        try:
            if not bool(ScriptPubkey(script).verify(amount, tx, data, index, flags)):
                verdict = False
        except pbk.ScriptVerifyException:
            verdict = False
    return verdict
print(json.dumps([judge(raw, prevouts, Flags.ALL if flags is None else flags)
                  for raw, prevouts, flags in json.load(sys.stdin)]))
"""


def accepts(raw, prevouts):
    """`prevouts`: (satoshi, scriptPubKey) of every input, in order."""
    return accepts_each([(raw, prevouts)])[0]


def accepts_each(questions):
    """The verdict on each (raw, prevouts) by every rule of consensus, all asked of one child."""
    return accepts_each_under((raw, prevouts, None) for raw, prevouts in questions)


def accepts_each_under(questions):
    """The verdict on each (raw, prevouts, the engine's flags)."""
    questions = [[raw.hex(), [(amount, script.hex()) for amount, script in prevouts], flags]
                 for raw, prevouts, flags in questions]
    question = json.dumps(questions)
    run = subprocess.run([sys.executable, "-c", CHILD], input=question, capture_output=True, text=True, timeout=60)
    assert run.returncode == 0, f"the engine gave no verdict: {run.stderr[-500:]}"
    verdicts = json.loads(run.stdout)
    assert len(verdicts) == len(questions)
    return verdicts
