"""A client of real registries: over plain HTTP on loopback, else over TLS with the engine's trust for that host."""

import base64
import gzip
import hashlib
import http.client
import json
import os
import ssl

from server import Refusal

MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
OCI = "application/vnd.oci.image.manifest.v1+json"
CONFIG = "application/vnd.docker.container.image.v1+json"
LAYER = "application/vnd.docker.image.rootfs.diff.tar.gzip"
TRUST = "/etc/docker/certs.d"


def split(name):
    """ "host:5000/path", "tag" or "sha256:…" """
    repository, _, digest = name.partition("@")
    if digest:
        return repository, digest
    repository, _, tag = name.rpartition(":")
    return repository, tag


class Registry:
    """Blocking: for a thread. A Refusal has the words of an Engine."""

    def __init__(self, repository, auth):
        self.host, _, self.path = repository.partition("/")
        if "." not in self.host and ":" not in self.host and self.host != "localhost":
            self.host, self.path = "registry-1.docker.io", repository
        self.auth = auth or {}

    def request(self, method, path, body=None, headers=None):
        trust = f"{TRUST}/{self.host}/ca.crt"
        plain = self.host.startswith(("127.", "localhost")) and not os.path.exists(trust)
        fields = dict(headers or {})
        if self.auth.get("username"):
            pair = f"{self.auth['username']}:{self.auth.get('password', '')}"
            fields["Authorization"] = "Basic " + base64.b64encode(pair.encode()).decode()
        url = f"{'http' if plain else 'https'}://{self.host}/v2/"
        try:
            if plain:
                connection = http.client.HTTPConnection(self.host, timeout=30)
            else:
                context = ssl.create_default_context(cafile=trust if os.path.exists(trust) else None)
                connection = http.client.HTTPSConnection(self.host, timeout=30, context=context)
            connection.request(method, path, body, fields)
            answer = connection.getresponse()
            text = answer.read()
            connection.close()
        except OSError as error:
            raise Refusal(500, f'Get "{url}": {in_go(error, self.host)}') from None
        except http.client.HTTPException:
            raise Refusal(500, f'Get "{url}": EOF') from None
        if answer.status == 401:
            reason = "unauthorized: authentication required" if self.auth.get("username") else "no basic auth credentials"
            raise Refusal(500, f"{method} {url}: {reason}")
        if answer.status >= 500:
            raise Refusal(500, f"received unexpected HTTP status: {answer.status} {answer.reason}")
        return answer, text

    def manifest(self, reference):
        answer, text = self.request("GET", f"/v2/{self.path}/manifests/{reference}", headers={"Accept": f"{MANIFEST}, {OCI}"})
        if answer.status == 404:
            raise Refusal(404, f"manifest for {self.host}/{self.path}:{reference} not found: manifest unknown: manifest unknown")
        return "sha256:" + hashlib.sha256(text).hexdigest(), json.loads(text)

    def blob(self, digest):
        answer, data = self.request("GET", f"/v2/{self.path}/blobs/{digest}")
        if answer.status != 200 or "sha256:" + hashlib.sha256(data).hexdigest() != digest:
            raise Refusal(500, f"blob {digest} can't be had")
        return data

    def has_blob(self, digest):
        return self.request("HEAD", f"/v2/{self.path}/blobs/{digest}")[0].status == 200

    def put_blob(self, data):
        digest = "sha256:" + hashlib.sha256(data).hexdigest()
        answer, text = self.request("POST", f"/v2/{self.path}/blobs/uploads/")
        if answer.status != 202:
            raise Refusal(500, f"denied: {text[:200]!r}")
        location = answer.headers["Location"]
        path = location.split(self.host, 1)[-1] if location.startswith("http") else location
        joint = "&" if "?" in path else "?"
        answer, text = self.request("PUT", f"{path}{joint}digest={digest}", data)
        if answer.status != 201:
            raise Refusal(500, f"blob upload invalid: {text[:200]!r}")

    def put_manifest(self, tag, document, layers):
        """`layers`: their compressed bytes. The manifest's digest and size."""
        def described(kind, data):
            return {"mediaType": kind, "size": len(data), "digest": "sha256:" + hashlib.sha256(data).hexdigest()}

        manifest = {"schemaVersion": 2, "mediaType": MANIFEST, "config": described(CONFIG, document),
                    "layers": [described(LAYER, layer) for layer in layers]}
        text = json.dumps(manifest).encode()
        answer, said = self.request("PUT", f"/v2/{self.path}/manifests/{tag}", text, {"Content-Type": MANIFEST})
        if answer.status != 201:
            raise Refusal(500, f"manifest invalid: {said[:200]!r}")
        return "sha256:" + hashlib.sha256(text).hexdigest(), len(text)


def in_go(error, host):
    """The words that Go has for it, by which clients tell what happened."""
    text = str(error).lower()
    if "name or service" in text or "name resolution" in text or "no address" in text:
        return f"dial tcp: lookup {host.split(':')[0]}: no such host"
    if "refused" in text:
        return f"dial tcp {host}: connect: connection refused"
    return f"dial tcp {host}: i/o timeout" if "timed out" in text else f"dial tcp {host}: {error}"


def compressed(tar):
    return gzip.compress(tar, mtime=0)


def plain(data):
    return gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data
