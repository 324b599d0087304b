"""The agent that failed first is the one that is named."""

from spikemesh.errors import PluginError
from spikemesh.runtime.failures import Failure, agent_names, culprit, failure_of
from spikemesh.runtime.lost import PeerLostError

AGENTS = [("chip 0",), ("chip 1",), ("chip 2", "chip 3")]
MISSED = Failure("lost worker 1: its process ended", follows=True, peer=1)


def test_a_dead_process_outranks_an_exception_and_that_a_missed_peer():
    raised, died = Failure("ValueError: nan", "Traceback"), Failure("its process died", died=True)
    assert culprit({0: MISSED, 1: raised, 2: died}, AGENTS, 7).agent == "chip 2, chip 3"
    error = culprit({0: MISSED, 1: raised}, AGENTS, 7)
    assert (error.agent, error.step, error.remote_traceback) == ("chip 1", 7, "Traceback")
    assert str(error) == "chip 1: ValueError: nan (after completed step 7)"


def test_a_missed_peer_that_said_nothing_is_named_itself():
    assert culprit({0: MISSED}, AGENTS, None).agent == "chip 1"
    assert "before the first step" in str(culprit({0: MISSED}, AGENTS, None))


def test_messages_of_users_mistakes_stay_as_they_are():
    assert failure_of(PluginError("leaky raised")).message == "leaky raised"
    assert failure_of(ZeroDivisionError("division by zero")).message == "ZeroDivisionError: division by zero"
    lost = failure_of(PeerLostError("gone", 4))
    assert (lost.follows, lost.peer) == (True, 4)


def test_many_agents_are_named_in_short():
    assert agent_names(["chip 0", "chip 1"]) == "chip 0, chip 1"
    assert agent_names([f"chip {n}" for n in range(3, 20)]) == "chip 3 to chip 19 (17 agents)"
