# The face of the build; meson and ninja do the work.
#
#   make            build/tuttid, build/tutti, build/libtutti.{a,so}, build/examples/*
#   make demo       a fake Discord, tuttid and the echo bot, in one terminal
#   make test       unit tests and scenarios, with ASan and UBSan; TSan where threads are
#   make test-long  the same and what takes longer
#   make check      format, layers, headers alone, sizes, static analysis
#   make soak MINUTES=10   faults of every row under load, a judge, RELIABILITY.md
#   make bench      what an event costs, beside the bare cost, in one run
#   make install    under PREFIX (default /usr/local), DESTDIR honoured

PREFIX ?= /usr/local
NINJA  ?= ninja
SAN     = -Db_sanitize=address,undefined -Db_lundef=false -Doptimization=1

all: build/build.ninja
	@$(NINJA) -C build $(Q)

# What the demo and a bot of one's own need, without the tests: less than half of the steps.
PRODUCT = tuttid tutti libtutti.so.0 libtutti.a examples/echo

demo: needs build/build.ninja
	@$(NINJA) -C build $(Q) $(PRODUCT)
	@tools/demo

test: all build-asan/build.ninja build-tsan/build.ninja
	@$(NINJA) -C build-asan $(Q)
	@$(NINJA) -C build-tsan $(Q)
	@tools/test

test-long: all build-asan/build.ninja build-tsan/build.ninja
	@$(NINJA) -C build-asan $(Q)
	@$(NINJA) -C build-tsan $(Q)
	@tools/test --long

check: all
	@tools/check

MINUTES ?= 10
soak: all
	@tools/soak --minutes $(MINUTES) --write

bench: all
	@tools/bench

install: all
	@meson install -C build --no-rebuild $(if $(DESTDIR),--destdir $(abspath $(DESTDIR)))
	@[ -n "$(DESTDIR)" ] || ldconfig 2>/dev/null || true

clean:
	rm -rf build build-asan build-tsan

build/build.ninja: | packages
	@meson setup build --prefix=$(abspath $(PREFIX)) >build-setup.log || { cat build-setup.log; exit 1; }
	@rm -f build-setup.log

# clang here, gcc above: each compiler sees every file in every test run.
build-asan/build.ninja: | packages
	@CC=clang CXX=clang++ meson setup build-asan $(SAN) >/dev/null

build-tsan/build.ninja: | packages
	@CC=clang CXX=clang++ meson setup build-tsan -Db_sanitize=thread -Db_lundef=false >/dev/null

needs:
	@tools/need --install

packages:
	@tools/need

.PHONY: all demo test test-long check soak bench install clean packages needs
