"""A small web service: greets in the language asked for, says which version answers, and reports its health."""

import json
import os
import signal
import socket
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from greeting import greet

VERSION = os.environ.get("VERSION", "dev")


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        if self.path == "/healthz":
            return self.answer(200, {"status": "ok"})
        if self.path == "/" or self.path.startswith("/hello/"):
            language = self.path.removeprefix("/hello/") if self.path != "/" else "en"
            return self.hello(language)
        return self.answer(404, {"error": "not found"})

    def hello(self, language):
        try:
            text = greet(language)
        except KeyError:
            return self.answer(404, {"error": f"no greeting in '{language}'"})
        return self.answer(200, {"greeting": text, "version": VERSION, "host": socket.gethostname()})

    def answer(self, status, value):
        body = json.dumps(value).encode() + b"\n"
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format, *args):
        print(f"{self.address_string()} {format % args}", flush=True)


def main():
    server = ThreadingHTTPServer(("0.0.0.0", 8080), Handler)
    # SIGTERM ends the service after the requests under way; as pid 1 nothing would end it otherwise.
    signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
    print(f"hello {VERSION} listens on :8080", flush=True)
    server.serve_forever()


def healthcheck():
    import urllib.request

    with urllib.request.urlopen("http://127.0.0.1:8080/healthz", timeout=2) as answer:
        sys.exit(0 if answer.status == 200 else 1)


if __name__ == "__main__":
    healthcheck() if "--healthcheck" in sys.argv else main()
