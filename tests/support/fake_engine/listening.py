"""Who listens in which network namespace, and the ports of this machine that lead there."""

import asyncio
import socket
import urllib.parse

from server import Refusal


class Namespace:
    """What the programs of one container see: it may share it with others."""

    def __init__(self, listening, identity):
        self.listening, self.identity = listening, identity

    def listen(self, port, serve):
        """`serve(path)` gives status and body. The caller closes what it gets."""
        return self.listening.open(self.identity, port, serve)

    def ask(self, port, path):
        """Status and body of a GET on this namespace's own loopback; none if nobody listens."""
        serve = self.listening.all.get((self.identity, port))
        return serve(path) if serve else None


class Listening:
    def __init__(self, engine):
        self.engine = engine
        self.all = {}  # (namespace, port) → serve
        self.published = {}  # container → its servers

    def namespace(self, container):
        mode = container.host.get("NetworkMode") or ""
        holder = self.engine.containers.find(mode.removeprefix("container:")) if mode.startswith("container:") else None
        return Namespace(self, (holder or container).id)

    def open(self, identity, port, serve):
        self.all[identity, port] = serve
        return lambda: self.all.pop((identity, port), None)

    def publish(self, container):
        """Opens the container's ports on this machine, at the fake's own address for those that name none."""
        if not self.engine.address:
            return
        sockets = []
        for key, bound in container.record["ports"].items():
            for one in bound:
                host = self.engine.address if one["HostIp"] == "0.0.0.0" else one["HostIp"]
                sockets.append((int(key.split("/")[0]), self.bound(container, host, int(one["HostPort"]))))
        self.published[container.id] = [(taken, asyncio.create_task(self.forward(container, port, taken)))
                                        for port, taken in sockets]

    def bound(self, container, host, port):
        taken = socket.socket()
        taken.setblocking(False)
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            taken.bind((host, port))
            taken.listen(64)
        except OSError:
            taken.close()
            raise Refusal(500, f"driver failed programming external connectivity on endpoint {container.name}: "
                               f"Error starting userland proxy: listen tcp4 {host}:{port}: bind: address already in use") from None
        return taken

    async def forward(self, container, port, taken):
        while True:
            visitor, _ = await asyncio.get_running_loop().sock_accept(taken)
            asyncio.create_task(self.serve(container, port, visitor))

    async def serve(self, container, port, visitor):
        """One request; the connection breaks if nobody listens in the container."""
        reader, writer = await asyncio.open_connection(sock=visitor)
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            told = self.namespace(container).ask(port, head.split(b" ")[1].decode())
            if told:
                status, body = told
                writer.write(f"HTTP/1.1 {status} Told\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode() + body)
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    def withdraw(self, container):
        """At once: the next container may want the same port."""
        for taken, task in self.published.pop(container.id, []):
            asyncio.get_running_loop().remove_reader(taken)
            taken.close()
            task.cancel()


def parts_of(url):
    """Port and path of an address; whose it is does not matter, since all names lead to the namespace's own loopback."""
    address = urllib.parse.urlsplit(url)
    return address.port or 80, address.path or "/"
