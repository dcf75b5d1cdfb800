# Everything a developer or a user runs. Targets install what they need where apt is there.

CARGO ?= cargo
# libpcap's build script would otherwise ask the installed library for its version at build time.
export LIBPCAP_VER ?= 1.10.3

.PHONY: help demo build test lint unit samples oracle bench compare golden accuracy deny clean system

help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 12

demo: build ## build, replay the samples and show the alerts
	@./tools/demo.sh

build: system ## the release binary, target/release/minewatch
	$(CARGO) build --release --locked

test: system lint unit ## lint, then every test

lint: ## format and clippy
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets --locked -- -D warnings

unit:
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
	MINEWATCH_WRITE_GOLDEN=1 $(CARGO) test --locked --test golden

accuracy: build ## measure against the truth, nDPI and Suricata, into docs/ACCURACY.md
	$(CARGO) build --release --locked -p minewatch-generator
	./tools/accuracy/run.sh

deny: ## licences, sources and advisories of the dependencies
	@command -v cargo-deny >/dev/null || $(CARGO) install --locked cargo-deny
	$(CARGO) deny check

clean: ## remove what was built
	$(CARGO) clean

system:
	@./tools/system-packages.sh libpcap-dev
