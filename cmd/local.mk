# SPDX-License-Identifier: GPL-2.0-or-later
EXTRA_DIST += \
	cmd/main.c \
	cmd/options.c cmd/options.def cmd/options.h \
	cmd/paths.c cmd/paths.h \
	cmd/run.c cmd/run.h
