# Every command a developer needs. `make run` and `make test` work from a clean checkout; the rest builds on them.
#
# Python >= 3.11 and Node >= 20 must be there. Everything else is installed into .venv and web/node_modules, and for
# the tests (as root, through apt) Chromium, Firefox, PostgreSQL and coturn.

.DEFAULT_GOAL := help
.PHONY: help run test check bench fuzz setup web format types clean
MAKEFLAGS += --no-print-directory

BIN := .venv/bin
STAMPS := .stamps
WEB_SOURCES := $(shell find web -path web/node_modules -prune -o -type f -print 2>/dev/null)

help:  ## List these commands
	@sed -n 's/^\([a-z]*\):.*## /  make \1\t/p' Makefile | expand -t 16

run: setup web  ## Set everything up and serve with demo content
	@$(BIN)/convene serve --demo

test: setup web  ## All that CI checks
	@deploy/test-tools
	@$(MAKE) check
	@echo "── journeys in Chromium and Firefox, load and fuzz in short form"
	@$(BIN)/python -m pytest -m "browser or slow"

check: setup web  ## Formatting, linters, types, import contracts, unit tests of both sides (about two minutes)
	@echo "── formatting, linters and types"
	@$(BIN)/ruff format --check --quiet . && $(BIN)/ruff check --quiet .
	@$(BIN)/mypy
	@cd web && npm run --silent check
	@echo "── unit tests"
	@cd web && npm run --silent test
	@$(BIN)/python -m pytest -m "not browser and not slow" -n 2 --dist loadfile

bench: setup web  ## Measure; ONLY=sfu|sfu-peers|hub|join|network|register for one part; one JSON line per figure
	@$(BIN)/python -m tests.load $(if $(ONLY),--only $(ONLY))

fuzz: setup  ## Random bytes for the parsers, random histories for the seats; SECONDS=60 for each parser
	@$(BIN)/python -m tests.fuzz --seconds $(or $(SECONDS),60) --corpus .fuzz
	@$(BIN)/python -m pytest tests/fuzz --hypothesis-profile=long --timeout=0
	@$(BIN)/python -m pytest tests/server/test_promotion.py tests/server/test_book.py -k "histories and not postgresql" \
		--hypothesis-profile=long --timeout=0

format:  ## Format both sides
	@$(BIN)/ruff format --quiet . && $(BIN)/ruff check --quiet --fix .
	@cd web && npm run --silent format

types:  ## Regenerate what is made from the message classes (TypeScript types, protocol.md)
	@$(BIN)/python -m signalling.generate

clean:  ## Remove what was installed and built; data/ stays
	@rm -rf .venv $(STAMPS) web/node_modules server/web_dist

setup: $(STAMPS)/python $(STAMPS)/node
web: setup server/web_dist/index.html

$(STAMPS)/python: pyproject.toml setup.py constraints.txt $(wildcard media/core/*.[ch])
	@deploy/need-tools
	@echo "── installing Python packages into .venv (about a minute the first time)"
	@test -x $(BIN)/python || python3 -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev,postgres]'
	@mkdir -p $(STAMPS) && touch $@

$(STAMPS)/node: web/package.json web/package-lock.json
	@deploy/need-tools
	@echo "── installing web packages"
	@cd web && npm ci --silent --no-audit --no-fund
	@mkdir -p $(STAMPS) && touch $@

server/web_dist/index.html: $(STAMPS)/node $(WEB_SOURCES)
	@echo "── building the web client"
	@cd web && npm run --silent build -- --logLevel warn
	@touch $@
