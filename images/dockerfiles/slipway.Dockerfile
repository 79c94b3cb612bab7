# slipwayd and slipway. Context: the root of this repository.
#   docker build -f images/dockerfiles/slipway.Dockerfile -t slipway .
ARG BASE=debian:bookworm-slim

FROM ${BASE} AS build
WORKDIR /src
# The packages first: they change less often than the source.
COPY tools/install.sh tools/
RUN tools/install.sh build && rm -rf /var/lib/apt/lists/*
COPY . .
RUN --mount=type=cache,target=/root/.cache/ccache \
    tools/build.sh release slipwayd slipway \
 && install -D -s -t /out build/release/orchestrator/daemon/slipwayd build/release/cli/slipway

FROM ${BASE}
# git and ssh for checkouts; the rest is what the two programs link, and libcurl, which they load when they need it.
RUN apt-get update \
 && apt-get install -y --no-install-recommends ca-certificates git git-lfs openssh-client \
      libssl3 libcurl4 libfmt9 libjq1 libdate-tz3 tzdata \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --system --uid 64320 --home-dir /var/lib/slipway --create-home slipway
COPY --from=build /out/ /usr/local/bin/
# The engine's socket belongs to a group whose number differs from host to host: give it with `group_add` (see
# docker-compose.yml) and the daemon needs no root.
USER slipway
VOLUME /var/lib/slipway
EXPOSE 8080
ENV SLIPWAY_DATA=/var/lib/slipway SLIPWAY_LISTEN=0.0.0.0:8080
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s CMD ["slipwayd", "healthcheck"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["slipwayd"]
