# Two stages: one builds with Swift's toolchain, the other holds the program and four C libraries.
#
#   docker build -t gatehouse .
#   docker run --rm -p 8443:8443 -v /etc/gatehouse:/etc/gatehouse:ro -e UPSTREAM_API_KEY gatehouse

FROM swift:6.3-bookworm AS build
WORKDIR /source
COPY scripts/install-dependencies.sh scripts/
RUN scripts/install-dependencies.sh build
COPY . .
RUN scripts/dist.sh /dist && mkdir /release && tar -xzf /dist/*.tar.gz -C /release --strip-components=1

FROM debian:bookworm-slim
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends \
        ca-certificates libnghttp2-14 libsimdjson14 libssl3 libyaml-0-2 \
    && rm -rf /var/lib/apt/lists/*
COPY --from=build /release/bin/gatehouse /usr/local/bin/gatehouse
COPY --from=build /release/LICENSE /usr/local/share/doc/gatehouse/LICENSE
USER 10001:10001
EXPOSE 8443
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=5s --retries=3 \
    CMD ["gatehouse", "health", "--address", "127.0.0.1:8080"]
ENTRYPOINT ["gatehouse"]
CMD ["serve", "--config", "/etc/gatehouse/gatehouse.yaml"]
