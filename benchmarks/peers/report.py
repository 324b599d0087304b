"""Arguments and result line that all peers' scripts share."""

from __future__ import annotations

import argparse
import json
import resource


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("workload")
    parser.add_argument("duration_ms", type=float)
    parser.add_argument("threads", type=int)
    parser.add_argument("seed", type=int)
    return parser.parse_args()


def report(*, peak_rss_mb=None, **figures):
    """Print the result; peak memory is that of this process unless it is given."""
    if peak_rss_mb is None:
        peak_rss_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print("RESULT " + json.dumps({**figures, "peak_rss_mb": peak_rss_mb}), flush=True)
