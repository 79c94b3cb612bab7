#!/usr/bin/env python3
"""Git servers for tests, on the loopback: https (git http-backend as CGI, with LFS) and ssh (Debian's sshd).

    git_servers.py FOLDER PARENT    serves until the process PARENT is gone

FOLDER/repositories is what is served; LFS objects lie in FOLDER/lfs by their id. What lies in `open/` is there for
everybody, everything else for the user and password in FOLDER/password ("user:password"). A path may say in a first part
of its own how it is served: `hang/` never answers, `cut/` ends in the middle of the pack, `moved/` redirects to the
second port.
FOLDER/ports has the three ports, once all listen; FOLDER/requests one line for each https request:
PORT METHOD PATH and whether it brought a password.

    git_servers.py FOLDER ssh       what sshd runs for a client: the same paths, over ssh
"""
import base64
import ctypes
import http.server
import json
import os
import pathlib
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time

FOLDER = pathlib.Path(sys.argv[1]).resolve()
REPOSITORIES = FOLDER / "repositories"
CUT_AFTER = 20_000  # bytes; a pack of the tests' repositories is larger


def real_path(path):
    """The repository's path without the word that says how it is served."""
    first, _, rest = path.strip("/").partition("/")
    return "/" + rest if first in ("cut", "hang", "moved") else "/" + path.strip("/")


def lfs_answer(base, wanted):
    objects = []
    for item in wanted["objects"]:
        link = {"href": f"{base}/lfs/{item['oid']}", "header": {"X-Lfs-Ticket": "one-use"}}
        objects.append({**item, "authenticated": True, "actions": {"download": link}})
    return {"transfer": "basic", "objects": objects}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 60

    def log_message(self, *_):
        pass

    def setup(self):
        self.request.do_handshake()
        super().setup()

    def do_GET(self):
        self.serve()

    def do_POST(self):
        self.serve()

    def serve(self):
        port = self.server.server_address[1]
        with open(FOLDER / "requests", "a", encoding="utf-8") as requests:
            print(port, self.command, self.path, "password" if self.headers["Authorization"] else "none", file=requests)
        body = self.rfile.read(int(self.headers["Content-Length"] or 0))
        first = self.path.strip("/").partition("/")[0]
        if first == "lfs":
            return self.send_lfs_object()
        if not real_path(self.path).startswith("/open/") and not self.is_allowed():
            return self.answer(401, b"", [("WWW-Authenticate", 'Basic realm="tests"')])
        if first == "hang":
            time.sleep(60)
        if first == "moved":
            other = f"https://127.0.0.1:{self.server.other_port}{real_path(self.path)}"
            return self.answer(301, b"", [("Location", other)])
        if self.path.endswith("/info/lfs/objects/batch"):
            text = json.dumps(lfs_answer(f"https://127.0.0.1:{port}", json.loads(body)))
            return self.answer(200, text.encode(), [("Content-Type", "application/vnd.git-lfs+json")])
        return self.run_backend(body, cut=first == "cut" and self.command == "POST")

    def is_allowed(self):
        wanted = base64.b64encode((FOLDER / "password").read_bytes().strip()).decode()
        # What git-lfs-authenticate gives to whoever came by ssh.
        return self.headers["Authorization"] in (f"Basic {wanted}", "Bearer lfs-by-ssh")

    def send_lfs_object(self):
        if self.headers["X-Lfs-Ticket"] != "one-use":
            return self.answer(403, b"", [])
        stored = FOLDER / "lfs" / pathlib.Path(self.path).name
        return self.answer(200, stored.read_bytes(), []) if stored.exists() else self.answer(404, b"", [])

    def run_backend(self, body, cut):
        path, _, query = self.path.partition("?")
        variables = {
            "PATH": os.environ["PATH"], "GIT_PROJECT_ROOT": str(REPOSITORIES), "GIT_HTTP_EXPORT_ALL": "1",
            "GIT_CONFIG_NOSYSTEM": "1", "PATH_INFO": real_path(path), "QUERY_STRING": query,
            "REQUEST_METHOD": self.command, "CONTENT_TYPE": self.headers["Content-Type"] or "",
            "CONTENT_LENGTH": str(len(body)), "HTTP_CONTENT_ENCODING": self.headers["Content-Encoding"] or "",
            "GIT_PROTOCOL": self.headers["Git-Protocol"] or "", "REMOTE_ADDR": "127.0.0.1"}
        done = subprocess.run(["git", "-c", "safe.directory=*", "http-backend"], input=body, env=variables,
                              stdout=subprocess.PIPE, check=False)
        head, _, content = done.stdout.partition(b"\r\n\r\n")
        headers = [line.split(": ", 1) for line in head.decode().split("\r\n") if line]
        status = next((int(value.split()[0]) for name, value in headers if name == "Status"), 200)
        self.answer(status, content, [entry for entry in headers if entry[0] != "Status"], cut)

    def answer(self, status, content, headers, cut=False):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if cut and len(content) > CUT_AFTER:
            self.wfile.write(content[:CUT_AFTER])
            self.close_connection = True
        else:
            self.wfile.write(content)


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(FOLDER / "server.pem", FOLDER / "server-key.pem")
        # The handshake is the connection's own thread's: one that hangs must not hold up the others.
        self.socket = context.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)

    def handle_error(self, *_):
        pass  # clients that leave in the middle are what is tested


def start_sshd():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = f'command="python3 {os.path.abspath(__file__)} {FOLDER} ssh",restrict '
    (FOLDER / "authorized").write_text(command + (FOLDER / "client.pub").read_text())
    (FOLDER / "sshd_config").write_text(
        f"Port {port}\nListenAddress 127.0.0.1\nHostKey {FOLDER}/host\nAuthorizedKeysFile {FOLDER}/authorized\n"
        "PidFile none\nUsePAM no\nStrictModes no\nPermitRootLogin prohibit-password\nPasswordAuthentication no\n"
        "MaxStartups 100\nAcceptEnv GIT_PROTOCOL\n")
    pathlib.Path("/run/sshd").mkdir(exist_ok=True)
    die_with_us = lambda: ctypes.CDLL(None).prctl(1, signal.SIGKILL)
    server = subprocess.Popen(["/usr/sbin/sshd", "-D", "-f", FOLDER / "sshd_config", "-E", FOLDER / "sshd.log"],
                              preexec_fn=die_with_us)
    for _ in range(3000):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return server, port
        time.sleep(0.01)
    raise RuntimeError("sshd does not listen: " + (FOLDER / "sshd.log").read_text())


def serve_by_ssh():
    """Runs what a client that came by ssh asked for."""
    words = os.environ.get("SSH_ORIGINAL_COMMAND", "").replace("'", "").split()
    path = words[1].strip("/")
    first = path.partition("/")[0]
    if first == "hang":
        time.sleep(60)
    if words[0] == "git-lfs-authenticate":
        port = (FOLDER / "ports").read_text().split()[0]
        print(json.dumps({"href": f"https://127.0.0.1:{port}{real_path(path)}/info/lfs",
                          "header": {"Authorization": "Bearer lfs-by-ssh"}, "expires_in": 600}))
        return
    if words[0] != "git-upload-pack":
        sys.exit(f"fatal: {words[0]} is not served")
    command = ["git", "-c", "safe.directory=*", "upload-pack", str(REPOSITORIES) + real_path(path)]
    if first != "cut":
        os.execvp("git", command)
    with subprocess.Popen(command, stdout=subprocess.PIPE) as backend:
        sent = 0
        while sent < CUT_AFTER:
            piece = os.read(backend.stdout.fileno(), CUT_AFTER - sent)
            if not piece:
                break
            sent += os.write(1, piece)
        backend.kill()


def main():
    if sys.argv[2] == "ssh":
        return serve_by_ssh()
    parent = int(sys.argv[2])
    first, second = Server(), Server()
    first.other_port, second.other_port = second.server_address[1], first.server_address[1]
    for server in (first, second):
        threading.Thread(target=server.serve_forever, daemon=True).start()
    sshd, ssh_port = start_sshd()
    (FOLDER / "ports.new").write_text(f"{first.server_address[1]} {second.server_address[1]} {ssh_port}\n")
    (FOLDER / "ports.new").rename(FOLDER / "ports")
    while os.path.exists(f"/proc/{parent}") and FOLDER.exists():
        time.sleep(0.05)
    sshd.kill()
    sshd.wait()


main()
