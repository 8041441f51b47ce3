# SPDX-License-Identifier: GPL-2.0-or-later
# The folders below append to this list in their own local.mk.
noinst_LIBRARIES += libtranslator.a
libtranslator_a_SOURCES = \
	translator/access.h \
	translator/autocast.c \
	translator/build.c translator/build_int.h \
	translator/build_kernel.c \
	translator/cache.c translator/cache.h \
	translator/check.c \
	translator/choose.c translator/choose.h \
	translator/dump.c translator/dump.h \
	translator/effects.c translator/effects.h \
	translator/expand.c translator/expand.h \
	translator/fold.c translator/fold.h \
	translator/hold.c translator/hold.h \
	translator/infer.c \
	translator/kernel_functions.c translator/kernel_functions.h \
	translator/late.c \
	translator/library.c translator/library.h \
	translator/list.c translator/list.h \
	translator/locks.c \
	translator/lookup.c translator/lookup.h \
	translator/lower.c translator/lower.h \
	translator/merge.c translator/merge.h \
	translator/messages.h \
	translator/near.c translator/near.h \
	translator/parse.c \
	translator/passes.c translator/passes.h \
	translator/placed.c translator/placed.h \
	translator/plan.c translator/plan.h \
	translator/symbols.c translator/symbols.h \
	translator/point.c translator/point.h translator/point_messages.h \
	translator/prune.c translator/prune.h \
	translator/regex.c translator/regex.h \
	translator/resolve.c translator/resolve_int.h translator/resolve_target.c \
	translator/session.c translator/session.h \
	translator/unread.c translator/unread.h \
	translator/uses.c translator/uses.h
