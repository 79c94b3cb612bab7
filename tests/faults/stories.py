"""Scenarios in which people and forges do more than push once, or in which time passes; what they do is in plots.py."""

import dataclasses

from scenarios import ALL as SCENARIOS
from scenarios import TALK, TALK_ERR, TALK_OUT, Scenario, Step, compose, deploy_job, deployed, indented

STAYS = "trap 'exit 0' TERM; while true; do sleep 0.1; done"  # until it is told to end, and then ends as if all were well


def job(name, commands, more=""):
    """Of one step; `more`: lines of the job."""
    run = "".join(f"      - |\n{indented(command, 8)}" for command in commands)
    return f"""\
  {name}:
    image: busybox:latest
    network: none
{more}\
    run:
{run}"""


def pipeline(*jobs, on='{push: {branches: ["**"]}}'):
    return {"slipway.yml": f"on: {on}\njobs:\n" + "".join(jobs)}


def written(name, step, *talk):
    """By a step whose commands are one line each."""
    return Step(name, step, [(f"{command}\n", output) for command, output in talk])


TALKS_AND_STAYS = Step("stays", "run", [(TALK, TALK_OUT), (f"{STAYS}\n", "")], TALK_ERR)

CANCELLED = Scenario(
    "cancelled", "a run that somebody cancels while its first step runs, and jobs that then never run", "cancelled",
    pipeline(job("stays", [TALK, STAYS]), job("after", ["echo never"], "    needs: [stays]\n"),
             job("always", ["echo never"], "    needs: [stays]\n    if: always()\n")),
    [TALKS_AND_STAYS], never=("after", "always"), reason="cancelled by admin")

TURNED = dataclasses.replace(
    deployed("turned", "a run that somebody cancels once the first of three hosts has the new version: all get the old one back",
             deploy_job("production"), {"compose.yml": compose(parallelism=1)}, deploys=True),
    verdict="cancelled", reason="cancelled by admin", goes_back=True)

TIMEOUT = Scenario(
    "timeout", "a step that does not end in its time", "failed",
    pipeline(job("stays", [TALK, STAYS], "    timeout: 4s\n"), job("after", ["echo never"], "    needs: [stays]\n")),
    [TALKS_AND_STAYS], never=("after",), reason="timeout", timeout=4.0)

AGAIN = dataclasses.replace(
    deployed("again", "a deployment that fails, as a secret is not what it should be; somebody sets it and runs again what failed",
             deploy_job("production"), {"compose.yml": compose("secrets: {word: {external: true, name: WORD}}\n", more="""\
    secrets: [word]
    healthcheck: {test: "grep -q good /run/secrets/word", interval: 500ms, timeout: 5s, retries: 1}
""")}, deploys=True),
    verdict="failed", reason="rolled_back",
    then=(Scenario("what failed", "", "passed", {}, pushes=True, rollouts=1, never=("unit",)),))

FOR_FILE = '{push: {branches: ["**"], paths: [slipway.yml]}}'

NEWER = Scenario(
    "newer", "a run under way, a newer push of its branch that its pipeline leaves out, and one that takes its place", "superseded",
    pipeline(job("stays", [TALK, STAYS]), on=FOR_FILE), [TALKS_AND_STAYS], reason="superseded by ", replaces=True,
    then=(Scenario("left out", "", "skipped", {"notes": "@VERSION@\n"}, never=("stays", "goes"), replaces=True),
          Scenario("wanted", "", "passed", pipeline(job("goes", ["echo @VERSION@"]), on=FOR_FILE),
                   [written("goes", "run", ("echo @VERSION@", "@VERSION@\n"))], replaces=True)))

SECRET = Scenario(
    "secret", "two steps that are given a secret, which they write", "passed",
    {"slipway.yml": """\
on: {push: {branches: ["**"]}}
jobs:
  keeps:
    image: busybox:latest
    network: none
    secrets: [TOKEN]
    steps:
      - {name: first, run: ['echo "$TOKEN"', "sleep 0.3", "echo first"]}
      - {name: second, run: ['echo "$TOKEN"', "echo second"]}
"""},
    [Step("keeps", "first", [('echo "$TOKEN"', "***\n"), ("sleep 0.3", ""), ("echo first", "first\n")]),
     Step("keeps", "second", [('echo "$TOKEN"', "***\n"), ("echo second", "second\n")])], secret="open-sesame-4711")

PLACES = dataclasses.replace(
    deployed("places", "one Compose file is deployed to one host and, under another name, to two; somebody rolls the latter back",
             "".join(f"""\
  {place}:
    needs: [{after}]
    deploy: {{file: compose.yml, images: {{web: app}}, group: {place}, application: @APP@-{place}}}
""" for place, after in (("first", "publish"), ("others", "first"))),
             {"compose.yml": compose(port="@SECOND_PORT@")}, rollouts=0),
    places=(("first", (1,)), ("others", (2, 3))))

REDELIVERED = Scenario(
    "redelivered", "a forge that sends each webhook twice at the same time, and again whenever slipwayd has died", "passed",
    pipeline(job("once", ["echo @VERSION@"])), [written("once", "run", ("echo @VERSION@", "@VERSION@\n"))])

ALL = SCENARIOS | {story.name: story for story in (CANCELLED, TURNED, TIMEOUT, AGAIN, NEWER, SECRET, PLACES, REDELIVERED)}
