# SPDX-License-Identifier: GPL-2.0-or-later
libtranslator_a_SOURCES += \
	translator/kernel/kallsyms.c translator/kernel/kallsyms.h \
	translator/kernel/symbols.c translator/kernel/symbols.h \
	translator/kernel/tree.c translator/kernel/tree.h
