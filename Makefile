# Four commands on a fresh machine:
#     make dream                     a dream of a free photograph, in dreams/dream.png
#     make dream PHOTO=me.jpg        a dream of yours, in dreams/me-dream.png
#     make studio                    a page where you dream, in your browser
#     make live                      a dream that never ends, steered by whoever watches
#     make test                      the style checks, the types and the whole test suite
# A fifth measures it: make bench, beside other tools (make bench-gpu on a GPU); ARGS="step --quick" for parts of it.
# Everything is installed into .venv, the first time only. Options for the dream go into ARGS, as in
# make dream ARGS="--layer block4b --strength 0.7", those for pip into its own variables (PIP_EXTRA_INDEX_URL ...).

VENV := .venv
BENCH := .venv-bench
BIN := $(VENV)/bin
# Python compiles what it imports, and that is a small part of what is installed.
PIP_WORDS := install --disable-pip-version-check --no-compile -c constraints.txt
PIP := $(BIN)/python tools/pip_says.py $(PIP_WORDS)
# Whoever changes these wants reverie, and with it the native library, installed again.
SOURCES := pyproject.toml constraints.txt tests/requirements-nodeps.txt setup.py $(wildcard src/reverie/native/source/*)
JOBS ?= $(shell n=$$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2); [ $$n -gt 8 ] && n=8; echo $$n)
PHOTO ?=
ARGS ?=
export PHOTO

.PHONY: help dream studio live emoji test quick soak wheel bench bench-gpu docs docs-serve docs-tables gallery format clean

help:
	@sed -n '1,/^$$/s/^# \{0,1\}//p' Makefile
	@echo "While one works: make quick, style, types and the quick tests in a minute and a half."
	@echo "Also: make emoji (a network of your own), make bench, make soak, make wheel, make docs, make docs-serve, make docs-tables, make gallery, make format, make clean."

$(BIN)/python:
	@sh tools/venv.sh $(VENV)
	@sh tools/compiler.sh

$(BENCH)/bin/python:
	@sh tools/venv.sh $(BENCH)
	@sh tools/compiler.sh

$(VENV)/.dream: $(SOURCES) | $(BIN)/python
	@echo "Installing into $(VENV). This happens once; torch alone is 200 MB or more."
	@$(PIP) -e ".[samples]"
	@touch $@

$(VENV)/.studio: $(SOURCES) | $(BIN)/python
	@echo "Installing into $(VENV). This happens once; torch alone is 200 MB or more."
	@$(PIP) -e ".[samples,studio]"
	@touch $(VENV)/.dream $@

$(VENV)/.test: $(SOURCES) | $(BIN)/python
	@echo "Installing what the tests need into $(VENV)."
	@$(PIP) -e ".[test]"
	@$(PIP) --no-deps -r tests/requirements-nodeps.txt
	@sh tools/browser.sh
	@sh tools/typescript.sh $(VENV)
	@sh tools/ffmpeg.sh
	@sh tools/live_servers.sh
	@touch $(VENV)/.dream $(VENV)/.studio $@

$(BENCH)/.ready: $(SOURCES) benchmarks/requirements.txt | $(BENCH)/bin/python
	@echo "Installing reverie and the tools it is measured beside into $(BENCH): about 3 GB, once."
	@$(BENCH)/bin/python tools/pip_says.py $(PIP_WORDS) -e ".[samples,plots]"
	@sh tools/install_each.sh $(BENCH)/bin/python benchmarks/requirements.txt
	@touch $@

$(VENV)/.docs: $(SOURCES) | $(BIN)/python
	@$(PIP) -e ".[docs,samples]"
	@touch $(VENV)/.dream $@

dream: $(VENV)/.dream
	@mkdir -p dreams
	@photo=$$PHOTO; name=$${photo##*/}; out=dreams/$${name%.*}-dream.png; \
	case $$photo in "~/"*) photo=$$HOME/$${photo#"~/"};; esac; \
	if [ -z "$$photo" ]; then \
	    photo=dreams/chelsea.png; out=dreams/dream.png; $(BIN)/python tools/sample.py chelsea $$photo || exit 1; \
	fi; \
	$(BIN)/reverie dream "$$photo" -o "$$out" --overwrite $(ARGS) > /dev/null && echo "The dream is in $$out"

studio: $(VENV)/.studio
	@$(BIN)/reverie studio $(ARGS)

live: $(VENV)/.studio
	@$(BIN)/reverie live $(ARGS)

# A network of ten kinds of emoji, and what it dreams of them. The font and the list of emoji are Debian's.
EMOJI_FONT ?= /usr/share/fonts/truetype/noto/NotoColorEmoji.ttf
EMOJI_LIST ?= /usr/share/unicode/emoji/emoji-test.txt
emoji: $(VENV)/.dream
	@mkdir -p dreams/emoji
	@cd dreams/emoji && $(abspath $(BIN))/python $(abspath examples)/emoji.py $(EMOJI_FONT) $(EMOJI_LIST)
	@echo "The portraits are in dreams/emoji/emoji.png"

# One thread for each of several workers is faster than all threads in one. Modules are begun in conftest.py's order.
# Where a worker stands still and no test has failed, what is left is run by another one (tests/support/watch.py).
test: $(VENV)/.test
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache --no-logo
	PYTHONDONTWRITEBYTECODE= OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n $(JOBS) --dist loadscope --no-loadscope-reorder || \
	    { [ $$? -eq 86 ] && PYTHONDONTWRITEBYTECODE= OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 1 @.left-tests; }

# What answers while one works. Types are checked beside the tests, and what is said of them comes after. Python keeps
# what it compiles, whatever else it is told: compiling all tests anew takes as long as half of them.
quick: $(VENV)/.test
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	@said=$$(mktemp); $(BIN)/mypy > "$$said" 2>&1 & types=$$!; \
	PYTHONDONTWRITEBYTECODE= OMP_NUM_THREADS=1 $(BIN)/python -m pytest -q -m "not slow and not soak" \
	    -n $(JOBS) --dist loadscope --no-loadscope-reorder; \
	tests=$$?; wait $$types; types=$$?; echo "mypy:"; cat "$$said"; rm -f "$$said"; exit $$((tests + types))

soak: $(VENV)/.test
	$(BIN)/python -m pytest -m soak --timeout 7200 -o faulthandler_timeout=7260
	$(BIN)/python tools/native_check.py address thread

# What a release consists of, in dist/: the sources, and a wheel for this platform. See docs/release.md.
wheel: $(VENV)/.test
	$(BIN)/python tools/release.py dist

# On a machine that does nothing else. Figures, tables and the plot go into docs/.
bench: $(BENCH)/.ready
	$(BENCH)/bin/python -m benchmarks $(ARGS)

bench-gpu: $(BENCH)/.ready
	$(BENCH)/bin/python -m benchmarks gpu $(ARGS)

docs: $(VENV)/.docs
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

docs-serve: $(VENV)/.docs
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs serve

# What the program itself knows of settings, presets, examples and the library, written into the pages of docs/.
docs-tables: $(VENV)/.dream
	$(BIN)/python tools/docs_pages.py

# Every picture of the README and of docs/, made again by the tool itself.
gallery: $(VENV)/.dream
	$(BIN)/python tools/gallery.py

format: $(VENV)/.test
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:
	rm -rf $(VENV) $(BENCH) src/reverie/native/_library.* build dist site .mypy_cache .ruff_cache .pytest_cache .hypothesis src/*.egg-info
