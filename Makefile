# Every target does its own set-up: a fresh Debian 12 with Python 3.11 and make is enough.
.PHONY: help setup demo run test test-long pictures coverage style format bench soak clean
.DEFAULT_GOAL := help
PY := .venv/bin/python
PACKAGES := softswitch acd media api config
# The tests and benches share two processors with what they test: one process with peers at a time, always bounded.
QUICK_LIMIT := timeout --foreground --kill-after=20 900
LONG_LIMIT := timeout --foreground --kill-after=20 2700
BENCHES ?= $(patsubst bench/%.py,%,$(wildcard bench/bench_*.py))

help:
	@echo "make demo [ONCE=1]      演示:启动系统、话机与中继 / the softswitch with simulated phones and trunk"
	@echo "make run CONFIG=x.toml  只运行服务器 / the server alone"
	@echo "make test | test-long   快测 (<=15 min) | 长测 (<=45 min)"
	@echo "make coverage           acd/ 与 config/ 的每个分支都经测试 / every branch of acd/ and config/ is tested"
	@echo "make style | format     ruff + mypy --strict | ruff format"
	@echo "make bench [BENCHES=..] 性能数据 / figures, see bench/README.md"
	@echo "make soak               两万次恶劣呼叫与十分钟模糊测试 (<=30 min) / 20,000 calls in bad weather, ten minutes of fuzzing"
	@echo "make setup              .venv 及测试所需软件 / .venv with all that tests and benches need"

setup:
	@.ci/setup dev

demo:
	@.ci/setup run
	@$(PY) -m bench.demo $(if $(filter 1 yes true,$(ONCE)),--once)

run:
	@test -n "$(CONFIG)" || { echo "make run CONFIG=path.toml" >&2; exit 2; }
	@.ci/setup run
	@exec $(PY) -m softswitch run --config "$(CONFIG)"

# Beside the tests with phones, which mostly wait, runs what needs none and gives way to them: one after the other they
# took a slow machine longer than the limit.  In the long suite browsers and attacks follow it.
COMPUTING := tests/acd tests/api tests/config tests/fuzz tests/media tests/softswitch
test: setup
	@mkdir -p var
	@nice -n 15 $(QUICK_LIMIT) $(PY) -m pytest -m "not long" $(COMPUTING) >var/test-beside.log 2>&1 & beside=$$!; \
	$(QUICK_LIMIT) $(PY) -m pytest -m "not long" $(addprefix --ignore=,$(COMPUTING)); code=$$?; \
	wait $$beside || code=1; cat var/test-beside.log; exit $$code

BROWSING := tests/hostile tests/web
BESIDE := timeout --foreground --kill-after=20
test-long: setup
	@mkdir -p var
	@{ nice -n 15 $(BESIDE) 1600 $(PY) -m pytest -m long $(COMPUTING); computing=$$?; \
	   $(BESIDE) 1100 $(PY) -m pytest -m long $(BROWSING) && exit $$computing; } >var/test-long-beside.log 2>&1 & beside=$$!; \
	$(LONG_LIMIT) $(PY) -m pytest -m long $(addprefix --ignore=,$(COMPUTING) $(BROWSING)); code=$$?; \
	wait $$beside || code=1; cat var/test-long-beside.log; exit $$code

# What docs/phone_bar.md shows, taken again from real pages.
pictures: setup
	PICTURES=1 $(LONG_LIMIT) $(PY) -m pytest -q tests/web

coverage: setup
	$(PY) -m coverage erase
	$(QUICK_LIMIT) $(PY) -m coverage run --source=acd,config -m pytest -q tests/acd tests/config
	$(PY) -m coverage report --skip-covered --show-missing --fail-under=100

style: setup
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy --strict $(PACKAGES) tests bench

format: setup
	$(PY) -m ruff format .
	$(PY) -m ruff check --fix .

# Half an hour at most, stops by itself; what the fuzzer found lies in var/fuzz.
CALLS ?= 20000
SECONDS ?= 600
soak: setup
	timeout --foreground --kill-after=20 1800 $(PY) -m tests.soak --calls $(CALLS) --fuzz-s $(SECONDS)

bench: setup
	@for name in $(BENCHES); do echo "== $$name"; $(PY) -m bench.$$name || exit 1; done

clean:
	rm -rf .venv var build *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage
