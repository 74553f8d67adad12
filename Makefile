# Two commands for a newcomer: `make demo` and `make test`. Both set up .venv by themselves.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.PHONY: demo test check bench clean

$(STAMP): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Mien needs Python 3.11 or newer: make PYTHON=python3.12"; exit 1; }
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv $(VENV) || { echo "python3-venv is missing: apt-get install python3-venv"; exit 1; }
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet -e '.[dev]'
	@touch $@

demo: $(STAMP)
	$(BIN)/mien weights pull
	$(BIN)/mien speak --avatar astronaut --text-file docs/demo.txt --output demo.mp4 --overwrite --subtitles
	@echo
	@echo "demo.mp4 is ready. Next, with a picture of your own:"
	@echo "  $(BIN)/mien speak -a me.jpg -t \"Hello, nice to meet you.\" -o hello.mp4"
	@echo "  $(BIN)/mien speak -a me.jpg -t \"你好，很高兴认识你。\" -o nihao.mp4"

check: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/pyright

test: check
	$(BIN)/mien weights pull
	$(BIN)/pytest -n 2

bench: $(STAMP)
	$(BIN)/python -m benchmarks

clean:
	rm -rf $(VENV) demo.mp4 demo.srt
