"""A run on a local Ray in a process of its own, to be interrupted or killed: ``ray_driver.py STEPS [ADDRESS]``."""

import json
import runpy
import sys
from pathlib import Path

from spikemesh.errors import SpikemeshError
from spikemesh.runtime.ray_backend import RayBackend
from spikemesh.runtime.session import Session
from spikemesh.runtime.signals import interruption


def main(steps, workers, address=None):
    conftest = runpy.run_path(str(Path(__file__).with_name("conftest.py")))
    fake = conftest["_fakes"]()
    recorder = conftest["Recorder"]()
    backend = RayBackend(fake.Worker, address=address)
    try:
        backend.start(fake.ring(workers))
        session = Session(backend, recorder)
        say(pids=backend.pids, hosts=backend.hosts, nodes=backend.nodes)
        with interruption() as interrupted:
            done = session.run(steps, interrupted=interrupted)
        spikes = recorder.spikes
        say(done=done, tick=session.tick, spikes=len(spikes), sum=sum(n for _, n in spikes))
    except SpikemeshError as error:
        say(error=str(error))
    finally:
        backend.close()
    say(closed=True)


def say(**what):
    print(json.dumps(what), flush=True)


main(int(sys.argv[1]), int(sys.argv[2]), *sys.argv[3:])
