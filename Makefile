# Everything a developer or the CI runs. `make` alone lists the targets.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

GO ?= go
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
WITH_POSTGRES := scripts/with-postgres.sh

# The version comes from the line above. Go's own stamp would make every build, and the linter's, fail where git
# refuses the folder (a checkout that belongs to another user, as in containers).
export GOFLAGS := $(strip $(GOFLAGS) -buildvcs=false)

# More arguments for `go test` (make test TESTFLAGS='-run Unread -v') and for the server (make run ARGS='--addr :9000').
TESTFLAGS ?=
ARGS ?=
# Packages of which there is no race test: they begin nothing that runs beside them and share nothing that changes. What
# stands above them is tested, with them in it.
ONE_AT_A_TIME := /internal/(dialect/[a-z]+|interchange|reference|demo)$$|/openapi$$|/docs$$
# Packages that the race detector does not watch.
NOT_RACED := $(foreach p,sqlite/lib libc memory,-gcflags='modernc.org/$p=-race=false')
# How long each fuzz target runs.
FUZZTIME ?= 10s

# Both versions are in the name, so that a new one of either installs the linter anew: it refuses code that is newer
# than the Go it was built with.
GOLANGCI_VERSION := v2.15.0
GOLANGCI ?= .tools/golangci-lint-$(GOLANGCI_VERSION)-$(shell $(GO) env GOVERSION)

##@ Run

.PHONY: build
build: ## Build the static binary bin/parley
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags '-s -w -X parley/internal/buildinfo.Version=$(VERSION)' -o bin/parley ./cmd/parley

.PHONY: run
run: build ## Build and start the server (ARGS='--addr ...')
	bin/parley serve $(ARGS)

.PHONY: demo
demo: build ## Build and start the server on throw-away demo data
	bin/parley demo $(ARGS)

##@ Test

# What the kernel was told to write is a test of Linux alone.
.PHONY: strace
strace:
	@[ "$$(uname)" != Linux ] || command -v strace >/dev/null || scripts/install.sh strace

.PHONY: test
test: strace ## Run all tests, with a private PostgreSQL (TESTFLAGS='-run ...')
	$(WITH_POSTGRES) $(GO) test -timeout 20m $(TESTFLAGS) ./...

.PHONY: test-race
test-race: ## Run the tests under the race detector, on little data
	@# C translated to Go, and most of the time: SQLite itself. Not its driver, whose copies of the library's generic
	@# code would stand for ours and hide from the detector what they synchronize.
	PARLEY_TEST_SMALL=1 CGO_ENABLED=1 $(WITH_POSTGRES) $(GO) test -race -timeout 20m $(NOT_RACED) $(TESTFLAGS) \
		$$($(GO) list ./... | grep -vE '$(ONE_AT_A_TIME)')

.PHONY: test-store
test-store: ## Run the store's conformance suite on both engines
	$(WITH_POSTGRES) $(GO) test $(TESTFLAGS) ./internal/store/...

.PHONY: test-chaos
test-chaos: ## Kill servers and cut connections under 5,000 messages (PARLEY_TEST_MESSAGES=5000)
	PARLEY_TEST_MESSAGES=$${PARLEY_TEST_MESSAGES:-5000} $(WITH_POSTGRES) $(GO) test -count=1 -v $(TESTFLAGS) ./internal/chaos/

.PHONY: test-browser
test-browser: ## Run the tests that need a browser (PARLEY_TEST_CHROMIUM=/path/to/it)
	$(GO) test -tags browser -run Browser -timeout 5m $(TESTFLAGS) ./internal/badge/

.PHONY: golden
golden: ## Rewrite golden files and generated pages; review the difference like code
	$(WITH_POSTGRES) $(GO) test ./cmd/... ./internal/api/... ./internal/dialect/... ./internal/event/... -update

.PHONY: fuzz
fuzz: ## Run each fuzz target for a while (FUZZTIME=10s)
	GO='$(GO)' FUZZTIME='$(FUZZTIME)' scripts/fuzz.sh

.PHONY: cover
cover: ## Measure the coverage of all tests; writes coverage.html
	$(WITH_POSTGRES) $(GO) test -coverprofile=coverage.out -coverpkg=./internal/... $(TESTFLAGS) ./...
	$(GO) tool cover -html=coverage.out -o coverage.html
	$(GO) tool cover -func=coverage.out | tail -n 1

##@ Check

.PHONY: lint
lint: $(GOLANGCI) ## Lint, and check the format
	$(GOLANGCI) run

.PHONY: fmt
fmt: $(GOLANGCI) ## Format the Go code
	$(GOLANGCI) fmt

.PHONY: tidy-check
tidy-check: ## Check that go.mod and go.sum are tidy
	$(GO) mod tidy -diff
	@# The embedded SQLite is C translated to Go, made for one exact version of its C library.
	@want=$$(awk '$$1 == "modernc.org/libc" { print $$2 }' "$$($(GO) list -m -f '{{.GoMod}}' modernc.org/sqlite)"); \
	got=$$($(GO) list -m -f '{{.Version}}' modernc.org/libc); \
	[ "$$got" = "$$want" ] || { echo "modernc.org/libc is at $$got, modernc.org/sqlite wants exactly $$want" >&2; exit 1; }

.PHONY: generated-check
generated-check: tidy-check ## Check that generated files are current
	GO='$(GO)' scripts/generated-check.sh

.PHONY: openapi-lint
openapi-lint: web/node_modules ## Lint the published documents (needs Node.js)
	cd web && npm run --silent lint

.PHONY: client-test
client-test: build web/node_modules ## Generate a TypeScript client of /v1 and drive it against a server (needs Node.js)
	npm --prefix web run --silent build
	scripts/with-server.sh npm --prefix web run --silent test

.PHONY: ci
ci: ## Run what the CI runs
	.ci/run

##@ House

.PHONY: clean
clean: ## Remove what was built (not .tools, which takes minutes to install)
	rm -rf bin web/build coverage.out coverage.html

.PHONY: help
help: ## List the targets
	@awk 'BEGIN { FS = ":.*## " } /^##@ / { printf "\n%s\n", substr($$0, 5) } /^[a-z-]+:.*## / { printf "  %-16s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

web/node_modules: web/package.json web/package-lock.json web/.npmrc
	cd web && npm ci
	touch $@

.tools/golangci-lint-%:
	mkdir -p .tools
	GOBIN='$(CURDIR)/.tools' CGO_ENABLED=0 $(GO) install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(GOLANGCI_VERSION)
	mv .tools/golangci-lint $@
