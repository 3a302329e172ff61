# SPDX-License-Identifier: MIT
#
# peal's build, complete by itself: `make` works on a bare checkout. ./configure
# is optional: it only writes config.mak.autogen, whose values replace the
# defaults below. Everything made here goes below $(BUILD); new source files
# are found by their folder.
#
#: make             the library (shared and static) and the peal command
#: make check       unit, python and cli
#: make unit        the unit tests (Check)
#: make python      the tests of the Python package (pytest; ARGS="-k ping" goes to it)
#: make cli         the tests of the peal command (the same)
#: make bench       the benchmarks
#: make soak        an hour of streaming, every frame accounted for (SOAK_SECONDS=3600)
#: make faults      faults of every kind: by the thousand, and in real time (FAULTS=1000)
#: make fuzz        sound files, commands, calls and names of any kind (FUZZ_SECONDS=30)
#: make lab         the tests on real kernel drivers, in an emulated machine
#: make lab-soak    1000 unplugs of each kind on each card there, and 200 suspends
#: make servers     the tests on PipeWire, PulseAudio and JACK
#: make examples    the C examples
#: make install     to PREFIX (/usr/local), below DESTDIR if given
#: make uninstall   the same files, away
#: make clean       remove the build folder
#:
#: PEAL_LONG=1      with unit: the conservation tests at 10^8
#: SANITIZE=address,undefined or SANITIZE=thread   in a build folder of its own
#: DEVELOPER=1      warnings are errors
#: SNDFILE_LIBS= SAMPLERATE_LIBS=                  as if those libraries were not there
#: V=1              show the commands
#: CC AR CPPFLAGS CFLAGS LDFLAGS LDLIBS PYTHON     yours; what the code needs is added

VERSION := 0.1.0

srcdir ?= .
-include config.mak.autogen

BUILD       ?= build
PREFIX      ?= /usr/local
prefix      ?= $(PREFIX)
exec_prefix ?= $(prefix)
bindir      ?= $(exec_prefix)/bin
libdir      ?= $(exec_prefix)/lib
includedir  ?= $(prefix)/include
CFLAGS      ?= -O2 -g
PKG_CONFIG  ?= pkg-config
INSTALL     ?= install
LDCONFIG    ?= ldconfig
CLANG       ?= clang
PYTHON      ?= /usr/bin/python3
# Where `import peal` of that Python looks; asked of it when it is needed.
PYTHONDIR   ?= $(shell $(PYTHON) $(srcdir)/scripts/python-dir $(prefix))
package_dir = $(or $(PYTHONDIR),$(error $(PYTHON) cannot be asked: set PYTHONDIR))/peal

comma := ,
# A sanitized build lives in a folder of its own, beside the plain one.
O := $(BUILD)$(if $(SANITIZE),/san-$(subst $(comma),-,$(SANITIZE)))
# make V=1 shows the commands.
Q := $(if $(V),,@)
say = $(if $(V),,@printf '  %-7s %s\n' $1 $(2:$(srcdir)/%=%))

ifeq ($(origin AR),default)
AR := $(shell $(CC) -print-prog-name=ar)
endif

# What configure did not settle, pkg-config does. $(call package,NAME,module)
define package
ifeq ($$(origin $1_LIBS),undefined)
$1_CFLAGS := $$(shell $(PKG_CONFIG) --cflags $2 2>/dev/null)
$1_LIBS := $$(shell $(PKG_CONFIG) --libs $2 2>/dev/null)
endif
endef
$(eval $(call package,ALSA,alsa))
$(eval $(call package,URCU,liburcu-bp))
$(eval $(call package,CHECK,check))
$(eval $(call package,SNDFILE,sndfile))
$(eval $(call package,SAMPLERATE,samplerate))
# $(call need,NAME,what it is): stop with a sentence and not inside a C file
need = $(if $(strip $($1_LIBS)),,$(error $2 is not installed: try scripts/install build test))

# ---- flags

warn_flags := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wconversion \
	$(if $(DEVELOPER),-Werror)

ifdef SANITIZE
hard_flags := -fsanitize=$(SANITIZE) -fno-sanitize-recover=all -fno-omit-frame-pointer
hard_ldflags := -fsanitize=$(SANITIZE)
else
optimised := $(filter -Og -O1 -O2 -O3 -Os -Ofast,$(CFLAGS))
fortified := $(findstring _FORTIFY_SOURCE,$(CPPFLAGS) $(CFLAGS))
hard_flags := -fstack-protector-strong \
	$(if $(optimised),$(if $(fortified),,-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2)) \
	$(if $(findstring 86,$(shell $(CC) -dumpmachine)),-fcf-protection)
hard_ldflags := -Wl,-z,relro -Wl,-z,now
# A sanitizer's own symbols are found at run time only.
lib_ldflags := -Wl,--no-undefined
endif
# nodelete: a thread that is stuck inside a device must not lose its code.
lib_ldflags += -shared -Wl,-soname,libpeal.so.0 -Wl,--version-script=$(srcdir)/src/peal.map \
	-Wl,-z,nodelete

code_flags = -std=gnu11 -D_GNU_SOURCE -pthread -I$(srcdir)/include $(part_flags) \
	$(warn_flags) $(hard_flags) $(CPPFLAGS) $(CFLAGS) $(loop_flags)
link_flags = -pthread $(hard_ldflags) $(CFLAGS) $(LDFLAGS) -Wl,--as-needed

# What peal can do without: each is known to a file or two, which have a *_none.c.
present = $(if $(strip $($1_LIBS)),$2)
optional = $(call present,$1,-DHAVE_$1 $($1_CFLAGS))
optional_flags := $(call optional,SNDFILE) $(call optional,SAMPLERATE)
optional_modules := $(strip $(call present,SNDFILE,sndfile) $(call present,SAMPLERATE,samplerate))

# What a part of the tree is compiled with beside that. An example and the soak
# see what a user's program sees: the public headers alone.
src_flags := -I$(srcdir)/src $(ALSA_CFLAGS) $(URCU_CFLAGS) $(optional_flags)
lib_flags := $(src_flags) -fPIC -DPIC -fvisibility=hidden
cli_flags := -I$(srcdir)/src $(call optional,SNDFILE)
$O/obj/src/%: private part_flags = $(lib_flags)
$O/obj/src/cli/%: private part_flags = $(cli_flags)
$O/obj/src/examples/%: private part_flags =
$O/obj/tests/soak/%: private part_flags =
$O/obj/tests/%: private part_flags = $(src_flags) $(CHECK_CFLAGS)
$O/obj/tests/faults/%: private part_flags = $(src_flags) $(CHECK_CFLAGS) -I$(srcdir)/tests/unit

# The mixer's loops, and the benchmark's floor beside them. -O3 is where gcc
# vectorises them: in place of -O2, but not of what else a user asked for. And a
# frame comes out the same wherever a block is cut, so multiplications and
# additions are contracted into one nowhere.
mixer_loops := $(if $(filter -O2,$(lastword $(filter -O%,$(CFLAGS)))),-O3) -ffp-contract=off
$(addprefix $O/obj/,$(addprefix src/rt/,voice.o bus.o mixer.o) tests/bench/bench_voices.o): \
	private loop_flags = $(mixer_loops)

# ---- files

sources = $(wildcard $(addsuffix /*.c,$(addprefix $(srcdir)/,$1)))
objects = $(patsubst $(srcdir)/%.c,$O/obj/%.o,$(call sources,$1))
# A folder of programs: $2*.c are a program each, the other files support them.
programs = $(patsubst $(srcdir)/%.c,$O/%,$(wildcard $(srcdir)/$1/$2*.c))
support = $(filter-out $O/obj/$1/$2%,$(call objects,$1))

lib_objects := $(call objects,src/rt src/shared src/control src/card)
cli_objects := $(call objects,src/cli)
unit_support := $(call support,tests/unit,test_)
bench_support := $(call support,tests/bench,bench_)
unit_programs := $(call programs,tests/unit,test_)
bench_programs := $(call programs,tests/bench,bench_)
example_programs := $(call programs,src/examples,)
soak_program := $(call programs,tests/soak,)
faults_support := $(call support,tests/faults,faults_)
faults_programs := $(addprefix $O/tests/faults/faults_,virtual real)
fuzz_programs := $(patsubst $O/tests/%,$(BUILD)/%,$(call programs,tests/fuzz,fuzz_))
fuzz_objects := $(lib_objects:$O/obj/%=$(BUILD)/fuzz/obj/%)
fuzz_headers := $(wildcard $(srcdir)/include/peal/*.h $(srcdir)/src/*/*.h $(srcdir)/tests/fuzz/*.h)
python_files := $(wildcard $(srcdir)/ctypes/peal/*.py) $(srcdir)/ctypes/peal/py.typed

# ---- targets

.PHONY: all lib programs check unit python cli bench soak faults fuzz lab lab-soak servers examples \
	install uninstall clean help FORCE
.DELETE_ON_ERROR:
.SUFFIXES:
# Objects are made by chains of pattern rules; they are worth keeping.
.SECONDARY:

all: lib $O/peal
lib: $O/libpeal.so $O/libpeal.a
programs: $(unit_programs) $(bench_programs) $(example_programs) $(soak_program)

define compile
$(call say,CC,$<)
@mkdir -p $(@D)
$Q$(CC) $(code_flags) -MMD -MP -c -o $@ $<
endef
define link
$(call say,LINK,$@)
@mkdir -p $(@D)
$Q$(CC) $(link_flags) $1 -o $@ $(filter %.o,$^) $2 $(LDLIBS)
endef
lib_libs := $(ALSA_LIBS) $(URCU_LIBS) $(SNDFILE_LIBS) $(SAMPLERATE_LIBS) -lm
cli_libs := -L$O -lpeal $(SNDFILE_LIBS) -lm

$O/obj/%.o: $(srcdir)/%.c $O/flags
	$(call compile)

# What an output depends on beside its files. Each is written anew only when it
# says something else, so that other flags, or a file that is gone, rebuild.
$O/flags: private text = $(call need,ALSA,libasound)$(CC) $(code_flags) $(lib_flags) $(cli_flags) \
	$(mixer_loops) $(CHECK_CFLAGS) $(link_flags) $(lib_ldflags) $(lib_libs) $(SNDFILE_LIBS) \
	$(CHECK_LIBS)
$O/files: private text = $(lib_objects) $(cli_objects) $(unit_support) $(bench_support)
$O/flags $O/files: FORCE
	@mkdir -p $(@D)
	@printf '%s\n' '$(subst ','\'',$(text))' >$@.new
	@if cmp -s $@.new $@; then rm $@.new; else mv $@.new $@; fi

$O/libpeal.so.0: $(lib_objects) $(srcdir)/src/peal.map $O/flags $O/files
	$(call link,$(lib_ldflags),$(lib_libs))
$O/libpeal.so: $O/libpeal.so.0
	$Qln -sf $(<F) $@
$O/libpeal.a: $(lib_objects) $O/files
	$(call say,AR,$@)
	$Qrm -f $@ && $(AR) rcs $@ $(lib_objects)

# Built, the command finds the library beside it; installed, where ld.so does.
$O/peal: $(cli_objects) $O/libpeal.so $O/flags $O/files
	$(call link,-Wl$(comma)-rpath$(comma)'$$ORIGIN',$(cli_libs))
$O/install/peal: $(cli_objects) $O/libpeal.so $O/flags $O/files
	$(call link,,$(cli_libs))
$O/install/peal.pc: $(srcdir)/src/peal.pc.in FORCE
	@mkdir -p $(@D)
	$Qsed -e 's|@prefix@|$(prefix)|' -e 's|@libdir@|$(libdir)|' \
		-e 's|@includedir@|$(includedir)|' -e 's|@VERSION@|$(VERSION)|' \
		-e 's|@optional@|$(optional_modules)|' $< >$@

# Tests and benchmarks reach inside, by way of the static library.
$(unit_programs): $O/%: $O/obj/%.o $(unit_support) $O/libpeal.a $O/flags $O/files
	$(call need,CHECK,check)
	$(call link,,$O/libpeal.a $(lib_libs) $(CHECK_LIBS))
$(faults_programs): $O/%: $O/obj/%.o $(faults_support) $(unit_support) $O/libpeal.a $O/flags \
		$O/files
	$(call need,CHECK,check)
	$(call link,,$O/libpeal.a $(lib_libs) $(CHECK_LIBS))
$(bench_programs): $O/%: $O/obj/%.o $(bench_support) $O/libpeal.a $O/flags $O/files
	$(call link,,$O/libpeal.a $(lib_libs) -ldl)
$(example_programs) $(soak_program): $O/%: $O/obj/%.o $O/libpeal.so $O/flags
	$(call link,-Wl$(comma)-rpath$(comma)'$$ORIGIN/../..',-L$O -lpeal -lm)

# By clang, and the library once more, which tells the fuzzer where it goes.
fuzz_flags = -g -O1 -fsanitize=address,undefined -fno-sanitize-recover=all
$(BUILD)/fuzz/obj/%.o: $(srcdir)/%.c $(fuzz_headers) $O/flags
	$(call say,CLANG,$<)
	@mkdir -p $(@D)
	$Q$(CLANG) $(fuzz_flags) -fsanitize=fuzzer-no-link -std=gnu11 -D_GNU_SOURCE -pthread \
		-I$(srcdir)/include $(src_flags) -c -o $@ $<
$(fuzz_programs): $(BUILD)/fuzz/%: $(BUILD)/fuzz/obj/tests/fuzz/%.o $(fuzz_objects) $O/files
	$(call say,LINK,$@)
	$Q$(CLANG) $(fuzz_flags) -fsanitize=fuzzer -pthread -o $@ $(filter %.o,$^) $(lib_libs)

examples: $(example_programs)
lab:
	$Q$(srcdir)/scripts/lab $(ARGS)
lab-soak:
	$Q$(srcdir)/scripts/lab --only return --times 1000 --timeout 36000
	$Q$(srcdir)/scripts/lab --only suspend --times 1000 --timeout 36000
servers:
	$Q$(srcdir)/scripts/servers $(ARGS)
check: unit python cli

# RUN: what runs a program of the target machine (scripts/cross sets it).
export RUN SANITIZE CC CLANG SOAK_SECONDS FUZZ_SECONDS FAULTS FAULTS_REAL
unit: $(unit_programs)
	$Q$(srcdir)/scripts/run-tests $(unit_programs)
python: all
	$Q$(srcdir)/scripts/run-pytest $O $(PYTHON) python $(ARGS)
cli: all
	$Q$(srcdir)/scripts/run-pytest $O $(PYTHON) cli $(ARGS)
ifneq ($(filter check,$(MAKECMDGOALS)),)
# One after the other, so that their reports do not mix.
python: | unit
cli: | python
endif
soak: $(soak_program)
	$Q$(RUN) $(soak_program)
faults: $(faults_programs)
	$Qfor program in $(faults_programs); do $(RUN) $$program || exit; done
fuzz:
	+$Q$(srcdir)/scripts/fuzz $(BUILD)
bench: $(bench_programs) lib
	$Q$(srcdir)/scripts/run-bench $O $(PYTHON) $(bench_programs)

# ld.so's cache; without root there is none to write, and the library is found otherwise.
refresh = $(LDCONFIG) || echo 'ldconfig failed: set LD_LIBRARY_PATH to $(libdir), or run it as root'
install: all $O/install/peal $O/install/peal.pc
	$(INSTALL) -d $(addprefix $(DESTDIR),$(bindir) $(libdir)/pkgconfig $(includedir)/peal \
		$(package_dir))
	$(INSTALL) -m 755 $O/install/peal $(DESTDIR)$(bindir)/
	$(INSTALL) -m 755 $O/libpeal.so.0 $(DESTDIR)$(libdir)/
	ln -sf libpeal.so.0 $(DESTDIR)$(libdir)/libpeal.so
	$(INSTALL) -m 644 $O/libpeal.a $(DESTDIR)$(libdir)/
	$(INSTALL) -m 644 $O/install/peal.pc $(DESTDIR)$(libdir)/pkgconfig/
	$(INSTALL) -m 644 $(srcdir)/include/peal.h $(DESTDIR)$(includedir)/
	$(INSTALL) -m 644 $(wildcard $(srcdir)/include/peal/*.h) $(DESTDIR)$(includedir)/peal/
	$(INSTALL) -m 644 $(python_files) $(DESTDIR)$(package_dir)/
	$(if $(DESTDIR),,$(refresh))

uninstall:
	rm -f $(DESTDIR)$(bindir)/peal $(addprefix $(DESTDIR)$(libdir)/,libpeal.so.0 \
		libpeal.so libpeal.a pkgconfig/peal.pc) $(DESTDIR)$(includedir)/peal.h
	rm -rf $(DESTDIR)$(includedir)/peal $(DESTDIR)$(package_dir)
	$(if $(DESTDIR),,$(refresh))

clean:
	rm -rf $(BUILD)

help:
	@sed -n 's/^#: \{0,1\}//p' $(srcdir)/Makefile

-include $(patsubst %.o,%.d,$(lib_objects) $(cli_objects) $(call objects,tests/unit \
	tests/bench tests/soak tests/faults src/examples))

# The virtual card for other programs: an ALSA plugin (src/plugin/pcm_peal.c says
# how to name it), of the same sources.
#: make plugin      the virtual card, with its faults, as an ALSA plugin
plugin_objects := $(call objects,src/plugin src/card) $O/obj/src/shared/doorbell.o
$O/obj/src/plugin/%: private part_flags = $(lib_flags)
.PHONY: plugin
plugin: $O/libasound_module_pcm_peal.so
cli: plugin
$O/libasound_module_pcm_peal.so: $(plugin_objects) $O/flags $O/files
	$(call link,-shared $(filter -Wl$(comma)--no-undefined,$(lib_ldflags)),$(ALSA_LIBS))
-include $(plugin_objects:%.o=%.d)

# What the audio thread does, proven: its cycles are wrapped by the linker, so
# that a release has nothing of it. An emulator or a sanitizer would be watched
# instead of the thread.
#: make proof       that the audio thread makes no system call but its own, allocates
#:                  nothing, locks nothing (PROOF_SECONDS=60 PROOF_PERIODS=10000000 PROOF_QUICK=1)
proof_support := $(call support,tests/proof,proof_)
proof_program := $O/tests/proof/proof_audio_thread
rtsan_program := $O/tests/proof/proof_rtsan
# RealtimeSanitizer's runtime, of clang 19 or later; any compiler can link it
machine = $(firstword $(subst -, ,$(shell $(CC) -dumpmachine)))
RTSAN := $(lastword $(sort $(wildcard \
	/usr/lib/llvm-*/lib/clang/*/lib/linux/libclang_rt.rtsan-$(machine).a)))
.PHONY: proof
ifdef SANITIZE
proof:
	@echo 'skipped: a sanitizer makes calls of its own on the thread'
else
proof: $(proof_program) $(if $(RTSAN),$(rtsan_program))
	$Q$(RUN) $(proof_program) || [ $$? = 77 ]
	$Q$(if $(RTSAN),$(RUN) $(rtsan_program) || [ $$? = 77 ],\
		echo 'skipped: RealtimeSanitizer: libclang-rt-19-dev is not installed')
	$Q$(srcdir)/scripts/check-closure
	$Q$(srcdir)/scripts/check-closure --counter-proof
endif
$(proof_program): $O/%: $O/obj/%.o $(proof_support) $O/libpeal.a $O/flags $O/files
	$(call link,-Wl$(comma)--wrap=cycle,$O/libpeal.a $(lib_libs) -ldl)
$(rtsan_program): $O/%: $O/obj/%.o $(filter-out %/calls.o,$(proof_support)) $O/libpeal.a $O/flags \
		$O/files
	$(call link,-Wl$(comma)--wrap=cycle,-Wl$(comma)--whole-archive $(RTSAN) \
		-Wl$(comma)--no-whole-archive $O/libpeal.a $(lib_libs) -ldl)
export PROOF_SECONDS PROOF_PERIODS PROOF_QUICK PROOF_DEVICE
-include $(patsubst %.o,%.d,$(call objects,tests/proof))

# What replaces libc's and ALSA's functions in itself, and so needs the library
# apart: it is told by where a call comes from. (ThreadSanitizer calls some of them
# before it can be called itself.)
nth_programs := $(if $(filter thread,$(SANITIZE))$(RUN),,$(call programs,tests/nth,test_))
unit_programs += $(nth_programs)
unit: $(nth_programs)
$O/obj/tests/nth/%: private part_flags = $(src_flags) $(CHECK_CFLAGS) -I$(srcdir)/tests/unit
$(nth_programs): $O/%: $O/obj/%.o $(addprefix $O/obj/tests/unit/,support.o virtual_engine.o) \
		$O/libpeal.so $O/flags
	$(call need,CHECK,check)
	$(call link,-Wl$(comma)-rpath$(comma)'$$ORIGIN/../..',-L$O -lpeal $(ALSA_LIBS) $(CHECK_LIBS))
-include $(nth_programs:$O/%=$O/obj/%.d)
