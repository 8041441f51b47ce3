# SPDX-License-Identifier: GPL-2.0-or-later
# Measurements and long tests that "make check" doesn't run; bench/README.md.
EXTRA_DIST += \
	bench/README.md \
	bench/contention.sh \
	bench/core.c \
	bench/core.sh \
	bench/debug-kernel.config \
	bench/debug-kernel.sh \
	bench/handler.sh \
	bench/hit.sh \
	bench/kernel.sh \
	bench/lib.sh \
	bench/memory.sh \
	bench/modules.sh \
	bench/run.sh \
	bench/start.sh \
	bench/stress.sh \
	bench/target_hit.c \
	bench/target_kernel.c \
	bench/target_threads.c \
	bench/translate.sh

.PHONY: bench bench-kernel debug-kernel stress
bench: all
	TOP_BUILDDIR=$(abs_top_builddir) sh $(srcdir)/bench/run.sh
bench-kernel: all
	TOP_BUILDDIR=$(abs_top_builddir) sh $(srcdir)/bench/kernel.sh
debug-kernel: all
	TOP_BUILDDIR=$(abs_top_builddir) sh $(srcdir)/bench/debug-kernel.sh
stress: all
	TOP_BUILDDIR=$(abs_top_builddir) sh $(srcdir)/bench/stress.sh
