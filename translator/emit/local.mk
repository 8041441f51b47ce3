# SPDX-License-Identifier: GPL-2.0-or-later
libtranslator_a_SOURCES += \
	translator/emit/access.c \
	translator/emit/dispatch.c \
	translator/emit/emit_int.h \
	translator/emit/expr.c \
	translator/emit/format.c \
	translator/emit/func.c \
	translator/emit/globals.c \
	translator/emit/look.c \
	translator/emit/map.c \
	translator/emit/module.c \
	translator/emit/names.c \
	translator/emit/out.c translator/emit/out.h \
	translator/emit/probe.c \
	translator/emit/regex.c \
	translator/emit/share.c \
	translator/emit/stat.c \
	translator/emit/stmt.c \
	translator/emit/symbols.c
