/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a fuzz target and what runs it agree on.  The target is one file with one
 * function, which libFuzzer calls with inputs of its own making ("make fuzz") and
 * replay.c with those of a corpus ("make check").  It ends the process by abort()
 * where something is wrong, prints what it likes, and keeps nothing between calls.
 */
#ifndef TAPSTER_TESTSUITE_FUZZ_H
#define TAPSTER_TESTSUITE_FUZZ_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
