# make build      bin/drover for this machine
# make test       everything that CI runs
# make hosts      the tests on real Debian hosts alone (root on Linux)
# make bench      benchmarks in Go; go run ./test/bench compares with ssh and Ansible
# make release    dist/: static binaries with the runners for linux inside

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := build

VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo devel)
LDFLAGS  = -s -w -X main.version=$(VERSION)
# The command line library without its writers of manual pages, which cost
# every start a millisecond.
TAGS     = urfave_cli_no_docs
RUNNERS  = linux/amd64 linux/arm64
# The runner is small before it is fast: no HTTP/2 (Ansible's modules speak
# HTTP/1.1), no inlining, which costs a fifth of the size, and no tables of line
# numbers (internal/slim), which cost a tenth.
LEAN     = -trimpath -ldflags '-s -w' -tags nethttpomithttp2 -gcflags=all=-l
# What a runner may weigh packed, in bytes.
LIMIT    = 3000000
RELEASES = linux/amd64 linux/arm64 darwin/amd64 darwin/arm64
EMBED    = transport/remote/dist

# The packages in which goroutines meet.
RACY = ./cmd/... ./inventory/... ./modules/runner/... ./playbook/... ./transport/... ./test/...

.PHONY: build test tools format vet staticcheck unit race hosts bench microbench release clean

build:
	CGO_ENABLED=0 go build -trimpath -tags $(TAGS) -o bin/drover ./cmd/drover

test: tools format vet staticcheck unit race hosts

# Debian's packages that the tests need; only root can install them.
tools:
	@test/hosts/tools

format:
	@files=$$(gofmt -l $$(git ls-files '*.go')); if [ -n "$$files" ]; then echo "not gofmt'ed:"; echo "$$files"; exit 1; fi

vet:
	go vet ./...
	go vet -tags hosts ./test

# Messages keep Ansible's well-known wording, which often has a capital letter
# or a full stop; ST1005 would forbid that.
staticcheck:
	go tool staticcheck -checks inherit,-ST1005 ./...

unit:
	go test ./...

race:
	go test -race $(RACY)

hosts:
	@test/hosts/run

# BENCH may hold flags of test/bench: BENCH='-only fleet', '-inventory hosts.ini'.
bench:
	go run ./test/bench -doc docs/BENCHMARKS.md $(BENCH)

microbench:
	go test -run '^$$' -bench . -benchmem ./...

# A release carries the runners, packed, for the hosts people have.
release:
	rm -rf $(EMBED) dist
	mkdir -p $(EMBED) dist
	trap 'rm -rf $(EMBED)' EXIT; \
	for p in $(RUNNERS); do \
		f=$(EMBED)/drover-runner-$${p/\//-}; \
		CGO_ENABLED=0 GOOS=$${p%/*} GOARCH=$${p#*/} go build $(LEAN) -o $$f ./cmd/drover-runner; \
		go run ./internal/slim $$f; \
		sha256sum < $$f | cut -d' ' -f1 > $$f.sha256; \
		if command -v zopfli > /dev/null; then zopfli --i5 $$f && rm $$f; else gzip -9n $$f; fi; \
		size=$$(stat -c %s $$f.gz); \
		if [ $$size -gt $(LIMIT) ]; then echo "the runner for $$p has grown to $$size bytes, packed; the limit is $(LIMIT) (zopfli, where it is installed, takes 4 % off)"; exit 1; fi; \
	done; \
	for p in $(RELEASES); do \
		CGO_ENABLED=0 GOOS=$${p%/*} GOARCH=$${p#*/} go build -trimpath -tags release,$(TAGS) -ldflags '$(LDFLAGS)' \
			-o dist/drover-$(VERSION)-$${p/\//-} ./cmd/drover; \
	done
	cd dist && sha256sum drover-* > SHA256SUMS

clean:
	rm -rf bin dist $(EMBED)
