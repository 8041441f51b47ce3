# SPDX-License-Identifier: GPL-2.0-or-later
libtranslator_a_SOURCES += \
	translator/insn/insn.h \
	translator/insn/insn_int.h \
	translator/insn/x86_decode.c \
	translator/insn/x86_flow.c \
	translator/insn/x86_main.c \
	translator/insn/x86_plan.c \
	translator/insn/x86_query.c \
	translator/insn/x86_scan.c \
	translator/insn/x86_slot.c
