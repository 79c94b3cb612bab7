#!/usr/bin/env python3
"""Swarm's own update beside slipway's: the same application, hosts and load (tests/support/app). Needs the rig.

  swarm.py IMAGE [ROUNDS] [RATE]    IMAGE as the hosts pull it

A swarm of the rig's three hosts, one task on each, published in host mode. Its update stops a task before it starts the
next, since two can't hold a port of the host. Prints seconds and failed requests of each update and a JSON object.
"""
import json
import os
import statistics
import subprocess
import sys
import time

HOSTS = os.environ["SLIPWAY_TEST_HOSTS"].split(",")
TLS = os.environ["SLIPWAY_TEST_TLS"]
SERVICE = "slipway-bench-swarm"
CHECK = "python3 -c \"import urllib.request as r; r.urlopen('http://127.0.0.1:8080/healthz')\""


def docker(host, *words, check=True):
    done = subprocess.run(["docker", "--tlsverify", "--tlscacert", f"{TLS}/ca.pem", "--tlscert", f"{TLS}/cert.pem", "--tlskey",
                           f"{TLS}/key.pem", "-H", host, *words], capture_output=True, text=True, timeout=180)
    if check and done.returncode != 0:
        raise RuntimeError(f"docker {' '.join(words)}: {done.stderr}")
    return done.stdout.strip()


def address(host):
    return host.split("//")[1].rsplit(":", 1)[0]


def make_swarm():
    docker(HOSTS[0], "swarm", "init", "--advertise-addr", address(HOSTS[0]))
    token = docker(HOSTS[0], "swarm", "join-token", "-q", "worker")
    for host in HOSTS[1:]:
        docker(host, "swarm", "join", "--token", token, "--advertise-addr", address(host), f"{address(HOSTS[0])}:2377")


def leave():
    docker(HOSTS[0], "service", "rm", SERVICE, check=False)
    for host in HOSTS:
        docker(host, "swarm", "leave", "--force", check=False)


def create(image):
    docker(HOSTS[0], "service", "create", "--name", SERVICE, "--mode", "global", "--no-resolve-image", "--quiet",
           "--publish", "mode=host,target=8080,published=80", "--env", "VERSION=v0", "--stop-grace-period", "1s",
           "--health-cmd", CHECK, "--health-interval", "500ms", "--health-timeout", "5s", "--health-retries", "2",
           "--update-parallelism", "1", "--update-delay", "0s", "--update-monitor", "200ms", image)


def update(version, rate):
    load = None
    if rate:
        load = subprocess.Popen(["python3", "tests/support/app/load.py", "240", str(rate)] + [address(h) for h in HOSTS],
                                stdout=subprocess.PIPE, text=True)
        load.stdout.readline()
    begin = time.monotonic()
    docker(HOSTS[0], "service", "update", "--quiet", "--env-add", f"VERSION={version}", SERVICE)
    took = time.monotonic() - begin
    if not load:
        return took, 0, 0
    load.terminate()
    counted = json.loads(load.communicate(timeout=30)[0])
    return took, counted["failed"], sum(counted["requests"].values())


def main(image, rounds=5, rate=50):
    leave()
    make_swarm()
    try:
        create(image)
        rows = []
        for i in range(1, int(rounds) + 1):
            rows.append(update(f"v{i}", rate))
            print(f"{i}\tswarm\t{rows[-1][0]:.2f} s\t{rows[-1][1]} of {rows[-1][2]} failed", flush=True)
        idle = [update(f"idle{i}", 0)[0] for i in range(int(rounds))]
        print(json.dumps({"idle_s": idle, "updates": len(rows), "median_s": round(statistics.median(r[0] for r in rows), 2),
                          "failed": sum(r[1] for r in rows), "requests": sum(r[2] for r in rows)}))
    finally:
        leave()


main(*sys.argv[1:])
