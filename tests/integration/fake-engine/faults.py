"""Each fault of the fake engine does what it says, and the fake tells what was really done."""

import http.client
import json
import os
import signal
import socket
import sys
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../support"))
from fake import FakeEngine  # noqa: E402

LOST = (http.client.HTTPException, ConnectionError)


class Faults(unittest.TestCase):
    def setUp(self):
        self.engine = FakeEngine("--speed", "20")
        self.addCleanup(self.engine.close)

    def create(self, name, script):
        words = {"Image": "busybox", "Cmd": ["sh", "-c", script]}
        return self.engine.call("POST", f"/v1.41/containers/create?name={name}", words)

    def start(self, name):
        return self.engine.call("POST", f"/v1.41/containers/{name}/start")

    def state(self, name):
        return self.engine.call("GET", f"/containers/{name}/json")["State"]

    def fault(self, action, path="/containers/aa/start", method="POST", **more):
        self.engine.faults({"method": method, "path": path, "action": action, **more})

    def test_an_answer_lost_before_the_effect_leaves_nothing_done(self):
        self.create("aa", "true")
        self.fault("lost_before")
        self.assertRaises(LOST, self.start, "aa")
        self.assertEqual(self.state("aa")["Status"], "created")
        self.assertEqual(self.engine.starts(), {})

    def test_an_answer_lost_after_the_effect_leaves_it_done(self):
        self.create("aa", "sleep 100")
        self.fault("lost_after")
        self.assertRaises(LOST, self.start, "aa")
        self.assertTrue(self.state("aa")["Running"])
        self.assertEqual(self.engine.starts(), {"aa": 1})

    def test_a_status_comes_at_the_call_that_was_meant_and_only_as_often_as_told(self):
        self.create("aa", "sleep 100")
        self.fault("status", path="/containers/aa/json", method="GET", status=503, nth=2, times=2)
        answers = []
        for _ in range(5):
            try:
                answers.append(self.state("aa")["Status"])
            except RuntimeError as error:
                answers.append(str(error).split(": ")[1].split(" ")[0])
        self.assertEqual(answers, ["created", "503", "503", "created", "created"])
        self.assertEqual(self.engine.call("GET", "/_faults")[0]["acted"], 2)

    def test_an_error_after_the_effect_leaves_it_done(self):
        self.create("aa", "sleep 100")
        self.fault("status_after", status=500)
        with self.assertRaisesRegex(RuntimeError, "500"):
            self.start("aa")
        self.assertEqual(self.engine.starts(), {"aa": 1})

    def test_a_delay_delays(self):
        self.create("aa", "true")
        self.fault("delay", seconds=0.4)
        began = time.monotonic()
        self.start("aa")
        self.assertGreaterEqual(time.monotonic() - began, 0.4)

    def test_silence_before_and_after_the_effect(self):
        for action, starts in (("hang", {}), ("hang_after", {"aa": 1})):
            with self.subTest(action):
                engine = self.engine = FakeEngine()
                self.addCleanup(engine.close)
                self.create("aa", "sleep 100")
                self.fault(action)
                with self.assertRaises(TimeoutError):
                    self.engine.call("POST", "/containers/aa/start", timeout=1)
                self.engine.call("GET", "/_ping")
                self.assertEqual(self.engine.starts(), starts)

    def test_a_body_is_cut_where_told(self):
        self.create("aa", "seq 1000")
        self.start("aa")
        self.engine.call("POST", "/containers/aa/wait")
        self.fault("cut", path="/containers/aa/logs", method="GET", bytes=100)
        with self.assertRaises(http.client.IncompleteRead) as cut:
            self.engine.call("GET", "/containers/aa/logs?stdout=1")
        self.assertEqual(len(cut.exception.partial), 100)

    def test_a_log_that_can_t_be_read_says_so_in_a_frame_of_the_engine_s_own(self):
        self.create("aa", "seq 3")
        self.start("aa")
        self.engine.call("POST", "/containers/aa/wait")
        self.fault("log_error", path="/containers/aa/logs", method="GET")
        told = self.engine.call("GET", "/containers/aa/logs?stdout=1")
        self.assertEqual((told[0], told[8:]), (3, b"Error grabbing logs: unexpected EOF\n"))
        self.assertEqual(self.engine.call("GET", "/containers/aa/logs?stdout=1")[8:10], b"1\n")

    def test_a_container_vanishes_at_the_call(self):
        self.create("aa", "true")
        self.fault("vanish", path="/containers/aa/json", method="GET")
        with self.assertRaisesRegex(RuntimeError, "404"):
            self.state("aa")
        self.assertEqual([one["container"] for one in self.engine.effects("vanished")], ["aa"])

    def test_the_engine_dies_before_or_after_the_effect_and_comes_back_with_what_it_knew(self):
        self.create("aa", "sleep 1000")
        self.fault("die_before")
        self.assertRaises(LOST, self.start, "aa")
        self.engine.process.wait(10)
        self.engine.start()
        self.assertEqual(self.state("aa")["Status"], "created")
        self.fault("die_after")
        self.assertRaises(LOST, self.start, "aa")
        self.engine.process.wait(10)
        self.engine.start()
        self.assertEqual(self.engine.starts(), {"aa": 1})
        self.assertEqual((self.state("aa")["Status"], self.state("aa")["ExitCode"]), ("exited", 137))

    def opened(self, method, path):
        """An answer that has begun and goes on; `read` gives the rest."""
        connection = http.client.HTTPConnection("fake")
        connection.sock = socket.socket(socket.AF_UNIX)
        connection.sock.settimeout(30)
        connection.sock.connect(self.engine.socket)
        self.addCleanup(connection.close)
        connection.request(method, path)
        return connection.getresponse()

    def log_of_a_running_container(self):
        self.create("aa", "echo begun; sleep 1000")
        self.start("aa")
        log = self.opened("GET", "/containers/aa/logs?stdout=1&follow=1")
        self.assertEqual(log.read(14)[8:], b"begun\n")
        return log

    def test_told_to_stop_it_ends_logs_as_they_should_and_waits_with_137(self):
        for options, status in (((), "exited"), (("--live-restore",), "running")):
            with self.subTest(options):
                self.engine = FakeEngine("--speed", "20", *options)
                self.addCleanup(self.engine.close)
                log = self.log_of_a_running_container()
                wait = self.opened("POST", "/containers/aa/wait")
                self.engine.kill(signal.SIGTERM)
                self.assertEqual(log.read(), b"")
                self.assertEqual(json.loads(wait.read())["StatusCode"], 137)
                self.engine.start()
                self.assertEqual(self.state("aa")["Status"], status)

    def test_killed_it_cuts_off_logs_and_waits(self):
        log = self.log_of_a_running_container()
        wait = self.opened("POST", "/containers/aa/wait")
        self.engine.kill()
        self.assertRaises(http.client.IncompleteRead, log.read)
        self.assertRaises(http.client.IncompleteRead, wait.read)

    def test_what_a_removed_container_wrote_is_still_known(self):
        self.create("aa", "echo one; echo two >&2; printf three")
        self.start("aa")
        self.engine.call("POST", "/containers/aa/wait")
        self.engine.call("DELETE", "/containers/aa")
        self.assertEqual(self.engine.written("aa"), [(1, b"one\n"), (2, b"two\n"), (1, b"three")])

    def test_a_rule_that_is_none_and_a_path_that_is_unknown_are_refused(self):
        with self.assertRaisesRegex(RuntimeError, "400"):
            self.engine.faults({"action": "explode"})
        with self.assertRaisesRegex(RuntimeError, "501 .*GET /swarm"):
            self.engine.call("GET", "/swarm")


if __name__ == "__main__":
    unittest.main()
