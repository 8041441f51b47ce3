# SPDX-License-Identifier: GPL-2.0-or-later
# A fuzz target is one file; with replay.c it runs a corpus ("make check"), with libFuzzer,
# which clang has, it makes inputs of its own: "make fuzz", FUZZ_SECONDS for each target, in
# the build directory fuzz/, which stays for the next time.
check_PROGRAMS += \
	testsuite/tapster.fuzz/replay_parse \
	testsuite/tapster.fuzz/replay_translate
EXTRA_PROGRAMS += \
	testsuite/tapster.fuzz/fuzz_parse \
	testsuite/tapster.fuzz/fuzz_translate

FUZZ_REPLAY = testsuite/tapster.fuzz/fuzz.h testsuite/tapster.fuzz/replay.c
testsuite_tapster_fuzz_replay_parse_SOURCES = testsuite/tapster.fuzz/fuzz_parse.c $(FUZZ_REPLAY)
testsuite_tapster_fuzz_replay_translate_SOURCES = testsuite/tapster.fuzz/fuzz_translate.c $(FUZZ_REPLAY)
testsuite_tapster_fuzz_replay_translate_CPPFLAGS = $(AM_CPPFLAGS) $(PATH_CPPFLAGS)

FUZZ_FLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
testsuite_tapster_fuzz_fuzz_parse_SOURCES = testsuite/tapster.fuzz/fuzz_parse.c testsuite/tapster.fuzz/fuzz.h
testsuite_tapster_fuzz_fuzz_parse_LDFLAGS = $(FUZZ_FLAGS)
testsuite_tapster_fuzz_fuzz_translate_SOURCES = testsuite/tapster.fuzz/fuzz_translate.c testsuite/tapster.fuzz/fuzz.h
testsuite_tapster_fuzz_fuzz_translate_CPPFLAGS = $(AM_CPPFLAGS) $(PATH_CPPFLAGS)
testsuite_tapster_fuzz_fuzz_translate_LDFLAGS = $(FUZZ_FLAGS)

FUZZ_SECONDS = 60
fuzz:
	$(MKDIR_P) fuzz
	test -f fuzz/Makefile || (cd fuzz && $(abs_top_srcdir)/configure CC=clang --enable-sanitize=fuzzer)
	$(MAKE) -C fuzz $(BUILT_SOURCES)
	$(MAKE) -C fuzz testsuite/tapster.fuzz/fuzz_parse testsuite/tapster.fuzz/fuzz_translate
	$(srcdir)/testsuite/tapster.fuzz/fuzz.sh fuzz $(FUZZ_SECONDS)
.PHONY: fuzz

distclean-local: fuzz-distclean
fuzz-distclean:
	rm -rf fuzz
.PHONY: fuzz-distclean
