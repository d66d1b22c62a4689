# `make demo` and `make test` set up all they need in .venv, from a fresh machine that has Python (3.11 or later), pip and make.
# Every path is relative, so the folder's own name may hold spaces.
PYTHON ?= python3
BIN := .venv/bin
PYTEST_ARGS ?=
# Says what comes, since pip is quiet while it works.
comma := ,
INSTALL = @echo "Installing $(1) into .venv with pip: $(2) .."; $(BIN)/python -m pip install --quiet --disable-pip-version-check

.PHONY: demo test lint types mypy basedpyright unit engine engines older older-world differential chaos fuzz mutated growth completion floats editor editor-peers soak freshness sigfpe neighbours throughput playground playground-test net contract stores mutants torch versions pyodide lowest docs docs-test bench bench-growth bench-smoke typing-peers clean

demo: .venv/demo.stamp
	$(BIN)/python -m tql_client demo

# The checks run one after the other while the tests run, some of which wait; `make lint types` are the checks alone.
test: .venv/bench.stamp
	@$(MAKE) --no-print-directory --jobs 2 unit lint mypy basedpyright bench-smoke

lint: .venv/test.stamp
	$(BIN)/python -m ruff format --check .
	$(BIN)/python -m ruff check .
	$(BIN)/lint-imports
	$(BIN)/validate-pyproject pyproject.toml
	rm -rf .venv/dist
	$(BIN)/python -m hatchling build -d .venv/dist
	$(BIN)/check-wheel-contents .venv/dist/*.whl
	$(BIN)/twine check --strict .venv/dist/*

types: mypy basedpyright

mypy: .venv/test.stamp
	$(BIN)/python -m mypy

basedpyright: .venv/test.stamp
	$(BIN)/python -m basedpyright --pythonpath $(BIN)/python

unit: .venv/test.stamp
	$(BIN)/python -m pytest -n 2 $(PYTEST_ARGS)

# 100,000 texts for the grammar, 20,000 texts of SQL and their 8,000 fixes against sqlite, 20,000 queries of every type, and 10,000 queries of one clause and 30,000 of the world for the builder, against the engine.
# Under "figures" it prints verdicts and positions, refusals found and false alarms, and differences from sqlite without a finding.
differential: .venv/test.stamp
	TQL_EXAMPLES=new TQL_TEXTS=100000 TQL_QUERIES=10000 TQL_WORLD=30000 $(BIN)/python -m pytest -n 2 tests/differential tests/tql tests/grammar/lint/test_sql_texts.py tests/grammar/lint/test_typed_texts.py

# 10,000 sequences of faults against the model of the client's policy, and 32 threads that call 1,000 times each.
chaos: .venv/test.stamp
	TQL_EXAMPLES=new TQL_CHAOS=10000 TQL_CALLS=1000 $(BIN)/python -m pytest -q tests/client/test_chaos.py tests/client/test_faults_of_use.py::test_threads

# 1,000,000 mutated answers through the client's decoder.
fuzz: .venv/test.stamp
	TQL_MUTATIONS=1000000 $(BIN)/python -m pytest -q -n 2 tests/client/test_decoder.py

# 200,000 mutated texts through check, validate, parse, format and fix: no other error than TqlError. About 15 minutes on one core.
mutated: .venv/test.stamp
	$(BIN)/python -m tests.grammar.mutated 200000

# The seconds that 1 MB of text takes, for 51 shapes of text: an operation that grows faster than the text fails.
growth: .venv/test.stamp
	$(BIN)/python -m tests.grammar.growth

# 20,000 pairs of a prefix of a query and a word: completion proposes the word exactly where the engine's parser takes it. About half a minute.
completion: .venv/test.stamp
	$(BIN)/python -m tests.grammar.completion.pairs 20000

# 2,000 random edits of a document for each unit of positions: the language server's diagnostics are those of `tql check`.
editor: .venv/test.stamp
	TQL_EDITS=2000 $(BIN)/python -m pytest -q tests/client/lsp

# From a change to its diagnostics, of `tql lsp` and of `sqruff lsp`, which checks SQL: the rows of docs/editors.md. sqruff has an environment of its own. About a minute.
editor-peers: .venv/test.stamp .venv/sqruff.stamp
	$(BIN)/python -m tests.client.lsp.peers .venv/sqruff/bin/sqruff

.venv/sqruff.stamp:
	@echo "Installing sqruff into .venv/sqruff with pip: a few seconds .."
	@$(PYTHON) -m venv .venv/sqruff
	@.venv/sqruff/bin/python -m pip install --quiet --disable-pip-version-check "sqruff>=0.44"
	@touch $@

# Every float32 is written and read as the engine reads it: 4,278,190,080 of them, ten minutes.
floats: .venv/test.stamp
	$(BIN)/python -m tests.tql.every_float

# Ten minutes of 32 threads and servers that fail now and then: memory, threads and files stay.
soak: .venv/test.stamp
	$(BIN)/python -m tests.client.soak 600

# Four readers for a minute while another process commits rows and columns, with the engine in process, in a child and served: every answer is a committed state, never older than the one before.
freshness: .venv/test.stamp
	$(BIN)/python -m tests.client.freshness 60

# What ends the engine's process with SIGFPE: 50 processes under load, and some that can open no file. About five minutes.
sigfpe: .venv/test.stamp
	$(BIN)/python -m tests.client.sigfpe 50

# Eight clients of `tql serve` while another one sends 200 queries that crash the engine and 50 that never end, without and with the checks of the server. About ten minutes.
neighbours: .venv/test.stamp
	$(BIN)/python -m tests.client.neighbours 200 50
	$(BIN)/python -m tests.client.neighbours 200 50 --unchecked

# `tql serve` at 8 and 64 connections, compared with the engine in one process. About two minutes.
throughput: .venv/test.stamp
	$(BIN)/python -m tests.client.throughput

# The page of `tql serve --ui`, from its sources, with Node: the same bytes each time.
playground: client/playground/node_modules/.stamp
	cd client/playground && npm run --silent types && npm run --silent build

# That the page in the package is the one of its sources, and the page in a headless Chromium, which has to be installed. About half a minute.
playground-test: .venv/test.stamp client/playground/node_modules/.stamp
	$(BIN)/python -m pytest -q tests/client/playground/page.py

client/playground/node_modules/.stamp: client/playground/package.json
	@echo "Installing CodeMirror, esbuild, TypeScript and axe-core into client/playground/node_modules with npm: about a minute .."
	@cd client/playground && npm install --silent --ignore-scripts
	@touch $@

# 24,000 random queries have the texts, and the refusals, that they had in COMMIT. About three minutes.
COMMIT ?= HEAD
net: .venv/test.stamp
	$(BIN)/python -m tests.tql.net $(COMMIT)

# The local server against its OpenAPI description. These tools have an environment of their own.
contract: .venv/test.stamp .venv/tools.stamp
	$(BIN)/python -m tests.client.contract .venv/tools/bin/schemathesis

# Changes in retry, tokens, decoding and errors, one at a time, in a copy: the tests have to notice them. About half an hour.
mutants: .venv/test.stamp .venv/tools.stamp
	sh tests/client/mutants.sh

.venv/tools.stamp:
	@echo "Installing schemathesis and cosmic-ray into .venv/tools with pip: about a minute .."
	@$(PYTHON) -m venv .venv/tools
	@.venv/tools/bin/python -m pip install --quiet --disable-pip-version-check "schemathesis>=4.30" "cosmic-ray>=8.4"
	@touch $@

# Vectors of torch, in an environment of its own, since torch is large.
torch: .venv/torch.stamp
	.venv/torch/bin/python -m tests.tql.torch_vectors

.venv/torch.stamp: pyproject.toml | .venv/bin/python
	@echo "Installing tql and torch into .venv/torch with pip: a few minutes .."
	@$(PYTHON) -m venv .venv/torch
	@.venv/torch/bin/python -m pip install --quiet --disable-pip-version-check --editable . "torch>=2.4"
	@touch $@

# The tests of the language, the builder and the checks with each Python that is found, each in an environment of its own.
# PYTHONS="/a/python3.12 python3.14" names others. Where the engine has no wheel for a Python, the tests of the language run that need none.
PYTHONS ?= $(foreach minor,11 12 13 14,$(shell command -v python3.$(minor)))
versions:
	@set -e; for python in $(PYTHONS); do sh tests/version.sh "$$python"; done

# The tests of t-strings under Python 3.14, which has them, as WebAssembly in Node. About half a minute.
# numpy, orjson and the engine have no wheel there, and these tests need none of them.
pyodide: .venv/pyodide/.stamp
	node tests/pyodide/run.mjs . .venv/pyodide tests/tql/test_templating.py tests/grammar/python/test_tstrings.py

.venv/pyodide/.stamp: tests/pyodide/requirements.txt | .venv/bin/python
	@echo "Installing Python 3.14 as WebAssembly into .venv/pyodide with npm, and pytest with pip: about a minute .."
	@rm -rf .venv/pyodide && npm install --silent --no-save --prefix .venv/pyodide "pyodide@^314.0.7"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --only-binary :all: --python-version 3.14 --platform any --target .venv/pyodide/python --requirement tests/pyodide/requirements.txt
	@touch $@

# Every claim about the engine on one version of it, in an environment of its own: `make engine VERSION=4.6.5`. Two to four minutes.
# The answers are kept in tests/engines/answers; `python -m tests.engines diff 4.7.0 4.7.1` says what changed between two versions.
engine: .venv/engine-$(VERSION)/.stamp
	PYTHONPATH=.:client:grammar .venv/engine-$(VERSION)/bin/python -m tests.engines measure

# The same for each of ENGINES, one after the other.
ENGINES ?= 4.7.4 4.7.3 4.7.2 4.7.1 4.7.0 4.6.5 4.5.10 4.5.1
engines:
	@set -e; for version in $(ENGINES); do $(MAKE) --no-print-directory engine VERSION=$$version; done

# What CI runs besides `make test`, on the oldest supported engine: the builder's queries and the rules have the answers that are kept. About a minute, and one more for the first time.
OLDEST ?= 4.7.0
older:
	@$(MAKE) --no-print-directory .venv/engine-$(OLDEST)/.stamp VERSION=$(OLDEST)
	PYTHONPATH=.:client:grammar .venv/engine-$(OLDEST)/bin/python -m tests.engines verify facts functions probes client rules

# 5,000 random queries of the world on the oldest supported engine: no wrong rows. Some minutes.
older-world:
	@$(MAKE) --no-print-directory .venv/engine-$(OLDEST)/.stamp VERSION=$(OLDEST)
	PYTHONPATH=.:client:grammar .venv/engine-$(OLDEST)/bin/python -m tests.tql.world.runner 3500 schema
	PYTHONPATH=.:client:grammar .venv/engine-$(OLDEST)/bin/python -m tests.tql.world.runner 1500 plain

.venv/engine-$(VERSION)/.stamp:
	@test -n "$(VERSION)" || { echo "Name the version of deeplake: make engine VERSION=4.6.5" >&2; exit 1; }
	@echo "Installing deeplake $(VERSION) into .venv/engine-$(VERSION) with pip: about a minute .."
	@mkdir -p .venv
	@$(PYTHON) -m venv .venv/engine-$(VERSION) || { $(PYTHON) -m venv --clear --without-pip .venv/engine-$(VERSION) && $(PYTHON) -m pip --quiet --python .venv/engine-$(VERSION)/bin/python install pip; }
	@.venv/engine-$(VERSION)/bin/python -m pip install --quiet --disable-pip-version-check numpy "lark>=1.2.1" "orjson>=3.10" "requests>=2.32.2" "urllib3>=2.6"
	@.venv/engine-$(VERSION)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps deeplake==$(VERSION)
	@touch $@

# Language, builder and client with the lowest versions that pyproject.toml declares, in an environment of their own. They have wheels for Python 3.11 only.
lowest: .venv/lowest.stamp
	.venv/lowest/bin/python -m pytest -n 2 -p no:cacheprovider $(LOWEST_ARGS) tests/grammar --ignore=tests/grammar/lint --ignore=tests/grammar/python tests/tql tests/client

# Old LlamaIndex warns under the newest pydantic, whose version is not ours to choose.
LOWEST_ARGS = -W "ignore:The 'validate_default' attribute"
LOWEST_EXTRAS = embedded cli lsp frames langchain llamaindex test

.venv/lowest.stamp: pyproject.toml tests/lowest.py
	$(PYTHON) -m venv --clear .venv/lowest || { $(PYTHON) -m venv --clear --without-pip .venv/lowest && $(PYTHON) -m pip --python .venv/lowest/bin/python install pip; }
	.venv/lowest/bin/python -P tests/lowest.py $(LOWEST_EXTRAS) > .venv/lowest/constraints.txt
	.venv/lowest/bin/python -m pip install --quiet --disable-pip-version-check --constraint .venv/lowest/constraints.txt --editable ".[test]"
	touch $@

# The datasets that langchain-deeplake and llama-index-vector-stores-deeplake write, for tests/client/test_stores.py; each package has an environment of its own.
stores: .venv/stores-langchain.stamp .venv/stores-llamaindex.stamp
	sh tests/client/stores/write.sh .venv

.venv/stores-langchain.stamp: STORE = "langchain-deeplake==0.1.0" "langchain<1" "deeplake==4.7.4"
.venv/stores-llamaindex.stamp: STORE = "llama-index-vector-stores-deeplake==0.6.0" "deeplake==4.7.4"
.venv/stores-%.stamp: | .venv/bin/python
	@echo 'Installing $(STORE) into .venv/stores-$* with pip: about a minute ..'
	@$(PYTHON) -m venv .venv/stores-$*
	@.venv/stores-$*/bin/python -m pip install --quiet --disable-pip-version-check $(STORE)
	@touch $@

# The documentation as HTML, in docs/_build; a warning is an error.
docs: .venv/docs.stamp
	$(BIN)/python -m sphinx -W --keep-going -b html docs docs/_build

# The built pages in a headless Chromium, which has to be installed: axe-core finds nothing, and no page is wider than a phone. About a minute.
docs-test: docs .venv/test.stamp client/playground/node_modules/.stamp
	$(BIN)/python -m pytest -q tests/docs/pages.py

.venv/docs.stamp: pyproject.toml | .venv/bin/python
	$(call INSTALL,Sphinx,a minute) --editable ".[docs]"
	@touch $@

# What composing, checking, starting and answers cost beside what people would use instead; exits with 1 where a target is missed.
bench: .venv/bench.stamp
	TQL_ROWS=1000000 $(BIN)/python -m tests.benchmarks --write docs

# Ten whole calls on 1,000 to 1,000,000 rows, beside the engine, as docs/growth.svg. About five minutes.
bench-growth: .venv/bench.stamp
	$(BIN)/python -m tests.benchmarks.growing --write docs

.venv/bench.stamp: pyproject.toml .venv/test.stamp
	$(call INSTALL,the peers of the benchmark,a few seconds) --editable ".[bench]"
	@touch $@

# The typed columns beside those of SQLAlchemy and LanceDB: how many of 60 wrong and 60 right expressions two checkers refuse. About a minute.
typing-peers: .venv/bench.stamp
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps "lancedb>=0.40"
	$(BIN)/python -m tests.typing.peers

# That each case of the benchmark runs and its ways agree; `make test` does it too.
bench-smoke: .venv/bench.stamp
	TQL_PAIRS=1 $(BIN)/python -m tests.benchmarks --smoke

clean:
	rm -rf .venv build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache

# Some systems ship Python without ensurepip: then pip, which is there, installs itself into the new environment.
.venv/bin/python:
	@echo "Making a virtual environment in .venv, with $$($(PYTHON) --version) .."
	@$(PYTHON) -m venv .venv || { $(PYTHON) -m venv --clear --without-pip .venv && $(PYTHON) -m pip --quiet --python .venv/bin/python install pip; }

.venv/demo.stamp: pyproject.toml | .venv/bin/python
	$(call INSTALL,tql and the engine,about a minute) --editable ".[embedded,cli]"
	@touch $@

.venv/test.stamp: pyproject.toml | .venv/bin/python
	$(call INSTALL,tql$(comma) the engine and what the tests need,a few minutes) --editable ".[test]"
	@touch $@ .venv/demo.stamp
