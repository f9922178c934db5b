"""The signer's evaluator against a model in Python that was written from the documents alone (Tests/Judges/policy_model.py): a
million random policies and requests with the same verdict, the same rules and charges, and the same reason in every number.

PORTCULLIS_POLICY_CASES asks for more of them, PORTCULLIS_SEED for those of another run. The policies are written as bundles from
the document; what the compiler makes of their text is held against the same bytes.
"""
import collections
import os
import random
import sys
import time

import pytest
from embit import script as scripts
from embit.networks import NETWORKS

from appliance import REPOSITORY, portcullis
from conftest import figure

sys.path.insert(0, str(REPOSITORY / "Tests/Judges"))
import policy_bundle  # noqa: E402
import policy_cases  # noqa: E402
import policy_model  # noqa: E402

DRIVER = REPOSITORY / "Core/.build/release/policy-driver"
SEED = int(os.environ.get("PORTCULLIS_SEED", random.SystemRandom().randrange(2**32)))
CASES = int(os.environ.get("PORTCULLIS_POLICY_CASES", 1_000_000))
driven = pytest.mark.skipif(not DRIVER.exists(), reason="no policy-driver (scripts/check.sh release)")


@pytest.fixture(scope="module")
def driver():
    running = policy_cases.Driver(DRIVER)
    yield running
    running.close()


@pytest.fixture(scope="module")
def compared(driver):
    tally, started = collections.Counter(), time.process_time()
    print(f"seed {SEED}")
    figures, kept = policy_cases.run(driver, SEED, CASES, tally, keep=250)
    figure(f"policy model: {figures['cases']:,} cases ({figures['policies']:,} policies, {figures['requests']:,} requests) with the "
           f"same answer in every number, {time.process_time() - started:.0f} s of Python, seed {SEED}")
    return figures, kept, tally


@driven
def test_a_million_cases_get_the_answer_of_the_model(compared):
    figures, _, tally = compared
    assert figures["cases"] >= CASES
    every = {pair[side] for pair in policy_model.RANGE_NAMES.values() for side in (0, 1)} | {
        "allow", "no-rule-for-wallet", "no-rule-for-message", "denied-by-rule", "message-not-matched", "sighash-not-in-rule",
        "destination-not-listed", "script-kind", "lock-time-kind", "replaceability", "replacement-kind", "requester", "outside-time"}
    assert set(tally) == every and min(tally.values()) > CASES // 5_000, tally


@driven
def test_order_deletion_and_less_knowledge(compared):
    """Held over the same run (policy_cases.check_rules and check_wider); here, that it was not in vain."""
    figures, _, _ = compared
    assert figures["variants"] > CASES // 50 and figures["deleted"] > CASES // 2_000 and figures["wider"] > CASES // 2_000, figures


@driven
@pytest.mark.parametrize("defect", policy_model.DEFECTS)
def test_a_mistake_in_the_model_is_seen(compared, defect):
    """The control: each mistake on purpose makes a difference soon."""
    cases = policy_cases.first_seen(compared[1], defect)
    assert cases is not None, f"{defect} not seen in {len(compared[1])} worlds, seed {SEED}"
    figure(f"policy model: {defect} seen after {cases:,} cases at most")


@driven
def test_boundaries_of_every_condition(driver):
    count, rules = policy_cases.check_boundaries(driver)
    assert count > 5_000 and rules > 100
    figure(f"policy model: {count:,} boundaries of {rules:,} conditions, allowed and denied")


def address(script):
    try:
        return scripts.Script(script).address(NETWORKS["regtest"])
    except Exception:
        return None


def test_the_compiler_writes_the_bundle_that_the_document_asks_for(tmp_path):
    """Byte for byte: the hash that `policy check` names is that of the bundle made here from the same policy."""
    addressed = {script for script in policy_cases.SCRIPTS[:5] if address(script)}
    assert len(addressed) == 5
    dice, done, conditions = random.Random(SEED), 0, 0
    while done < 60:
        world = policy_cases.World(dice)
        for policy in world.policies[:3]:
            policy = policy_cases.written(world, policy, addressed)
            if policy is None:
                continue
            text = policy_bundle.toml(policy, address)
            path = tmp_path / "policy.toml"
            path.write_text(text)
            run = portcullis("policy", "check", path)
            expected = policy_bundle.bundle(policy, source=text.encode())
            assert run["policyHash"] == policy_bundle.bundle_hash(expected).hex(), f"seed {SEED}\n{text}"
            done += 1
            conditions += any(isinstance(rule, policy_model.Rule) and not policy_bundle.is_plain(rule) for rule in policy.rules)
    assert conditions > 10
    figure(f"policy model: {done} policies compiled to the bytes that the document asks for, {conditions} with conditions, seed {SEED}")
