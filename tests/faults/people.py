"""Those whose word rollouts wait for. They say it once, as far as they were told, and look at the hosts before they do."""

import http.client
import time
import urllib.error

THINKS_FOR = 0.5  # seconds from seeing that a rollout waits to saying anything: time to begin wrongly


class People:
    def __init__(self, worker, scenario, evidence):
        self.worker, self.words, self.evidence = worker, scenario.words, evidence
        self.seen = {}  # (rollout, word) → when it was first seen to wait for it

    def attend(self):
        if not self.words:
            return
        try:
            for rollout in self.worker.history():
                if rollout["state"] == "waiting":
                    self.look_at(rollout)
        except (OSError, http.client.HTTPException):
            pass  # it died while it was asked, or nothing was ever deployed

    def look_at(self, rollout):
        for word in self.words:
            if not rollout["reason"].startswith(word.waits_for):
                continue
            about = (rollout["id"], word.entry)
            if about in self.evidence.said:
                self.evidence.forgotten.add(about)
            if time.monotonic() - self.seen.setdefault(about, time.monotonic()) < THINKS_FOR:
                continue
            self.evidence.touched |= self.worker.containers() - self.evidence.before
            self.say(word, about)

    def say(self, word, about):
        try:
            self.worker.daemon.api("POST", f"/apps/{self.worker.application}/{word.verb}", dict(word.body))
        except urllib.error.HTTPError as error:
            if error.code != 409:  # another time was one too many, and it says so
                raise RuntimeError(f"{word.verb}: {error.code} {error.read().decode()}") from error
            return
        self.evidence.said.append(about)
