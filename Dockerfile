# The gateway as an image, from the packed package:
#
#   npm pack
#   docker build -t mcpp .

FROM node:24-slim AS install
COPY mcpp-*.tgz /tmp/
RUN npm install --global --prefix /opt/mcpp --omit=dev --no-audit --no-fund /tmp/mcpp-*.tgz

FROM node:24-slim
COPY --from=install /opt/mcpp /opt/mcpp
ENV NODE_ENV=production PATH=/opt/mcpp/bin:$PATH
# As a number, so that Kubernetes can tell that it is not root: the user `node` of the base image.
USER 1000:1000
WORKDIR /etc/mcpp
EXPOSE 8420
ENTRYPOINT ["mcpp"]
CMD ["serve", "--config", "/etc/mcpp/mcpp.yaml"]
