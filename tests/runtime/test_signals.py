"""Signals set a flag; the second Ctrl-C is not ignored."""

import os
import signal
import threading

import pytest

from spikemesh.runtime.signals import interruption


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signal_sets_the_flag_and_the_old_handler_returns(number):
    before = signal.getsignal(number)
    with interruption() as interrupted:
        assert not interrupted()
        os.kill(os.getpid(), number)
        assert interrupted()
        assert interrupted.signal == number
    assert signal.getsignal(number) is before


def test_second_interrupt_raises():
    with interruption() as interrupted:
        os.kill(os.getpid(), signal.SIGINT)
        assert interrupted()
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)


def test_other_threads_leave_the_handlers_alone():
    before = signal.getsignal(signal.SIGINT)
    seen = []

    def run():
        with interruption() as interrupted:
            seen.append((signal.getsignal(signal.SIGINT), interrupted()))

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert seen == [(before, False)]
