# SPDX-License-Identifier: GPL-2.0-or-later
libtranslator_a_SOURCES += \
	translator/probes/access_expr.c translator/probes/access_expr.h \
	translator/probes/begin_end.c \
	translator/probes/callee.c \
	translator/probes/function.c \
	translator/probes/header.c translator/probes/header.h \
	translator/probes/kernel.c \
	translator/probes/mark.c \
	translator/probes/missing.c \
	translator/probes/mark_operand.h translator/probes/mark_operand_x86.c \
	translator/probes/perf.c translator/probes/perf.h \
	translator/probes/pretty.c translator/probes/pretty.h \
	translator/probes/plt.c \
	translator/probes/process.c translator/probes/process.h translator/probes/process_int.h \
	translator/probes/procfs.c \
	translator/probes/program.c translator/probes/program.h \
	translator/probes/statement.c \
	translator/probes/syscall.c \
	translator/probes/target.c \
	translator/probes/timer.c
