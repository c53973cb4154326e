# The image holds one static program and nothing else: no shell, no libraries, no package manager. It runs as a user without
# a name, on a read-only root file system, and keeps everything in /data.
#
#   docker build -t parley --build-arg VERSION=$(git describe --tags --always) .
#   docker run --read-only -p 8080:8080 -v parley:/data parley

FROM --platform=$BUILDPLATFORM golang:1.26 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG TARGETOS TARGETARCH VERSION=unknown
RUN CGO_ENABLED=0 GOOS=$TARGETOS GOARCH=$TARGETARCH \
    go build -buildvcs=false -trimpath -ldflags "-s -w -X parley/internal/buildinfo.Version=$VERSION" -o /out/parley ./cmd/parley
# A new volume takes the owner and the mode of the folder that it covers.
RUN mkdir -m 0700 /out/data

FROM scratch
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=build /out/parley /parley
COPY --from=build --chown=65532:65532 /out/data /data
USER 65532:65532
ENV PARLEY_ADDR=:8080 PARLEY_DATA_DIR=/data PARLEY_LOG_FORMAT=json
VOLUME /data
EXPOSE 8080
HEALTHCHECK --interval=15s --timeout=6s --start-period=60s --retries=3 CMD ["/parley", "health"]
ENTRYPOINT ["/parley"]
CMD ["serve"]
