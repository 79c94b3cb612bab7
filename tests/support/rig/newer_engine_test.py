"""newer_engine.sh on two sockets that answer as engines of certain versions do."""

import contextlib
import http.server
import json
import os
import socketserver
import subprocess
import tempfile
import threading
import unittest

SCRIPT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "newer_engine.sh")


@contextlib.contextmanager
def engine(folder, version, api):
    class Answer(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            body = json.dumps({"Version": version, "ApiVersion": api}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def address_string(self):
            return "a client"

        def log_message(self, *words):
            pass

    path = f"{folder}/{version}.sock"
    with socketserver.UnixStreamServer(path, Answer) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield path
        finally:
            server.shutdown()
            thread.join()


class Versions(unittest.TestCase):
    def compare(self, first, second):
        with tempfile.TemporaryDirectory() as folder, engine(folder, *first) as one, engine(folder, *second) as two:
            return subprocess.run(["bash", SCRIPT, one, two], capture_output=True, text=True, timeout=30)

    def test_the_second_is_newer_and_nothing_is_said_but_the_versions(self):
        done = self.compare(("20.10.24", "1.41"), ("26.1.5", "1.45"))
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertEqual(done.stdout, "engines: 20.10.24 (API 1.41) and 26.1.5 (API 1.45)\n")

    def test_a_package_that_became_newer_is_told_and_no_failure(self):
        for api in ("1.47", "1.100"):
            done = self.compare(("20.10.24", "1.41"), ("99.0", api))
            self.assertEqual(done.returncode, 0)
            self.assertIn("was 1.45", done.stderr)

    def test_one_that_is_not_newer_than_the_first_fails(self):
        for first in (("26.1.6", "1.45"), ("28.0", "1.48")):
            done = self.compare(first, ("26.1.5", "1.45"))
            self.assertEqual(done.returncode, 1)
            self.assertIn("not newer", done.stderr)


if __name__ == "__main__":
    unittest.main()
