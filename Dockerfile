# Compiles the worker and bundles its workflows ahead of time.
FROM node:20.20.2-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts
COPY tsconfig.json tsconfig.build.json ./
COPY scripts/build.ts scripts/
COPY src src
RUN npm run -s build

# What runs in production, without what only development needs.
FROM node:20.20.2-bookworm-slim AS packages
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
COPY scripts/slim-packages.sh scripts/
RUN npm ci --ignore-scripts --omit=dev && sh scripts/slim-packages.sh node_modules

# For trying things out without an Algolia account; not part of the worker's image.
FROM build AS simulator
COPY simulator simulator
USER 1000:1000
ENTRYPOINT ["node", "--import", "tsx", "simulator/main.ts"]

FROM node:20.20.2-bookworm-slim AS worker
# Temporal's native core takes its root certificates from the system. Debian removes old versions, so none is pinned.
# hadolint ignore=DL3008
RUN apt-get update \
  && apt-get install -y --no-install-recommends ca-certificates tini \
  && rm -rf /var/lib/apt/lists/*
WORKDIR /app
COPY --from=packages /app/node_modules node_modules
COPY --from=build /app/dist dist
COPY package.json LICENSE ./
ENV NODE_ENV=production HEALTH_ADDRESS=0.0.0.0:8080 METRICS_ADDRESS=0.0.0.0:9464
# A number, so that Kubernetes can see that it isn't root.
USER 1000:1000
EXPOSE 8080 9464
HEALTHCHECK --interval=15s --timeout=5s --start-period=15s \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.HEALTH_ADDRESS.split(':').at(-1)}/readyz`).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
# Node does not reap children, nor does it end on signals as process 1 unless it listens to them.
ENTRYPOINT ["tini", "--", "node"]
CMD ["dist/worker.js"]
