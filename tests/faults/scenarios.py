"""What slipwayd is doing while something is broken: pipelines whose right end is known to the byte."""

import dataclasses

TALK = """\
for i in 1 2 3 4 5; do
  for j in 1 2 3 4 5 6 7 8; do echo "out $i.$j"; echo "err $i.$j" >&2; done
  sleep 0.05
done
head -c 40000 /dev/zero | tr '\\0' x; echo
printf 'no newline at the end'
"""
NUMBERS = [f"{i}.{j}" for i in range(1, 6) for j in range(1, 9)]
TALK_OUT = "".join(f"out {number}\n" for number in NUMBERS) + "x" * 40000 + "\n" + "no newline at the end"
TALK_ERR = "".join(f"err {number}\n" for number in NUMBERS)

GROUPS = {"h1": ["production", "first"], "h2": ["production", "others"], "h3": ["production", "others"]}  # of the hosts


@dataclasses.dataclass
class Step:
    """What a step has written when it has run to its end: each command, then its output."""
    job: str
    step: str
    talk: list  # (command, what it writes to stdout)
    err: str = ""
    exit_code: int = 0

    @property
    def out(self):
        return "".join(f"+ {command}\n{output}" for command, output in self.talk)


@dataclasses.dataclass(frozen=True)
class Word:
    """What somebody has to say before a rollout may begin."""
    waits_for: str  # how the rollout tells that it waits for it
    verb: str
    body: tuple  # of pairs
    entry: str  # what its audit then shows


APPROVAL = Word("waits for approval by maintainer", "approve", (("reason", "seen"),), "app.approve")
OUTSIDE_WINDOW = Word("waits for the window", "promote", (("outside_window", True),), "app.outside_window")


@dataclasses.dataclass
class Scenario:
    name: str
    meaning: str
    verdict: str  # when nothing but slipwayd is broken
    files: dict  # of the commit; VERSION and the like are filled in by `commit_of`
    steps: list = dataclasses.field(default_factory=list)
    pushes: bool = False
    deploys: bool = False  # to the hosts
    swarm: bool = False  # or to the swarm
    words: tuple = ()  # without which its rollouts may not begin, in this order
    window: bool = False  # its rollouts may not begin before the minute that its file names
    rollouts: int = 0  # of a run that has passed
    never: tuple = ()  # jobs of which no step may begin
    reason: str = ""  # is part of what its run says of its verdict
    timeout: float = 0.0  # seconds after which slipwayd has to end its first job
    secret: str = ""  # may be in no log
    goes_back: bool = False  # the hosts serve in the end what they served before
    replaces: bool = False  # newer runs of its project take the place of older ones
    places: tuple = ()  # (name after the application's, its hosts) of what it deploys; the last is then rolled back
    then: tuple = ()  # the scenarios of the runs that come after its own in the same story; without files: its own, run again

    def commit_of(self, values):
        """The files with NAME replaced for each value."""
        files = {}
        for name, text in self.files.items():
            for key, value in values.items():
                text = text.replace(f"@{key}@", value)
            files[name] = text
        return files


def indented(text, by):
    return "".join(" " * by + line + "\n" for line in text.splitlines())


STEPS = Scenario(
    "steps", "steps that write much, one after the other, and a job that needs them", "passed",
    {"slipway.yml": f"""\
on: {{push: {{branches: ["**"]}}}}
jobs:
  talk:
    image: busybox:latest
    network: none
    steps:
      - name: first
        run:
          - |
{indented(TALK, 12)}
      - {{name: second, run: ["echo @VERSION@ > made", "cat made"]}}
  after:
    needs: [talk]
    image: busybox:latest
    network: none
    run: ["cat word"]
""", "word": "of @VERSION@\n"},
    [Step("talk", "first", [(TALK, TALK_OUT)], TALK_ERR),
     Step("talk", "second", [("echo @VERSION@ > made", ""), ("cat made", "@VERSION@\n")]),
     # Its workspace was filled, whatever died while it was.
     Step("after", "run", [("cat word", "of @VERSION@\n")])])

FAILS = Scenario(
    "fails", "a step that fails, and a job that then never runs", "failed",
    {"slipway.yml": """\
on: {push: {branches: ["**"]}}
jobs:
  bad:
    image: busybox:latest
    network: none
    run: ["echo before", "sleep 0.2", "exit 4"]
  never:
    needs: [bad]
    image: busybox:latest
    network: none
    run: ["echo never"]
"""},
    [Step("bad", "run", [("echo before", "before\n"), ("sleep 0.2", ""), ("exit 4", "")], exit_code=4)], never=("never",))

SERVICE = Scenario(
    "service", "a job that asks a service of its own", "passed",
    {"slipway.yml": """\
on: {push: {branches: ["**"]}}
services:
  web:
    image: busybox:latest
    command: [sh, -c, "echo hello > /tmp/index.html; exec httpd -f -p 8080 -h /tmp"]
    ready: {port: 8080, timeout: 20s}
jobs:
  ask:
    image: busybox:latest
    services: [web]
    retry: {max: 1, on: [failure]}
    run: ["wget -q -O - http://web:8080/index.html"]
"""},
    [Step("ask", "run", [("wget -q -O - http://web:8080/index.html", "hello\n")])])

DOCKERFILE = """\
FROM busybox:latest
ARG VERSION
RUN mkdir -p /www && printf '%s' "$VERSION" > /www/version
EXPOSE 8080
HEALTHCHECK --interval=1s --timeout=10s --retries=2 CMD test -e /www/version
CMD ["httpd", "-f", "-p", "8080", "-h", "/www"]
"""

IMAGE_JOBS = """\
on: {push: {branches: ["**"]}}
images:
  app: {context: ., args: {VERSION: "@VERSION@"}}
jobs:
  unit:
    image: ${{ images.app }}
    network: none
    run: ["cat /www/version", "echo"]
  publish:
    needs: [unit]
    push: {image: app, to: @IMAGE@, tags: ["${{ commit.short }}"]}
"""

UNIT = Step("unit", "run", [("cat /www/version", "@VERSION@"), ("echo", "\n")])

PUSH = Scenario("push", "an image is built, tested and pushed", "passed", {"slipway.yml": IMAGE_JOBS, "Dockerfile": DOCKERFILE},
                [UNIT], pushes=True)


def deployed(name, meaning, jobs, files, **more):
    """IMAGE_JOBS, then `jobs`, which deploy what was pushed."""
    return Scenario(name, meaning, "passed", {"slipway.yml": IMAGE_JOBS + jobs, "Dockerfile": DOCKERFILE} | files, [UNIT], pushes=True,
                    **{"rollouts": 1} | more)


def deploy_job(name, file="compose.yml", group="production"):
    return f"""\
  {name}:
    needs: [publish]
    deploy: {{file: {file}, images: {{web: app}}, group: {group}}}
"""


def compose(policy="", parallelism=2, job="production", port="@PORT@", more=""):
    """`more`: of the service."""
    return f"""\
name: @APP@
services:
  web:
    image: @IMAGE@
    ports: ["{port}:8080"]
{more}\
    environment: {{DEPLOYED_BY: {job}}}
    stop_grace_period: 1s
    deploy: {{update_config: {{parallelism: {parallelism}, monitor: 0s}}}}
x-slipway:
  min_healthy_time: 500ms
  health_deadline: 20s
{policy}"""


DEPLOY = deployed("deploy", "what was pushed is rolled out to three hosts, two at a time", deploy_job("production"), {"compose.yml": compose()}, deploys=True)

# Closed for the next twelve hours, so nothing begins unless somebody lets it.
WAITS = deployed("waits", "likewise, once somebody has approved it, and somebody has let it begin outside of its window", deploy_job("production"), {"compose.yml": compose("""\
  approval: {roles: [maintainer], timeout: 10m}
  window: {zone: Etc/UTC, from: "@LATER@", to: "@STILL_LATER@"}
""")}, deploys=True, words=(APPROVAL, OUTSIDE_WINDOW))

WINDOW = deployed("window", "likewise, once its window opens", deploy_job("production"), {"compose.yml": compose("""\
  window: {zone: Etc/UTC, from: "@NEXT_MINUTE@", to: "@STILL_LATER@"}
""")}, deploys=True, window=True)

# Which of the two is asked for first differs; the other one waits behind it, and is what the hosts have in the end.
QUEUE = deployed("queue", "two jobs of a run deploy the same application, and one rollout waits behind the other", deploy_job("one", "one.yml") + deploy_job("two", "two.yml"),
                 {f"{job}.yml": compose("  concurrency: queue\n", job=job) for job in ("one", "two")}, deploys=True, rollouts=2)

# One host after the other, so that between two steps no call is under way to any of them.
TURNS = deployed("turns", "what was pushed is rolled out to one host after the other", deploy_job("production"), {"compose.yml": compose(parallelism=1)}, deploys=True)

# Asked inside of its tasks: swarms may leave one pending whose port of the node another one still holds.
SWARM = deployed("swarm", "what was pushed is rolled out to a swarm of three managers", deploy_job("production", group="swarm"), {"compose.yml": """\
name: @APP@-swarm
services:
  web:
    image: @IMAGE@
    stop_grace_period: 1s
    healthcheck: {test: "test -e /www/version", interval: 1s, timeout: 10s, retries: 5}
    deploy:
      mode: global
      update_config: {parallelism: 2, monitor: 500ms}
      rollback_config: {parallelism: 0, monitor: 500ms}
      restart_policy: {condition: any, delay: 200ms}
x-slipway:
  min_healthy_time: 500ms
  health_deadline: 60s
"""}, swarm=True)

ALL = {scenario.name: scenario for scenario in (STEPS, FAILS, SERVICE, PUSH, DEPLOY, WAITS, WINDOW, QUEUE, TURNS, SWARM)}
