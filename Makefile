# `make` lists the targets. `make -C deploy` lists the targets for the deployment.

include scripts/version.mk

BIN       = build/prizegen$(shell go env GOEXE)
PROFILE   = build/cover.out
LDFLAGS   = -s -w \
	$(if $(VERSION),-X main.version=$(VERSION)) \
	$(if $(COMMIT),-X main.commit=$(COMMIT)) \
	$(if $(DATE),-X main.date=$(DATE))

BENCH    ?= .
ROUNDS   ?= 5
OUT      ?= build/bench
# Tests wait for events; this limit only stops a test that hangs.
TIMEOUT  ?= 30m
# Without this setting, a race-enabled program sleeps for a second before it exits.
GORACE    = atexit_sleep_ms=0

# This package is SQLite's C code translated to Go; none of our races can be in it. Without
# race detection there, the store's tests take a third less CPU time. `make soak` keeps the
# detection. Do not widen the pattern: generic code compiled without detection could be
# linked into other packages and cause false reports.
RACE      = -race -gcflags=modernc.org/sqlite/lib=-race=false

# Only the race detector needs C.
export CGO_ENABLED = 0

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help build test soak e2e lint fmt cover bench microbench clean deps race

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  %-12s %s\n", $$1, $$2 }' Makefile

build: ## Build build/prizegen, a static binary
	go build -trimpath -ldflags "$(strip $(LDFLAGS))" -o $(BIN) ./cmd/prizegen

test: deps lint race ## Lint and run every test (under 5 minutes); every change must pass this

soak: deps ## Run tests that take hours: fuzzing, kills, millions of rows; SOAK="fuzz kills" selects some
	scripts/soak.sh $(SOAK)

e2e: ## Test the deployment on this machine's Docker engine; E2E="compose swarm" selects some tests
	@scripts/deps.sh e2e
	deploy/e2e/run $(E2E)

# Linting uses the same race settings as the tests, so that they share the build cache.
lint: ## Check style, imports and common mistakes, and that go.mod is tidy
	go build -modfile=tools/golangci-lint.mod -o build/golangci-lint github.com/golangci/golangci-lint/v2/cmd/golangci-lint
	GOFLAGS='$(RACE)' CGO_ENABLED=1 build/golangci-lint run ./...
	go mod tidy -diff
	cd bench && go mod tidy -diff

fmt: ## Format the Go code
	go tool -modfile=tools/gofumpt.mod gofumpt -l -w cmd pkg serve bench deploy docs

cover: deps ## Measure the coverage of cmd, pkg and serve; fail below 95% for pkg or 90% overall
	@mkdir -p build
	go test -vet=off -timeout $(TIMEOUT) -coverpkg=./cmd/...,./pkg/...,./serve/... -coverprofile=$(PROFILE) ./cmd/... ./pkg/... ./serve/...
	go tool cover -html=$(PROFILE) -o build/cover.html
	@scripts/coverage.sh $(PROFILE) pkg=95 all=90

bench: build ## Compare the speed with alternatives and write a report to OUT; docs/performance.md lists the options
	@scripts/deps.sh bench
	cd bench && go build -o ../build/report ./report
	build/report -rounds $(ROUNDS) -quick=$(if $(QUICK),true,false) -long=$(if $(LONG),true,false) -only '$(BENCH)' -out $(OUT)

microbench: ## Run the Go benchmarks of the packages; BENCH=regexp selects some
	go test -run '^$$' -bench '$(BENCH)' -benchmem ./...

clean: ## Remove everything that was built
	rm -rf build dist

deps:
	@scripts/deps.sh

# With the race detector, the tests of pkg/prize take 15 times as long, because they compile
# rules that are slow on purpose. So only the concurrent tests run with it.
CONCURRENT = Odds|Totals|Count|Example
race:
	GORACE=$(GORACE) CGO_ENABLED=1 go test $(RACE) -vet=off -timeout $(TIMEOUT) $(filter-out %/pkg/prize %/pkg/prize/automaton,$(shell go list ./...))
	GORACE=$(GORACE) CGO_ENABLED=1 go test $(RACE) -vet=off -timeout $(TIMEOUT) -run '$(CONCURRENT)' ./pkg/prize/...
	go test -vet=off -timeout $(TIMEOUT) -skip '$(CONCURRENT)' ./pkg/prize/...
