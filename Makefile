# Wavetile. `make help` lists the targets; everything that is built lands in build/.
MAKEFLAGS += --no-builtin-rules
.DEFAULT_GOAL := all
V ?= 0
Q := $(if $(filter 0,$(V)),@,)

# SAN=1: address and undefined-behaviour sanitizers; TSAN=1: thread sanitizer. Each has its own tree.
ifdef SAN
  B := build/san
  MODE := -O1 -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
else ifdef TSAN
  B := build/tsan
  MODE := -O1 -fsanitize=thread
else
  B := build
  MODE := -O2
endif

CC       ?= cc
PKGS     := libelf libdw libxxhash libcjson
# WERROR=1 for developers: a compiler newer than this project may warn of something new.
WARN     := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes $(if $(WERROR),-Werror)
CPPFLAGS += -Iinclude -Isrc -D_GNU_SOURCE $(shell pkg-config --cflags $(PKGS) 2>/dev/null)
CFLAGS   += -std=c17 -g $(MODE) $(WARN) -fPIC -fno-semantic-interposition -ffp-contract=off -fno-strict-aliasing -pthread
LDLIBS   += $(shell pkg-config --libs $(PKGS) 2>/dev/null || echo -lelf -ldw -lxxhash -lcjson) -ldl -lpthread -lm

SRC   := $(sort $(filter-out src/cli/% src/ttm/lib/% src/wse/lib/%,$(wildcard src/*/*.c src/*/*/*.c)))
OBJ   := $(SRC:%.c=$B/%.o)
TOOLS := $(patsubst src/cli/%.c,$B/bin/%,$(wildcard src/cli/*.c)) $(patsubst src/cli/%.sh,$B/bin/%,$(wildcard src/cli/*.sh))
TESTS := $(patsubst %.c,$B/%,$(wildcard tests/*/*_test.c))
BENCH := $(patsubst %.c,$B/%,$(wildcard bench/*.c))
EXAMPLES := $(patsubst examples/%.c,$B/examples/%,$(wildcard examples/*/*.c examples/*/*/*.c))
SHARED := $(shell find src/ttm/lib src/wse/lib data -type f 2>/dev/null)
LIB   := $B/lib/libwavetile.so
PYTHON := build/venv/bin/python3

all: deps $(LIB) $B/lib/libwavetile.a $(TOOLS) $B/share/.stamp $(EXAMPLES)

$B/%.o: %.c Makefile
	$Qmkdir -p $(@D)
	@echo "cc $<"
	$Q$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c $< -o $@

# Exactly the functions that include/*.h declares are exported.
$B/exports.map: $(wildcard include/*.h)
	$Qmkdir -p $(@D)
	$Q{ echo 'WAVETILE_0 { global:'; cat $^ | sed 's,//.*,,' | grep -oE '\b(wt|ttm|wse)_[a-z0-9_]+ *\(' | sed 's/ *(/;/' | sort -u; echo 'local: *; };'; } > $@

$(LIB).0: $(OBJ) $B/exports.map
	$Qmkdir -p $(@D)
	@echo "ld $@"
	$Q$(CC) $(CFLAGS) -shared -Wl,-soname,libwavetile.so.0 -Wl,--version-script=$B/exports.map $(OBJ) -o $@ $(LDLIBS)
$(LIB): $(LIB).0
	$Qln -sf libwavetile.so.0 $@
$B/lib/libwavetile.a: $(OBJ)
	$Qmkdir -p $(@D); rm -f $@; ar rcs $@ $^

$B/bin/%: $B/src/cli/%.o $B/lib/libwavetile.a
	$Qmkdir -p $(@D)
	$Q$(CC) $(CFLAGS) $< $B/lib/libwavetile.a -o $@ $(LDLIBS)
$B/bin/%: src/cli/%.sh
	$Qmkdir -p $(@D); cp $< $@; chmod +x $@
$B/tests/%.o: CPPFLAGS += -Itests
$B/tests/%: $B/tests/%.o $B/lib/libwavetile.a $B/share/.stamp
	$Qmkdir -p $(@D)
	$Q$(CC) $(CFLAGS) $< $B/lib/libwavetile.a -o $@ $(LDLIBS) -lcmocka
$B/bench/%: $B/bench/%.o $B/lib/libwavetile.a
	$Qmkdir -p $(@D)
	$Q$(CC) $(CFLAGS) $< $B/lib/libwavetile.a -o $@ $(LDLIBS)
# An example is a user's program: public headers, the shared library, nothing else.
$B/examples/%: examples/%.c $(LIB)
	$Qmkdir -p $(@D)
	$Q$(CC) -std=c17 -g $(MODE) -Wall -Wextra -Iinclude $< -o $@ -L$B/lib -lwavetile -Wl,-rpath,$(abspath $B/lib)

# What the library reads at run time, copied so that a build tree looks like an installation.
$B/share/.stamp: $(SHARED)
	$Qmkdir -p $B/share/wavetile/ttm $B/share/wavetile/wse
	$Qfor d in ttm wse; do rm -rf $B/share/wavetile/$$d/lib; if [ -d src/$$d/lib ]; then cp -r src/$$d/lib $B/share/wavetile/$$d/lib; fi; done
	$Qrm -rf $B/share/wavetile/data; if [ -d data ]; then cp -r data $B/share/wavetile/data; fi
	$Qtouch $@

deps:
	$Qsh tests/deps.sh build
venv: deps
	$Qsh tests/deps.sh venv

run: all venv
	$Qsh examples/run.sh $B
check: all venv $(filter $B/tests/$(T:tests/%=%)%,$(TESTS))
	$QWT_BUILD=$B WT_HARD=$(HARD) WT_TINY=$(TINY) $(PYTHON) tests/run.py $B $(T)
bless: all venv
	$QWT_BUILD=$B WT_BLESS=1 $(PYTHON) tests/run.py $B $(T)
docs: all
	$Qfor isa in rv32 pe; do $B/bin/wavetile isa $$isa > docs/isa/$$isa.md; done
bench: all venv $(BENCH)
	$Qfor b in $(BENCH); do echo "# $$b"; WT_BUILD=$B $$b || exit 1; done
PREFIX ?= /usr/local
install: all
	$Qsh tests/install.sh $B "$(abspath $(PREFIX))" "$(DESTDIR)"
fmt:
	$Qclang-format -i $(shell git ls-files '*.c' '*.h' | grep -v '^src/ttm/lib')
clean:
	$Qrm -rf build

help:
	@echo "all      the library, its tools and the examples, in build/"
	@echo "run      show both machines working (sets up what is missing)"
	@echo "check    prove it; T=tests/path runs a part, SAN=1 TSAN=1 HARD=1 TINY=1 are variants"
	@echo "bless    rewrite the expectations of tests, for review with git diff"
	@echo "bench    speed, as ratios to references measured in the same run"
	@echo "docs     regenerate docs/isa from the instruction tables"
	@echo "install  into PREFIX (default /usr/local)"
	@echo "fmt      clang-format on all C files"
	@echo "clean    remove build/"

.PHONY: all deps venv run check bless docs bench install fmt clean help
.SECONDARY:
-include $(shell find $B -name '*.d' -not -path 'build/*/venv/*' 2>/dev/null)
