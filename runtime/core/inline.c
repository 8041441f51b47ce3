/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The functions of api.def that are inlined elsewhere, for scripts that are too large for that. */
#define RT_OUT_OF_LINE 2
#include "runtime/api.h"
