/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The text writer: lines of C, indented by open braces, and the table of
 * strings that the tables of runtime/object.h point into.  The only place of
 * the compiler that knows how C text is laid out.
 */
#ifndef TAPSTER_TRANSLATOR_EMIT_OUT_H
#define TAPSTER_TRANSLATOR_EMIT_OUT_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/map.h"
#include "base/vec.h"

/*
 * A part is text of which another copy may be there already.  What stands between the marks of a hole, in
 * what is printed as a line, doesn't count when two parts are compared: names that each of them has.
 */
#define OUT_HOLE "\1"
#define OUT_HOLE_END "\2"

struct out_hole {
	size_t from, to; /* offsets in the text */
};

struct out {
	struct buf text;
	struct arena *arena;
	unsigned indent;
	unsigned line; /* number of the line that is written next, from 1 */
	struct buf strings; /* bytes of script_strings[] */
	struct map string_index; /* text -> offset + 1 */
	size_t part;          /* where the present part begins */
	unsigned part_line;
	VEC(struct out_hole) holes; /* of the present part */
};

void out_init(struct out *o, struct arena *a);
void out_fini(struct out *o);

/* One line at the current indentation.  An empty format is an empty line. */
void out(struct out *o, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* The same, one level further left: labels. */
void out_label(struct out *o, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* A line with " {" behind it (alone where FMT is empty), and everything after one level deeper. */
void out_open(struct out *o, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* An empty line, but not directly behind an open brace. */
void out_gap(struct out *o);
/* "}" and SUFFIX (";" or " while (0);" or "" ...). */
void out_close(struct out *o, const char *suffix);
/* "} else {" */
void out_else(struct out *o);
/* Text of the script, as it is, from LINE and COLUMN of FILE; then back to our own lines. */
void out_verbatim(struct out *o, const char *file, unsigned line, unsigned column,
		  const char *text, size_t len);

/* What is printed from now on is a part, until one of the two below is called. */
void out_part_begin(struct out *o);
/* Its text without that of the holes. */
void out_part_text(const struct out *o, struct buf *text);
/* Takes it back. */
void out_part_drop(struct out *o);

/* TEXT as a quoted C literal. */
const char *out_str_n(struct out *o, const char *text, size_t len);
const char *out_str(struct out *o, const char *text);

/* Offset of TEXT in script_strings[]; each text is there once.  NULL is "", at 0. */
uint32_t out_string_id(struct out *o, const char *text);
/* Defines script_strings[]. */
void out_strings(struct out *o);

#endif
