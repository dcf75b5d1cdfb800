# Everything a developer or a user runs. Targets install what they need where apt is there.

CARGO ?= cargo
# libpcap's build script would otherwise ask the installed library for its version at build time.
export LIBPCAP_VER ?= 1.10.3

.PHONY: help demo build test lint unit samples fuzz bench compare deny clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 12

demo: build ## build, replay the samples and show the alerts
	@./tools/demo.sh

build: system ## the release binary, target/release/minewatch
	$(CARGO) build --release --locked

test: system lint unit ## lint, then every test

lint:
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets --locked -- -D warnings

unit:
	$(CARGO) test --workspace --locked

.PHONY: system
system:
	@./tools/system-packages.sh libpcap-dev

clean: ## remove what was built
	$(CARGO) clean
