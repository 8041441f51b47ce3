# SPDX-License-Identifier: GPL-2.0-or-later
# The folders below append to this list in their own local.mk.
noinst_LIBRARIES += libtranslator.a
libtranslator_a_SOURCES = \
	translator/access.h \
	translator/check.c \
	translator/dump.c translator/dump.h \
	translator/fold.c \
	translator/infer.c \
	translator/messages.h \
	translator/parse.c \
	translator/passes.c translator/passes.h \
	translator/point.h \
	translator/prune.c translator/prune.h \
	translator/session.c translator/session.h \
	translator/uses.c translator/uses.h
