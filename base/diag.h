/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Diagnostics: what is wrong, where, and how to mend it.
 *
 * Messages come from a catalogue (a .def file or a header of macros): each has
 * a macro E_NAME that expands to an identifier and a format literal, so that
 * the C compiler checks the arguments and a test can name the message:
 *
 *	#define E_UNRESOLVED_FUNCTION "E_UNRESOLVED_FUNCTION", "unresolved function '%s'"
 *	diag_error(d, loc, E_UNRESOLVED_FUNCTION, name);
 *	diag_note(d, other, "type was first inferred here");
 *
 * They are collected, and printed in the order in which they were reported by
 * diag_flush, each in the shape of
 *
 *	semantic error: unresolved function 'foo' [E_UNRESOLVED_FUNCTION only with -vv]:
 *	        identifier 'foo' at script.stp:1:15
 *	        source: probe begin { foo() }
 *	                              ^
 *
 * diag knows nothing of files: whoever owns the sources gives a callback that
 * turns a location into text.
 */
#ifndef TAPSTER_BASE_DIAG_H
#define TAPSTER_BASE_DIAG_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/arena.h"

/* Where a token began.  FILE 0 is "nowhere".  8 bytes, passed by value. */
struct loc {
	uint32_t file;   /* index into the source table, from 1 */
	uint32_t offset; /* byte in that file's text */
};

enum diag_severity { DIAG_ERROR, DIAG_WARNING, DIAG_NOTE };

/* What diag needs to know of a location; filled in by the callback. */
struct diag_place {
	const char *file; /* name as the user gave it, "<input>" for -e */
	unsigned line;    /* from 1 */
	unsigned column;  /* from 1, in bytes */
	const char *text; /* the source line, not NUL-terminated ... */
	unsigned text_len;
	struct loc parent; /* expanded from here (macro use); file 0: none */
	const char *via;   /* "macro 'name'": what the expansion was; or NULL */
};
typedef void diag_locate_fn(void *sources, struct loc loc, struct diag_place *out);

struct diag {
	struct arena *arena;
	diag_locate_fn *locate;
	void *sources;
	const char *kind; /* "parse error", "semantic error": set by the pass runner */
	unsigned n_errors;
	unsigned n_warnings;
	unsigned max_errors;    /* after so many the rest is counted, not printed */
	bool no_warnings;       /* -w */
	bool warnings_as_errors; /* -W */
	int verbose;
	bool color;             /* for a terminal */
	struct diag_message *first, *last; /* private */
	struct diag_message *warned;       /* private: printed before */
};

void diag_init(struct diag *d, struct arena *a, diag_locate_fn *locate, void *sources);

void diag_error(struct diag *d, struct loc loc, const char *id, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
void diag_warning(struct diag *d, struct loc loc, const char *id, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
/* A note belongs to the last error or warning. LOC may be nowhere: a hint in words. */
void diag_note(struct diag *d, struct loc loc, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* An attempt that may fail without harm: what was reported after the mark is taken
 * back.  Nothing may have been flushed in between. */
struct diag_mark {
	struct diag_message *last;
	unsigned n_errors, n_warnings;
};
struct diag_mark diag_mark(const struct diag *d);
void diag_rollback(struct diag *d, struct diag_mark mark);

/* What was reported after the mark, taken back to be reported later, or never. */
struct diag_kept {
	struct diag_message *first;
	unsigned n_errors, n_warnings;
};
struct diag_kept diag_keep(struct diag *d, struct diag_mark mark);
void diag_report(struct diag *d, const struct diag_kept *kept);
/* Has the message ID been reported since the mark? */
bool diag_has_since(const struct diag *d, struct diag_mark mark, const char *id);

/* Prints what has been collected since the last flush. */
void diag_flush(struct diag *d, FILE *out);

/* "identifier 'foo'": the token at P, which has LEN bytes of its line left; in A. */
const char *diag_token(struct arena *a, const char *p, unsigned len);

/* The up to MAX candidates nearest to NAME by edit distance, nearest first, for
 * "(similar: a, b, c)"; returns how many were put into OUT. */
unsigned diag_similar(const char *name, const char *const *candidates, unsigned n,
		      const char **out, unsigned max);

#endif
