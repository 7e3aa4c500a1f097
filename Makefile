# `make` lists what there is to make.

BIN       = build/prizegen$(shell go env GOEXE)
TOOL      = go tool -modfile=tools/$(1).mod $(1)
PROFILE   = build/cover.out
GO_DIRS   = $(wildcard cmd pkg serve bench deploy)

GORELEASER ?= $(call TOOL,goreleaser)
BENCH    ?= .
ROUNDS   ?= 5
OUT      ?= build/bench
FUZZTIME ?= 1m
GORACE    = atexit_sleep_ms=0

# What the binary says of itself; the program falls back to its build info.
VERSION  ?= $(patsubst v%,%,$(shell git describe --tags --dirty 2>/dev/null))
COMMIT   ?= $(shell git rev-parse --short HEAD 2>/dev/null)
DATE     ?= $(shell git log -1 --format=%cI 2>/dev/null)

# The image, and where it is pushed to and pulled from, such as nexus.example.org:5000.
REGISTRY ?= ghcr.io/prizegen
TAG      ?= $(or $(VERSION),$(COMMIT),dev)
IMAGE     = $(REGISTRY)/prizegen
PLATFORM ?= linux/$(shell go env GOARCH)
LDFLAGS   = -s -w \
	$(if $(VERSION),-X main.version=$(VERSION)) \
	$(if $(COMMIT),-X main.commit=$(COMMIT)) \
	$(if $(DATE),-X main.date=$(DATE))

# Nothing here needs C but the race detector.
export CGO_ENABLED = 0

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help build test unit race lint fmt bench microbench fuzz cover dist-files release-check clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  %-14s %s\n", $$1, $$2 }' Makefile

build: ## Build build/prizegen, a static binary
	go build -trimpath -ldflags "$(strip $(LDFLAGS))" -o $(BIN) ./cmd/prizegen

test: deps lint race ## Everything a change must pass: lint, and all tests with the race detector

unit: ## Run the tests alone, on any system
	go test ./...

.PHONY: deps race covered
deps:
	@scripts/deps.sh

# Without coverage, with which it takes five times as long: every count of a covered line
# would be looked at for races.
# pkg/prize, which works on rules made to take long, takes 15 times as long so: of it only
# what does several things at once.
AT_ONCE = Odds|Totals|Count|Example
race:
	GORACE=$(GORACE) CGO_ENABLED=1 go test -race -vet=off $$(go list ./... | grep -v /pkg/prize$$)
	GORACE=$(GORACE) CGO_ENABLED=1 go test -race -vet=off -run '$(AT_ONCE)' ./pkg/prize
	go test -vet=off -skip '$(AT_ONCE)' ./pkg/prize

covered:
	@mkdir -p build
	go test -coverpkg=./pkg/... -coverprofile=$(PROFILE) ./pkg/... ./serve/...
	@$(coverage)

.PHONY: report scan
report: deps ## Run the tests with the race detector into build/junit.xml and build/cover.out
	@mkdir -p build
	GORACE=$(GORACE) CGO_ENABLED=1 $(call TOOL,gotestsum) --junitfile build/junit.xml -- -race ./...
	$(MAKE) covered

scan: ## Look for known vulnerabilities in what the program is built from; VULNDB is a mirror of vuln.go.dev
	$(call TOOL,govulncheck) $(if $(VULNDB),-db $(VULNDB)) ./...

# With the settings of the tests, for which everything has to be compiled anyway, and
# which look for common mistakes no second time.
lint: ## Check imports, style and common mistakes; fail if go.mod is not tidy
	go build -modfile=tools/golangci-lint.mod -o build/golangci-lint github.com/golangci/golangci-lint/v2/cmd/golangci-lint
	GOFLAGS=-race CGO_ENABLED=1 build/golangci-lint run ./...
	go mod tidy -diff

fmt: ## Format the Go code
	$(call TOOL,gofumpt) -l -w $(GO_DIRS)

bench: build ## Measure against peers into OUT (build/bench); QUICK=1, ROUNDS=3, BENCH=regexp for less, LONG=1 for more
	@scripts/deps.sh bench
	cd bench && go build -o ../build/report ./report
	build/report -rounds $(ROUNDS) -quick=$(if $(QUICK),true,false) -long=$(if $(LONG),true,false) -only '$(BENCH)' -out $(OUT)

microbench: ## Run the benchmarks of the packages; BENCH=regexp picks some
	go test -run '^$$' -bench '$(BENCH)' -benchmem ./...

fuzz: ## Run each fuzz target for FUZZTIME (1m)
	@go list ./... | while read -r pkg; do \
		for name in $$(go test -list '^Fuzz' "$$pkg" | grep '^Fuzz'); do \
			echo "go test -fuzz $$name $$pkg"; \
			go test -run '^$$' -fuzz "^$$name\$$" -fuzztime $(FUZZTIME) "$$pkg" </dev/null || exit 1; \
		done; \
	done

cover: covered ## Show the coverage of pkg/, and write build/cover.html
	@go tool cover -html=$(PROFILE) -o build/cover.html

# Completions and man page for the packages; .goreleaser.yaml calls this.
dist-files: build
	@mkdir -p build/completions build/man
	$(BIN) completion bash > build/completions/prizegen.bash
	$(BIN) completion zsh > build/completions/_prizegen
	$(BIN) completion fish > build/completions/prizegen.fish
	$(BIN) man > build/man/prizegen.1
	gzip -9nkf build/man/prizegen.1

# What the image says of itself, as goreleaser has it too.
IMAGE_title       = prizegen
IMAGE_description = Instant-win prize draws that anyone can check
IMAGE_source      = https://github.com/prizegen/prizegen
IMAGE_licenses    = MIT
IMAGE_version     = $(or $(VERSION),dev)
IMAGE_revision    = $(shell git rev-parse HEAD 2>/dev/null)
IMAGE_created     = $(DATE)

.PHONY: image push e2e shellcheck lint-deploy
image: ## Build the image; REGISTRY and TAG name it, PLATFORM=linux/arm64 is for other machines
	rm -rf build/image
	mkdir -p build/image/$(PLATFORM) build/image/deploy
	GOOS=linux GOARCH=$(notdir $(PLATFORM)) go build -trimpath -ldflags "$(strip $(LDFLAGS))" \
		-o build/image/$(PLATFORM)/prizegen ./cmd/prizegen
	cp LICENSE build/image/
	cp -R deploy/image build/image/deploy/
	docker build --file deploy/Dockerfile --platform $(PLATFORM) --build-arg TARGETPLATFORM=$(PLATFORM) \
		$(foreach label,title description source licenses version revision created,--label org.opencontainers.image.$(label)="$(IMAGE_$(label))") \
		--tag $(IMAGE):$(TAG) --tag $(IMAGE):latest build/image

push: ## Push the image to REGISTRY, which make image has built with the same REGISTRY and TAG
	docker push $(IMAGE):$(TAG)

e2e: ## Deploy for real, on this machine's Docker engine; E2E="compose swarm" picks some tests
	@scripts/deps.sh e2e
	deploy/e2e/run $(E2E)

lint-deploy: shellcheck ## Check the scripts, Ansible's roles and the YAML of deploy/
	cd deploy/ansible && yamllint . && ansible-lint -q

shellcheck: ## Check the scripts of deploy/
	shellcheck $$(git ls-files 'deploy/*.sh' deploy/e2e/run)

# To the machines of an inventory. INVENTORY and VAULT are files, ANSIBLE has further
# options such as --vault-password-file; see docs/deploy.md.
INVENTORY ?= inventory.yml
PLAYBOOK   = cd deploy/ansible && REGISTRY=$(REGISTRY) TAG=$(TAG) ansible-playbook -i $(INVENTORY) $(if $(VAULT),-e @$(VAULT)) $(ANSIBLE)
URL       ?= https://localhost
.PHONY: provision deploy smoke rollback
provision: ## Set up the machines of INVENTORY: firewall, database, Docker, swarm, NGINX
	$(PLAYBOOK) site.yml --tags provision

deploy: ## Deploy TAG from REGISTRY to the machines of INVENTORY
	$(PLAYBOOK) site.yml --tags deploy

smoke: ## Look whether the site at URL works
	deploy/smoke.sh "$(or $(URL),https://localhost)" $(CAMPAIGN)

rollback: ## Put the services of the swarm back to what they were before the last deploy
	$(PLAYBOOK) rollback.yml

release-check: ## Build a whole release into dist/, publishing nothing
	$(call TOOL,goreleaser) check
	$(call TOOL,goreleaser) release --snapshot --clean --skip=docker,sbom

.PHONY: packages
packages: ## Build the deb and the rpm for this system into dist/
	@mkdir -p build
	sed -e 's/^    goos: .*/    goos: [linux]/' -e 's/^    goarch: .*/    goarch: [$(shell go env GOARCH)]/' .goreleaser.yaml > build/goreleaser.yaml
	$(GORELEASER) release --snapshot --clean -f build/goreleaser.yaml --skip=docker,sbom

clean: ## Remove what was built
	rm -rf build dist

# Every test run writes each block anew: a block is covered if any run hit it.
coverage = awk ' \
	NR > 1 { stmts[$$1] = $$2; if ($$3) hit[$$1] = $$2 } \
	END { \
		for (b in stmts) { \
			p = b; sub(/\/[^\/]*$$/, "", p); sub(/^.*\/pkg\//, "pkg/", p); \
			all[p] += stmts[b]; got[p] += hit[b]; a += stmts[b]; g += hit[b]; \
		} \
		for (p in all) printf "coverage %5.1f%%  %s\n", 100 * got[p] / all[p], p | "sort -k3"; \
		close("sort -k3"); \
		if (a) printf "coverage %5.1f%%  pkg/ in total\n", 100 * g / a; \
	}' $(PROFILE)
