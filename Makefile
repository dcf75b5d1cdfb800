# Everything a developer or a user runs. Targets install what they need where apt is there.

CARGO ?= cargo
# libpcap's build script would otherwise ask the installed library for its version at build time.
export LIBPCAP_VER ?= 1.10.3

.PHONY: help demo build test lint unit samples oracle fuzz bench compare live instructions golden accuracy deny clean system

help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 12

demo: build ## build, replay the samples and show the alerts
	@./tools/demo.sh

build: system ## the release binary, target/release/minewatch
	$(CARGO) build --release --locked

test: system lint unit instructions ## lint, then every test

lint: ## format, clippy and the links of the documentation
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets --locked -- -D warnings
	RUSTDOCFLAGS="-D warnings -A rustdoc::private-intra-doc-links" \
	  $(CARGO) doc --no-deps --document-private-items --locked

unit: ## every test, without the lints
	@./tools/system-packages.sh iproute2 tcpreplay
	$(CARGO) test --workspace --locked

samples: ## write the sample captures in pcaps/ anew
	$(CARGO) run --release --locked -p minewatch-generator -- stories pcaps

oracle: build ## compare what is extracted with tshark, over CAPTURES (a file or folder)
	@./tools/system-packages.sh tshark
	./tests/oracle/tshark.py $(CAPTURES)

bench: system ## time each stage
	$(CARGO) bench --locked

golden: ## write the golden captures in pcaps/ and their alerts anew
	MINEWATCH_WRITE_GOLDEN=1 $(CARGO) test --locked --test behaviour -- output::golden --test-threads 1

accuracy: build ## measure against the truth, nDPI and Suricata, into docs/ACCURACY.md
	$(CARGO) build --release --locked -p minewatch-generator
	./tools/accuracy/run.sh

instructions: ## hold the instructions of whole replays against the reference, or AGAINST=REVISION
	./benches/instructions.sh $(if $(AGAINST),--against $(AGAINST))

live: ## measure live capture against tcpdump (MIX: a mixed capture)
	./benches/live.sh $(MIX)

compare: ## measure against tcpdump, nDPI and Suricata (MIX: a mixed capture)
	./benches/compare.sh $(MIX)

deny: ## licences, sources and advisories of the dependencies
	@command -v cargo-deny >/dev/null || $(CARGO) install --locked cargo-deny
	$(CARGO) deny check

# What is found goes to fuzz/artifacts; what is new and interesting to fuzz/target/corpus, so that the
# committed seeds stay as they are.
FUZZ_SECONDS ?= 60
FUZZ_TARGETS ?= $(basename $(notdir $(wildcard fuzz/fuzz_targets/*.rs)))
fuzz: system ## fuzz each parser for FUZZ_SECONDS (60)
	@$(CARGO) fuzz --version >/dev/null 2>&1 || $(CARGO) install cargo-fuzz --locked
	@set -e; for target in $(FUZZ_TARGETS); do \
	  mkdir -p fuzz/target/corpus/$$target; \
	  $(CARGO) fuzz run -s none $$target fuzz/target/corpus/$$target fuzz/corpus/$$target -- \
	    -max_total_time=$(FUZZ_SECONDS) -max_len=8192 -timeout=5 -rss_limit_mb=2048; \
	done

clean: ## remove what was built
	$(CARGO) clean

system:
	@./tools/system-packages.sh libpcap-dev
