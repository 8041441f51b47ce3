/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lang/type.h"

#include "base/log.h"

const char *type_name(enum type t)
{
	switch (t) {
	case TY_UNKNOWN:
		return "unknown";
	case TY_LONG:
		return "long";
	case TY_STRING:
		return "string";
	case TY_STAT:
		return "stats";
	case TY_VOID:
		return "void";
	case TY_ERROR:
		return "error";
	}
	BUG("type %d", (int)t);
}
