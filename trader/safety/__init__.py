"""Ring 2: when to restart, when to stop, and when a stop is complete; imports model alone.

restart   how often a role may fail, how long it waits, and what its loss means
settings  what a person may set of the end of a run
shutdown  what trips the KillSwitch, and when the venue's own list proves that it is done
"""
