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


@dataclasses.dataclass
class Scenario:
    name: str
    verdict: str  # when nothing but slipwayd is broken
    files: dict  # of the commit; VERSION and the like are filled in by `commit_of`
    steps: list = dataclasses.field(default_factory=list)
    pushes: bool = False
    deploys: bool = False

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
    "steps", "passed",
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
    "fails", "failed",
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
    [Step("bad", "run", [("echo before", "before\n"), ("sleep 0.2", ""), ("exit 4", "")], exit_code=4)])

SERVICE = Scenario(
    "service", "passed",
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
HEALTHCHECK --interval=1s --timeout=2s --retries=2 CMD test -e /www/version
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

PUSH = Scenario("push", "passed", {"slipway.yml": IMAGE_JOBS, "Dockerfile": DOCKERFILE},
                [UNIT], pushes=True)

DEPLOY = Scenario(
    "deploy", "passed",
    {"slipway.yml": IMAGE_JOBS + """\
  production:
    needs: [publish]
    deploy: {file: compose.yml, images: {web: app}, group: production}
""",
     "Dockerfile": DOCKERFILE,
     "compose.yml": """\
name: @APP@
services:
  web:
    image: @IMAGE@
    ports: ["@PORT@:8080"]
    stop_grace_period: 1s
    deploy: {update_config: {parallelism: 2, monitor: 0s}}
x-slipway:
  min_healthy_time: 500ms
  health_deadline: 20s
"""},
    [UNIT], pushes=True, deploys=True)

ALL = {scenario.name: scenario for scenario in (STEPS, FAILS, SERVICE, PUSH, DEPLOY)}
