"""Operators of the real signer who are silent, slow, late or many: none keeps another from unlocking for long."""
import socket
import threading
import time

import pytest

import wire
from appliance import PASSPHRASE, Appliance, Refused
from wire import vec16

PATIENCE = 10


def dribble(operator, stop):
    """One byte a second of a frame that never ends."""
    frame = wire.frame(wire.UNLOCK, vec16(bytes(1_000)))
    for at in range(len(frame)):
        try:
            operator.socket.sendall(frame[at:at + 1])
        except OSError:
            return
        if stop.wait(1):
            return


def test_a_silent_and_a_slow_operator_are_hung_up_on_after_ten_seconds_each(signer):
    began = time.monotonic()
    with signer.operator() as silent, signer.operator() as slow, signer.operator() as honest:
        honest.send(wire.UNLOCK, vec16(PASSPHRASE.encode()))
        stop = threading.Event()
        threading.Thread(target=dribble, args=(slow, stop), daemon=True).start()
        honest.socket.settimeout(4 * PATIENCE)
        # The gate is answered meanwhile.
        assert signer.status().phase == 0
        assert honest.receive()[0] == wire.UNLOCKED
        took = time.monotonic() - began
        stop.set()
        for gone in (silent, slow):
            with pytest.raises((EOFError, OSError)):
                gone.receive()
    assert 2 * PATIENCE - 1 < took < 2 * PATIENCE + 5, took
    assert signer.gate.receive()[0] == 0x81


def test_who_waits_while_another_unlocks_is_hung_up_on_and_later_ones_find_nobody(signer):
    with signer.operator() as first, signer.operator() as second:
        second.send(wire.UNLOCK, vec16(PASSPHRASE.encode()))
        assert first.ask(wire.UNLOCK, vec16(PASSPHRASE.encode()))[0] == wire.UNLOCKED
        began = time.monotonic()
        with pytest.raises(EOFError):
            second.receive()
        assert time.monotonic() - began < 5
    with pytest.raises((ConnectionRefusedError, FileNotFoundError)):
        signer.operator()
    # It serves its gate all the same.
    assert signer.gate.receive()[0] == 0x81
    assert signer.status().phase == 1


def test_an_operator_who_breaks_the_protocol_costs_the_next_one_nothing(signer):
    for wrong in (b"\x00\x00\x00\x00\x11", b"\xff\xff\xff\xff\x11", wire.frame(0x12), wire.frame(0x04), b"\x01"):
        with signer.operator() as operator:
            operator.socket.sendall(wrong)
            operator.socket.shutdown(socket.SHUT_WR)
            with pytest.raises(EOFError):
                operator.receive()
    began = time.monotonic()
    assert signer.unlock()[0] == wire.UNLOCKED
    assert time.monotonic() - began < 5


def test_unlock_of_an_open_signer_is_answered_at_once_by_name():
    with Appliance() as running:
        assert running.unlock()["unlocked"] is True  # the status says so already: nothing to do
        # The same command racing another one: both ask while it is sealed, one is quicker.
        for _ in range(3):
            running.run("lock")
            answers = []
            threads = [threading.Thread(target=lambda: answers.append(outcome(running))) for _ in range(4)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join(60)
            assert "unlocked" in answers and len(answers) == 4, answers
            assert set(answers) <= {"unlocked", "already-unlocked"}, answers


def outcome(running):
    try:
        running.unlock()
        return "unlocked"
    except Refused as refused:
        return refused.name
