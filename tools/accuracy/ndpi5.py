#!/usr/bin/env python3
"""nDPI 5 as nfstream has it: reads paths of captures from standard input, writes `FLOWS<tab>PATH` for
each, FLOWS being those labelled Mining. With --version, only which nDPI it is.

usage: ndpi5.py --version
       ndpi5.py SECONDS_PER_CAPTURE <PATHS
"""
import signal
import sys

import nfstream
from _lib_engine import ffi, lib


class TookTooLong(Exception):
    pass


def interrupt(*_):
    raise TookTooLong


def mining(path):
    """Flows labelled Mining, alone or inside another protocol, as in `HTTP.Mining`."""
    # One process for each capture, which nfstream starts; its default is one for each core.
    flows = nfstream.NFStreamer(source=path, n_meters=1)
    return sum("Mining" in (*flow.application_name.split("."), flow.application_category_name) for flow in flows)


def main():
    if sys.argv[1] == "--version":
        ndpi = ffi.string(lib.engine_lib_ndpi_version()).decode()
        print(f"{ndpi} (nfstream {nfstream.__version__})")
        return
    signal.signal(signal.SIGALRM, interrupt)
    for path in sys.stdin.read().splitlines():
        signal.alarm(int(sys.argv[1]))
        try:
            count = mining(path)
        # What nfstream cannot open is a ValueError, and not found.
        except (ValueError, TookTooLong):
            count = 0
        signal.alarm(0)
        print(count, path, sep="\t", flush=True)


if __name__ == "__main__":
    main()
