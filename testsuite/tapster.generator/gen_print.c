/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What print and its forms are called with. */
#include "gen_int.h"

#include <string.h>

void format(struct gen *g, char types[32])
{
	static const char *const numbers[] = {
		"%d", "%d", "%i", "%u", "%x", "%X", "%o", "%5d", "%-5d|", "%05d", "%+d", "% d", "%#x", "%#X",
		"%#o", "%08x", "%.3d", "%8.4d", "%-8.3x|", "%p", "%20p", "%-20p|", "%ld", "%c", "%3c", "%-3c|",
		"%#c", "%600d", "%.511d", "%1b", "%2b", "%4b", "%8b", "%b", "%020d", "%.0d", "%-+5d", "%#20x", "%020x",
	};
	static const char *const strings[] = {
		"%s", "%s", "%s", "%5s", "%-5s|", "%.2s", "%6.3s", "%-6.1s|", "%#s", "%#12s", "%.0s", "%511s", "%512s", "%-63s|", "%.64s", "%64s", "%100.99s",
	};
	static const char *const stars[] = { "%*d", "%.*d", "%*s", "%.*s", "%*.*s", "%*.*d", "%-*d|", "%*x" };
	static const char *const memory[] = { "%m", "%M", "%4m", "%2M", "%8M", "%.4m", "%20.2M", "%.0m", "%.*m", "%*.*M" };
	unsigned n = 0;

	put(g, "\"");
	for (unsigned parts = 1 + below(g, 5); parts; parts--) {
		if (one_in(g, 40)) {
			const char *star = PICK(g, memory);

			put(g, "%s", star);
			for (; *star; star++)
				if (*star == '*')
					types[n++] = '*';
			types[n++] = 'm';
			continue;
		}
		switch (below(g, 8)) {
		case 0:
			put(g, "%s", one_in(g, 2) ? "%%" : "text");
			break;
		case 1:
		case 2:
			put(g, "[%s]", PICK(g, strings));
			types[n++] = 's';
			break;
		case 3: {
			const char *star = PICK(g, stars);

			for (const char *s = star; *s; s++)
				if (*s == '*')
					types[n++] = '*';
			types[n++] = strchr(star, 's') ? 's' : 'n';
			put(g, "[%s]", star);
			break;
		}
		default: {
			const char *directive = PICK(g, numbers);

			if (!strcmp(directive, "%-+5d")) /* two flags: refused */
				directive = "%+5d";
			put(g, "[%s]", directive);
			types[n++] = 'n';
		}
		}
	}
	types[n] = '\0';
	put(g, "\"");
}

void format_arguments(struct gen *g, const char *types, unsigned depth)
{
	for (; *types; types++) {
		put(g, ", ");
		if (*types == '*') {
			put(g, "%d", one_in(g, 8) ? (int)below(g, 700) : (int)below(g, 24) - 8);
		} else if (*types == 'm') { /* where there is never any */
			put(g, "(");
			number(g, depth);
			put(g, ") & 4095");
		} else {
			value(g, *types, depth);
		}
	}
}

void values(struct gen *g, unsigned n, unsigned depth)
{
	for (unsigned i = 0; i < n; i++) {
		put(g, i ? ", " : "");
		value(g, "ns"[below(g, 2)], depth);
	}
}

void delimiter(struct gen *g)
{
	static const char *const texts[] = { "\", \"", "\"\"", "\"|\"", "\" and \\\\ \"", "\"%d\"" };

	put(g, "%s, ", PICK(g, texts));
}
