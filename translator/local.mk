# SPDX-License-Identifier: GPL-2.0-or-later
# The folders below append to this list in their own local.mk.
noinst_LIBRARIES += libtranslator.a
libtranslator_a_SOURCES = \
	translator/access.h \
	translator/check.c \
	translator/fold.c \
	translator/infer.c \
	translator/messages.h \
	translator/passes.h \
	translator/point.h \
	translator/prune.c translator/prune.h \
	translator/session.h \
	translator/uses.c translator/uses.h
