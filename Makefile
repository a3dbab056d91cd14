# make demo: install, export, bench. make test: every test. Both need nothing but Python 3.11 to 3.13.
# make kill: kills commands at 200 points and has them go on; then the same commands on full disks.
# make fuzz: fuzzes every reader in Python (INPUTS in all) and the C engine (C_INPUTS) under sanitizers; for nights.
# make mutants: breaks the engine, the planner and the packers on purpose; the tests must notice each time.

PYTHON ?= python3
# Of make kill.
POINTS ?= 200
SEED ?= 1
# Of make fuzz.
INPUTS ?= 1000000
C_INPUTS ?= 10000000
VENV := .venv
BIN := $(VENV)/bin
# What the C and Cortex-M tests need on Debian-like systems; elsewhere those tests say what to install.
APT := gcc-arm-none-eabi libnewlib-arm-none-eabi qemu-system-arm clang libclang-rt-14-dev lld nodejs \
	qemu-system-misc ccache gcc-riscv64-unknown-elf picolibc-riscv64-unknown-elf \
	qemu-user gcc-aarch64-linux-gnu libc6-dev-arm64-cross chromium cmake openssl \
	kotlin default-jdk-headless mosquitto
TOOLS := arm-none-eabi-gcc qemu-system-arm clang wasm-ld node qemu-system-riscv32 riscv64-unknown-elf-gcc \
	qemu-aarch64 aarch64-linux-gnu-gcc chromium cmake openssl kotlinc javac mosquitto

# The tests run against the wheel, from a folder that has everything of the checkout but the package's sources.
WHEEL := build/wheel
SUITE := build/suite
SHARED := tests benchmarks docs firmware_ref android_ref README.md CHANGELOG.md CONTRIBUTING.md SECURITY.md Makefile \
	pyproject.toml constraints.txt

.PHONY: release demo test fuzz mutants kill lint install install-dev tools wheel clean

demo: install
	$(BIN)/python -m edgehar export --int8
	$(BIN)/python -m edgehar bench

test: install-dev tools wheel
	rm -rf $(SUITE) && mkdir -p $(SUITE) && ln -s $(addprefix $(CURDIR)/,$(SHARED)) $(SUITE)
	cd $(SUITE) && PYTHONPATH=$(CURDIR)/$(WHEEL) EDGEHAR_WHEEL=$(CURDIR)/$(WHEEL) $(CURDIR)/$(BIN)/pytest -n 2 --dist loadfile

fuzz: install-dev tools
	$(BIN)/python -m pip install -q -c constraints.txt -e '.[fuzz]'
	PYTHONPATH=$(CURDIR) $(BIN)/python -m tests.fuzz --inputs $(INPUTS)
	$(MAKE) -C firmware_ref fuzz SECONDS=0 INPUTS=$(C_INPUTS)

mutants: install-dev tools
	PYTHONPATH=$(CURDIR) $(BIN)/python -m tests.mutants

kill: install-dev
	PYTHONPATH=$(CURDIR) $(BIN)/python -m tests.hold.kills $(POINTS) $(SEED)
	PYTHONPATH=$(CURDIR) $(BIN)/python -m tests.hold.full 3 $(SEED)

wheel: $(BIN)/python
	rm -rf $(WHEEL) build/lib build/bdist.*
	$(BIN)/python -m pip wheel -q --no-deps -w build/dist .
	$(BIN)/python -m pip install -q --no-deps --upgrade --target $(WHEEL) build/dist/edgehar-*.whl

# What a release carries beside wheel and sdist: a bill of materials (CycloneDX) of all that `edgehar[all]` installs, and
# those packages with the SHA-256 of every file that the index may serve for them (pip install --require-hashes).
release: install-dev wheel
	$(BIN)/python -m pip install -q -c constraints.txt -e '.[release]'
	$(BIN)/python -m build -q --outdir build/dist .
	$(BIN)/pip-compile -q --generate-hashes --no-emit-index-url --no-emit-trusted-host --no-emit-find-links \
		--allow-unsafe --extra all -c constraints.txt -o build/dist/requirements-hashes.txt pyproject.toml
	sed -i '/^edgehar\[/,/^    # via/d' build/dist/requirements-hashes.txt  # this project, which the wheel is
	$(BIN)/cyclonedx-py requirements --pyproject pyproject.toml --of JSON -o build/dist/edgehar.cdx.json \
		build/dist/requirements-hashes.txt
	cd build/dist && sha256sum *.whl *.tar.gz requirements-hashes.txt edgehar.cdx.json > SHA256SUMS

lint: install-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	git ls-files '*.[ch]' | xargs $(BIN)/clang-format --dry-run -Werror

install: $(VENV)/.all
install-dev: $(VENV)/.dev

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.all: $(BIN)/python pyproject.toml constraints.txt
	$(BIN)/python -m pip install -c constraints.txt -e '.[all]'
	touch $@

$(VENV)/.dev: $(BIN)/python pyproject.toml constraints.txt
	$(BIN)/python -m pip install -c constraints.txt -e '.[dev]'
	touch $@ $(VENV)/.all

tools:
	@for tool in $(TOOLS); do command -v $$tool >/dev/null || missing=1; done; \
	if [ -n "$$missing" ] && command -v apt-get >/dev/null && [ "$$(id -u)" = 0 ]; then \
		apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $(APT) >/dev/null \
			|| echo "could not install $(APT): the emulated tests will be skipped"; \
	fi

clean:
	rm -rf bundle bench-results build *.egg-info
	$(MAKE) -C firmware_ref clean
