"""One of several processes that exchange blocks through shared memory; driven by lines of JSON."""

import json
import os
import sys

import numpy as np

from spikemesh.runtime.exchange_shared import RingOffer, SharedInlet, SharedOutlet
from spikemesh.runtime.exchange_streams import StreamExchange
from spikemesh.runtime.stream import PeerLostError


def say(**what):
    print(json.dumps(what), flush=True)


def main(index, peers, windows):
    inlets = {peer: SharedInlet("test", 1 << 16, anonymous=index != 0) for peer in peers}
    say(pid=os.getpid(), offers={str(p): vars(i.offer) for p, i in inlets.items()})
    table = json.loads(sys.stdin.readline())
    outlets = {peer: SharedOutlet(RingOffer(**table[str(peer)]["offers"][str(index)])) for peer in peers}
    for peer, inlet in inlets.items():
        inlet.watch(table[str(peer)]["pid"])
    say(opened=True)
    sys.stdin.readline()
    for inlet in inlets.values():
        inlet.drop_name()
    exchange = StreamExchange(inlets, outlets)
    say(running=True)
    total = 0
    try:
        for window in range(windows):
            for peer in peers:
                exchange.send(peer, window, np.full((window % 50, 2), index + window, dtype=np.uint32))
            for peer in peers:
                total += int(exchange.receive(peer, window).sum())
    except PeerLostError as error:
        say(lost=error.peer, message=str(error))
    else:
        say(total=total)


main(int(sys.argv[1]), json.loads(sys.argv[2]), int(sys.argv[3]))
