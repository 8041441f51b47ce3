# SPDX-License-Identifier: GPL-2.0-or-later
#
# "make check" builds the unit tests and runs everything with DejaGnu;
# "make check RUNTESTFLAGS=parse.exp=NAME.stp" runs one case;
# "make refresh-golden" writes the expected outputs anew, to be reviewed as a diff.
DEJATOOL = tapster
AM_RUNTESTFLAGS = --srcdir $(abs_top_srcdir)/testsuite --outdir testsuite

# A unit test is one .c file of that name; it is linked with all of the compiler.
LDADD = $(COMPILER_LIBS)
check_PROGRAMS += \
	testsuite/tapster.dwarf/dwprobe \
	testsuite/tapster.unit/arena \
	testsuite/tapster.unit/buf \
	testsuite/tapster.unit/cache \
	testsuite/tapster.unit/diag \
	testsuite/tapster.unit/dwarf \
	testsuite/tapster.unit/insn_functions \
	testsuite/tapster.unit/insn_main \
	testsuite/tapster.unit/insn_plan \
	testsuite/tapster.unit/insn_slot \
	testsuite/tapster.unit/intern \
	testsuite/tapster.unit/map \
	testsuite/tapster.unit/parse \
	testsuite/tapster.unit/regex \
	testsuite/tapster.unit/rt_context \
	testsuite/tapster.unit/rt_float \
	testsuite/tapster.unit/rt_format \
	testsuite/tapster.unit/rt_map \
	testsuite/tapster.unit/rt_stat \
	testsuite/tapster.unit/rt_string \
	testsuite/tapster.unit/sys \
	testsuite/tapster.unit/unwind \
	testsuite/tapster.unit/user_image \
	testsuite/tapster.unit/user_ledger \
	testsuite/tapster.unit/user_maps \
	testsuite/tapster.unit/user_remote

testsuite_tapster_unit_regex_SOURCES = testsuite/tapster.unit/regex.c runtime/core/regex.c

# Those named rt_* test runtime/core/ in an ordinary program, with the sanitizers.
RT_HOST_CFLAGS = $(AM_CFLAGS) -fwrapv -fno-strict-aliasing -fsanitize=address,undefined \
	-fno-sanitize-recover=undefined
RT_HOST_LIBS = testsuite/tapster.unit/host/libcore.a -lpthread
check_LIBRARIES = testsuite/tapster.unit/host/libcore.a
testsuite_tapster_unit_host_libcore_a_SOURCES = \
	$(RT_HOSTED_SOURCES) \
	testsuite/tapster.unit/host/rt_host.c \
	testsuite/tapster.unit/host/rt_host.h
testsuite_tapster_unit_host_libcore_a_CFLAGS = $(RT_HOST_CFLAGS)
testsuite_tapster_unit_rt_context_CFLAGS = $(RT_HOST_CFLAGS)
testsuite_tapster_unit_rt_context_LDADD = $(RT_HOST_LIBS)
testsuite_tapster_unit_rt_float_CFLAGS = $(RT_HOST_CFLAGS)
testsuite_tapster_unit_rt_float_LDADD = $(RT_HOST_LIBS) -lm
testsuite_tapster_unit_rt_format_CFLAGS = $(RT_HOST_CFLAGS)
testsuite_tapster_unit_rt_format_LDADD = $(RT_HOST_LIBS)
testsuite_tapster_unit_rt_map_CFLAGS = $(RT_HOST_CFLAGS)
testsuite_tapster_unit_rt_map_LDADD = $(RT_HOST_LIBS)
testsuite_tapster_unit_rt_stat_CFLAGS = $(RT_HOST_CFLAGS)
testsuite_tapster_unit_rt_stat_LDADD = $(RT_HOST_LIBS)
testsuite_tapster_unit_rt_string_CFLAGS = $(RT_HOST_CFLAGS)
testsuite_tapster_unit_rt_string_LDADD = $(RT_HOST_LIBS)

check-local: $(bin_PROGRAMS)

# What SystemTap says of its own examples, for examples.exp; needs stap and the kernel's headers.
ORACLE_KERNEL = 6.1.0-56-amd64
refresh-verdicts:
	$(srcdir)/testsuite/tapster.examples/verdicts.sh $(ORACLE_KERNEL) >verdicts.new
	mv verdicts.new $(srcdir)/testsuite/tapster.examples/verdicts
.PHONY: refresh-verdicts
EXTRA_DIST += testsuite/oracle.sh testsuite/oracle.known

# The verdicts of the cases, and of the examples, beside those of the SystemTap that is installed.
ORACLE_CASES = parse expand resolve infer check fold run
oracle: all
	for folder in $(ORACLE_CASES); do ls $(abs_top_srcdir)/testsuite/tapster.$$folder/*.stp; done | \
		xargs $(srcdir)/testsuite/oracle.sh $(abs_builddir)/tapster $(ORACLE_KERNEL)
	if command -v stap >/dev/null; then \
		$(srcdir)/testsuite/tapster.examples/verdicts.sh $(ORACLE_KERNEL) >verdicts.now && \
		diff $(srcdir)/testsuite/tapster.examples/verdicts verdicts.now; fi
	$(MAKE) check RUNTESTFLAGS=examples.exp
.PHONY: oracle

# All of the testsuite, but for what needs virtual machines, with the compiler and the driver built with the
# sanitizers in the directory asan/.  Leaks count: every arena is freed at the end.
check-asan:
	$(MKDIR_P) asan
	test -f asan/Makefile || (cd asan && $(abs_top_srcdir)/configure --enable-sanitize)
	$(MAKE) -C asan all
	TAPSTER_KERNELS= $(MAKE) -C asan check RUNTESTFLAGS="$(RUNTESTFLAGS)"
.PHONY: check-asan

distclean-local: asan-distclean
asan-distclean:
	rm -rf asan
.PHONY: asan-distclean

refresh-golden: all
	$(MAKE) check RUNTESTFLAGS="--ignore unit.exp REFRESH=1 $(RUNTESTFLAGS)"
.PHONY: refresh-golden

# Of the source tree only, without what an in-place build leaves there.
dist-hook:
	cd $(srcdir) && find testsuite -name work -prune -o -name .deps -prune -o -type f \
		-name '?*.*' ! -name '*.o' ! -name '*.log' ! -name '*.sum' -print | \
	while read -r f; do \
		$(MKDIR_P) "$(abs_builddir)/$(distdir)/$${f%/*}" && \
		cp -p "$$f" "$(abs_builddir)/$(distdir)/$$f" || exit 1; done

distclean-local:
	rm -rf testsuite/work testsuite/tapster.log testsuite/tapster.sum
