"""Ring 2: when to restart, when to stop, and when a stop is complete; imports model alone.

holdings  what is held, what of ours rests for it, and whether that is settled
restart   how often a role may fail, how long it waits, and what its loss means
settings  what a person may set of the end of a run
shutdown  what trips the KillSwitch, and when the venue's own list proves that it is done
windup    what the KillSwitch asks of the venue: cancels, and exits where main sends none
"""
