"""One of several processes that exchange blocks through shared memory; driven by lines of JSON."""

import json
import os
import sys

import numpy as np

from spikemesh.runtime.exchange_memory import MemoryExchange, Place
from spikemesh.runtime.exchange_shared import InboxOffer, ProcessPeer, SharedInbox, open_inbox
from spikemesh.runtime.lost import PeerLostError


def say(**what):
    print(json.dumps(what), flush=True)


def offered(said):
    return InboxOffer(**said | {"places": {int(n): Place(**p) for n, p in said["places"].items()}})


def main(index, peers, windows):
    shared = SharedInbox("test", dict.fromkeys(peers, 50), anonymous=index != 0)
    offer = vars(shared.offer) | {"places": {str(n): vars(p) for n, p in shared.offer.places.items()}}
    say(pid=os.getpid(), offer=offer)
    table = json.loads(sys.stdin.readline())
    targets = {peer: open_inbox(offered(table[str(peer)]["offer"])) for peer in peers}
    watches = [(peer, ProcessPeer(table[str(peer)]["pid"])) for peer in peers]
    say(opened=True)
    sys.stdin.readline()
    shared.drop_name()
    exchange = MemoryExchange(index, shared.inbox, targets, watches=watches)
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
