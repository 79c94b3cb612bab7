"""Rules that make answers go wrong, set at run time by POST /_faults."""

import asyncio
import os
import re

ACTIONS = {
    "lost_before",  # the connection closes, nothing was done
    "lost_after",  # it was done, the connection closes instead of an answer
    "status",  # `status` and `message` instead of anything done
    "status_after",  # the same, though it was done
    "delay",  # `seconds` later than usual
    "hang",  # no answer, nothing done
    "hang_after",  # no answer, though it was done
    "cut",  # the answer's body ends after `bytes`, and the connection with it
    "vanish",  # before the call the container that it names is removed, as if by hand
    "stream_error",  # 200, and then `message` as a pull, a push or a build tells an error; nothing done
    "log_error",  # of a log only `message`, as the engine tells that it can't read the file
    "drop_events",  # a stream of events begins and stays silent
    "die_before",  # this engine dies as if by SIGKILL, nothing done
    "die_after",  # the same, once it is done
}


class Rule:
    """`nth` is the first matching call it acts on (from 1), `times` for how many it does; 0 is for ever."""

    def __init__(self, given):
        unknown = set(given) - {"method", "path", "nth", "times", "action", "status", "message", "seconds", "bytes"}
        if unknown or given.get("action") not in ACTIONS:
            raise ValueError(f"not a rule: {given}")
        self.given = given
        self.pattern = re.compile(given.get("path", ".*"))
        self.nth, self.times = given.get("nth", 1), given.get("times", 1)
        self.seen = 0

    def takes(self, method, path):
        if self.given.get("method", method) != method or not self.pattern.fullmatch(path):
            return False
        self.seen += 1
        return self.seen >= self.nth and (self.times == 0 or self.seen < self.nth + self.times)

    @property
    def acted(self):
        most = self.times or self.seen
        return max(0, min(self.seen - self.nth + 1, most))


class Faults:
    def __init__(self):
        self.rules = []

    def set(self, given):
        """Replaces all rules."""
        self.rules = [Rule(rule) for rule in given]

    def told(self):
        return [{**rule.given, "seen": rule.seen, "acted": rule.acted} for rule in self.rules]

    def match(self, method, path):
        """The first rule that acts on this call; every rule that matches counts it."""
        acting = [rule for rule in self.rules if rule.takes(method, path)]
        return acting[0].given if acting else None


async def never():
    await asyncio.get_running_loop().create_future()


def die():
    os.kill(os.getpid(), 9)
