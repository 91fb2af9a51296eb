"""Several captures of one incident as one: the same packet at two taps is found, clocks are compared, frames merged.

    found = [prints(capture) for capture in captures]
    planned = plan(found, clocks(found))
    for frame in Merged(captures_opened_again, planned):
        ...                                  # planned.places tells where a frame stands in the files

A packet is known again by what routers and network cards leave alone: addresses, ports, sequence numbers, flags and
length.
"""

from dissect.nfs4.taps.clocks import Clock, Tie, clocks
from dissect.nfs4.taps.cover import Cover, Stretch
from dissect.nfs4.taps.merge import Merged, Places, Plan, plan
from dissect.nfs4.taps.prints import Prints, prints

__all__ = ["Clock", "Cover", "Merged", "Places", "Plan", "Prints", "Stretch", "Tie", "clocks", "plan", "prints"]
