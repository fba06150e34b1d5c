# The server in a container: models and token are mounted at /models.
FROM node:22-slim AS build
WORKDIR /whylens
COPY package.json package-lock.json ./
# tfjs-node needs a compiler and is not wanted here; the embedded engines are
RUN npm ci --ignore-scripts
COPY . .
RUN npm run build && npm pack --ignore-scripts --pack-destination /tmp

FROM node:22-slim
WORKDIR /app
# the part for graphics cards is not fetched
ENV NODE_ENV=production ONNXRUNTIME_NODE_INSTALL=skip
COPY --from=build /tmp/whylens-*.tgz /tmp/
# optional packages too, since the codecs of pictures are among them; those that a server does not use go
RUN npm init -y >/dev/null \
  && npm install --ignore-scripts /tmp/whylens-*.tgz onnxruntime-node fastify @fastify/multipart prom-client \
  && rm -rf node_modules/@tensorflow/tfjs-node node_modules/onnxruntime-web /tmp/whylens-*.tgz /root/.npm
USER node
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=3s CMD ["node", "-e", "fetch('http://127.0.0.1:8080/healthz').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node_modules/.bin/whylens", "serve", "--host", "0.0.0.0", "--port", "8080", "--models", "/models"]
