/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "translator/near.h"

#include "base/diag.h"

enum { MAX_SIMILAR = 5 };

const char *near_list(struct arena *a, const char *what, const char *const *names, size_t n)
{
	const char *text = "";

	for (size_t i = 0; i < n; i++)
		text = arena_printf(a, "%s%s%s", text, i ? ", " : "", names[i]);
	return n ? arena_printf(a, " (%s: %s)", what, text) : "";
}

const char *near_similar(struct arena *a, const char *what, const char *name,
			 const char *const *names, size_t n)
{
	const char *near[MAX_SIMILAR];

	return near_list(a, what, near, diag_similar(name, names, (unsigned)n, near, MAX_SIMILAR));
}
