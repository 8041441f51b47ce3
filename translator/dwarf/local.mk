# SPDX-License-Identifier: GPL-2.0-or-later
libtranslator_a_SOURCES += \
	translator/dwarf/abi.c \
	translator/dwarf/absent.c \
	translator/dwarf/call.c \
	translator/dwarf/caller.c \
	translator/dwarf/cfi.c \
	translator/dwarf/debug.c \
	translator/dwarf/dw.h \
	translator/dwarf/dw_int.h \
	translator/dwarf/func.c \
	translator/dwarf/line.c \
	translator/dwarf/line_rows.c \
	translator/dwarf/line_int.h \
	translator/dwarf/loc.c \
	translator/dwarf/mark.c \
	translator/dwarf/mention.c \
	translator/dwarf/needed.c \
	translator/dwarf/open.c \
	translator/dwarf/plt.c \
	translator/dwarf/pointer.c \
	translator/dwarf/pretty.c \
	translator/dwarf/qualify.c \
	translator/dwarf/scope.c \
	translator/dwarf/statement.c \
	translator/dwarf/symbol.c \
	translator/dwarf/symbol_table.c \
	translator/dwarf/tls.c \
	translator/dwarf/type.c \
	translator/dwarf/unit.c \
	translator/dwarf/unwind.c \
	translator/dwarf/var.c \
	translator/dwarf/walk.c \
	translator/dwarf/walk_int.h
