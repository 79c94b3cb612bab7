"""The engine that slipwayd drives in the matrix: a real one of its own, which may be killed, and what it has seen."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time

SUPPORT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support")
SCRIPT = os.path.join(SUPPORT, "helper_engine.sh")
sys.path.append(SUPPORT)
import processes  # noqa: E402


class Engine:
    def __init__(self, folder, number, reach=None):
        """`reach`: a network in the root namespace that it needs a route to, for the registry."""
        self.folder, self.number = folder, number
        self.endpoint = f"unix://{folder}/docker.sock"
        self.starts = {}  # container name → the distinct moments at which it was started
        self.ended = False
        self.start()
        if reach:
            gateway = f"198.18.0.{4 * number + 1}"
            subprocess.run(["ip", "-n", f"slipway-e{number}", "route", "replace", reach, "via", gateway], check=True)
        self.load("busybox:latest")
        self.since = time.time()
        self.listener = threading.Thread(target=self.listen, daemon=True)
        self.listener.start()

    def script(self, verb):
        subprocess.run(["bash", SCRIPT, verb, self.folder, str(self.number)], check=True, capture_output=True)

    def start(self):
        for tries_left in (2, 1, 0):
            try:
                return self.script("start")
            except subprocess.CalledProcessError:
                if not tries_left:
                    raise
                time.sleep(5)  # dockerd gives its containerd 15 s to start, which a busy machine may not keep

    def mend(self):
        """After a cell in which the rig itself failed: one that is dead or stands still must not fail the next cells."""
        with contextlib.suppress(OSError, ValueError):
            self.signal(signal.SIGCONT)
            self.die()
        self.start()

    def remove(self):
        self.ended = True
        self.script("stop")

    def signal(self, number):
        os.kill(processes.pid_of(f"{self.folder}/pid"), number)

    def die(self):
        processes.end(f"{self.folder}/pid", signal.SIGKILL)

    def cut_power(self):
        """It dies and with it all its containers, at once."""
        self.script("cut_power")

    def quit(self):
        """As at a package upgrade."""
        processes.end(f"{self.folder}/pid", signal.SIGTERM)

    def docker(self, *words):
        return subprocess.run(["docker", "-H", self.endpoint, *words], check=True, capture_output=True, text=True, timeout=60).stdout

    def load(self, image):
        save = subprocess.Popen(["docker", "save", image], stdout=subprocess.PIPE)
        subprocess.run(["docker", "-H", self.endpoint, "load"], stdin=save.stdout, check=True, capture_output=True)
        if save.wait():
            raise RuntimeError(f"the machine's engine has no {image}")

    def listen(self):
        """Collects start events for as long as the engine lives, over its deaths; those told twice count once."""
        while not self.ended:
            command = ["docker", "-H", self.endpoint, "events", "--since", f"{self.since:.3f}",
                       "--filter", "type=container", "--filter", "event=start", "--format", "{{json .}}"]
            listening = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
            for line in listening.stdout:
                event = json.loads(line)
                self.starts.setdefault(event["Actor"]["Attributes"]["name"], set()).add(event["timeNano"])
            listening.wait()
            time.sleep(0.1)

    def remove_all(self, instance):
        """Removes that daemon's containers by force, as somebody might by hand."""
        names = self.docker("ps", "-aq", "--filter", f"label=dev.slipway.instance={instance}").split()
        for name in names:
            removed = subprocess.run(["docker", "-H", self.endpoint, "rm", "-f", name], capture_output=True, text=True, timeout=60)
            # slipway may be removing it, too.
            if removed.returncode and "already in progress" not in removed.stderr and "No such container" not in removed.stderr:
                raise RuntimeError(f"rm -f {name}: {removed.stderr}")

    def running_of(self, instance, run):
        """Containers of steps and services of that run."""
        return self.docker("ps", "--filter", f"label=dev.slipway.instance={instance}", "--filter", f"label=dev.slipway.run={run}",
                           "--filter", "label=dev.slipway.step", "--format", "{{.Names}}").split()

    def left_of_runs(self, instance):
        """Containers, volumes and networks that belong to some run of that daemon."""
        mine = ["--filter", f"label=dev.slipway.instance={instance}", "--filter", "label=dev.slipway.run"]
        left = self.docker("ps", "-a", *mine, "--format", "container {{.Names}}").splitlines()
        left += self.docker("volume", "ls", *mine, "--format", "volume {{.Name}}").splitlines()
        return left + self.docker("network", "ls", *mine, "--format", "network {{.Name}}").splitlines()
