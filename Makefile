# Everything below needs only Python 3.11-3.14, make and a package index.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.ready
ROOMS  := schemas runtime producers stream_processors sinks infra

.DEFAULT_GOAL := help
.PHONY: $(shell grep -oE '^[a-z-]+:' $(firstword $(MAKEFILE_LIST)) | tr -d :)

help: ## this list
	@grep -hE '^[a-z%-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /|/' | awk -F'|' '{printf "  make %-18s %s\n", $$1, $$2}'

$(STAMP): pyproject.toml uv.lock
	@echo "setting up $(VENV) (once; a few minutes, about 200 MB)"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check "uv>=0.13"
	@VIRTUAL_ENV=$(CURDIR)/$(VENV) $(BIN)/uv sync --frozen --active --extra embedded --quiet --inexact --compile-bytecode
	@$(BIN)/python -m compileall -q $(ROOMS)
	@touch $@

setup: $(STAMP) ## make the environment (done by the others when needed)

demo: $(STAMP) ## the whole city on this machine; ARGS="--seconds 60" passes options on
	@$(BIN)/livingdata demo $(ARGS)

AT_ONCE ?= logical

test: $(STAMP) ## the fast suite, on all cores: unit, property, golden, contract, integration, end to end; AT_ONCE=0
	@$(BIN)/python -m pytest -n $(AT_ONCE) --dist loadfile --no-loadscope-reorder $(ARGS)

test-long: $(STAMP) ## what takes minutes: the workbench on a running city, every view and question against the city's books
	@$(BIN)/python -m pytest -m long $(ARGS)

test-stack: $(STAMP) ## the integration suite on a real Kafka; needs Java 17 and Maven
	@LIVINGDATA_TEST_STACK=1 $(BIN)/python -m pytest tests/integration $(ARGS)

ROUNDS ?= 50

test-faults: $(STAMP) ## rounds of a running city with processes killed and stopped; ROUNDS=50
	@$(BIN)/python -m tests.faults.rounds --rounds $(ROUNDS) $(ARGS)

test-faults-stack: $(STAMP) ## the same on three real brokers: networks, disks, brokers lost too; ROUNDS=50
	@$(BIN)/python -m tests.faults.rounds --stack --rounds $(ROUNDS) $(ARGS)

drill-restore: $(STAMP) ## all but Kafka is lost and restored from a backup; writes build/drill-restore.json
	@$(BIN)/python -m tests.faults.drill $(ARGS)

MINUTES ?= 30
RATE ?= 500

soak: $(STAMP) ## the city on a real Kafka for MINUTES=30 at RATE=500: memory, lag, parts; writes build/soak.json
	@$(BIN)/python -m tests.faults.soak --minutes $(MINUTES) --rate $(RATE) $(ARGS)

test-model-long: $(STAMP) ## the model test for 10,000 examples, and its mutants
	@LIVINGDATA_MODEL_EXAMPLES=10000 $(BIN)/python -m pytest tests/property/test_model.py tests/property/test_model_mutants.py $(ARGS)

SECONDS ?= 60

fuzz: $(STAMP) ## coverage-guided fuzzing of every dialect, from the golden inputs on; SECONDS=60 for all, ARGS="hl7v2" for one
	@VIRTUAL_ENV=$(CURDIR)/$(VENV) $(BIN)/uv sync --frozen --active --extra embedded --group fuzz --quiet --inexact
	@$(BIN)/python -m tests.fuzz --seconds $(SECONDS) $(ARGS)

BROKERS ?= 1

stack: $(STAMP) ## a real Kafka, registry, Redis, ClickHouse here; BROKERS=3; needs Java 17 and Maven
	@$(BIN)/livingdata stack up --brokers $(BROKERS) $(ARGS)

stack-stop: $(STAMP) ## end it; its data stay in build/stack/data
	@$(BIN)/livingdata stack down $(ARGS)

stack-status: $(STAMP) ## ask each part whether it answers
	@$(BIN)/livingdata stack status $(ARGS)

test-access: $(STAMP) ## each role of the store on a real engine: what it sees, what it is refused
	@$(BIN)/python -m pytest -m "long or not long" tests/integration/test_access.py tests/integration/test_access_sql.py $(ARGS)

lint: $(STAMP) ## ruff, mypy strict, import contracts
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache

fix: $(STAMP) ## format and mend what can be mended by machine
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

PEERS := build/peers/venv

$(PEERS)/.ready: tests/bench/peers/pyproject.toml tests/bench/peers/uv.lock | $(STAMP)
	@echo "setting up $(PEERS) (once; the other engines)"
	@cd tests/bench/peers && UV_PROJECT_ENVIRONMENT=$(CURDIR)/$(PEERS) $(CURDIR)/$(BIN)/uv sync --frozen --quiet --python $(CURDIR)/$(BIN)/python
	@touch $@

bench-peers: $(STAMP) $(PEERS)/.ready ## the same job on other engines, and on none; writes build/bench/peers.json; ARGS="--help"
	@$(BIN)/python -m tests.bench.bench_peers $(ARGS)

bench-%: $(STAMP) ## measure one part: adapters, processor (with Kafka too), sink, queries, fairness, stack; writes build/bench/NAME.json
	@$(BIN)/python -m tests.bench.bench_$*

schemas: $(STAMP) ## write the generated .avsc files, ids and data dictionary from the field table
	@$(BIN)/python -m schemas.generate

clean: ## remove what was built
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache
