"""A fake Docker Engine for the fault tests: docs/decisions/0056-fake-engine.md.

    python3 tests/support/fake_engine --socket PATH [--state FOLDER] [--live-restore] [--speed FACTOR]
        [--address ADDRESS] [--tcp ADDRESS:PORT [--tls FOLDER]]
    python3 tests/support/fake_engine --run PROGRAM [ARGUMENT...]    with SLIPWAY_TEST_ENGINE set to a fake of its own
"""

import argparse
import asyncio
import os
import signal
import ssl
import sys
import tempfile

from engine import Engine
from routes import Routes
from server import Server


async def run(arguments, folder):
    engine = Engine(folder, arguments.live_restore, arguments.speed, arguments.address)
    engine.come_up()
    server = Server(Routes(engine).dispatch)
    told = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, told.set)
    asyncio.get_running_loop().add_signal_handler(signal.SIGINT, told.set)
    if arguments.until_stdin_ends:
        asyncio.get_running_loop().add_reader(sys.stdin, os._exit, 1)
    if os.path.exists(arguments.socket):
        os.unlink(arguments.socket)
    listener = await asyncio.start_unix_server(server.serve, arguments.socket, limit=1 << 20, backlog=1024)
    if arguments.tcp:
        address, _, port = arguments.tcp.rpartition(":")
        trust = trusting(arguments.tls) if arguments.tls else None
        await asyncio.start_server(server.serve, address, int(port), limit=1 << 20, backlog=1024, ssl=trust)
    code = await companion(arguments) if arguments.run else not await told.wait()
    await engine.go_down()
    listener.close()
    await asyncio.sleep(0.05)  # the last words of open streams
    os.unlink(arguments.socket)
    return int(code)


def trusting(folder):
    """TLS for those who show a certificate of the folder's authority."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(f"{folder}/cert.pem", f"{folder}/key.pem")
    context.load_verify_locations(f"{folder}/ca.pem")
    context.verify_mode = ssl.CERT_REQUIRED
    return context


async def companion(arguments):
    """The exit code of the program that the fake was started for."""
    environment = {**os.environ, "SLIPWAY_TEST_ENGINE": f"unix://{arguments.socket}"}
    program = await asyncio.create_subprocess_exec(*arguments.run, env=environment)
    return await program.wait()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--socket")
    parser.add_argument("--tcp", default="", help="ADDRESS:PORT to listen on as well")
    parser.add_argument("--tls", default="", help="a folder with ca.pem, cert.pem and key.pem for that port")
    parser.add_argument("--state", help="what survives this program; without it, nothing does")
    parser.add_argument("--live-restore", action="store_true", help="containers outlive this program")
    parser.add_argument("--speed", type=float, default=1.0, help="how much faster than real containers sleep")
    parser.add_argument("--address", default="", help="where published ports are opened (127.0.0.N); without it they are not")
    parser.add_argument("--until-stdin-ends", action="store_true", help="don't outlive the program that started this one")
    parser.add_argument("--run", nargs=argparse.REMAINDER, help="a program that this one lives for")
    arguments = parser.parse_args()
    if not arguments.socket and not arguments.run:
        parser.error("needs --socket or --run")
    with tempfile.TemporaryDirectory(prefix="slipway-fake-engine-") as folder:
        arguments.socket = arguments.socket or f"{folder}/docker.sock"
        return asyncio.run(run(arguments, arguments.state or f"{folder}/state"))


sys.exit(main())
