"""Processes that other programs started and left a pid file of."""

import os
import time


def pid_of(path):
    with open(path, encoding="utf-8") as file:
        return int(file.read())


def end(path, number):
    """Sends the signal to the process that the pid file names; returns once it is gone."""
    pid = pid_of(path)
    os.kill(pid, number)
    while os.path.exists(f"/proc/{pid}"):
        time.sleep(0.01)
