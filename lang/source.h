/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The texts that a script is made of: files, -e arguments, the bodies of macros.
 * A location (struct loc of base/diag.h) is a text and a byte in it; line and
 * column are found when a message is printed.  A macro expansion is a text of
 * its own whose PARENT is the place of use, so messages can show the chain.
 */
#ifndef TAPSTER_LANG_SOURCE_H
#define TAPSTER_LANG_SOURCE_H

#include "base/arena.h"
#include "base/diag.h"

struct source {
	const char *name;  /* path as given; "<input>" for -e and standard input */
	const char *text;  /* NUL-terminated */
	uint32_t len;
	bool is_tapset;    /* came from the library: $-variables of user scripts etc. are judged by it */
	bool is_privileged; /* may hold embedded C without -g (tapsets) */
	struct loc parent; /* for a macro expansion: where it was used */
	const char *via;   /* for a macro expansion: "macro 'name'" */
	uint32_t base_offset; /* for a macro body: where the text lies in BASE_FILE */
	uint32_t base_file;
};

struct sources; /* table; index 0 is "nowhere" */

struct sources *sources_new(struct arena *a);
/* TEXT is kept, not copied.  Returns the index for struct loc. */
uint32_t sources_add(struct sources *t, const struct source *s);
const struct source *sources_get(const struct sources *t, uint32_t file);
/* A diag_locate_fn. */
void sources_locate(void *sources, struct loc loc, struct diag_place *out);

#endif
