/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The walk from an object along ->member and [index] to a value: walk.c does
 * it, var.c begins it.
 */
#ifndef TAPSTER_TRANSLATOR_DWARF_WALK_INT_H
#define TAPSTER_TRANSLATOR_DWARF_WALK_INT_H

#include "translator/dwarf/dw_int.h"

typedef VEC(const char *) name_vec;

struct walk {
	struct loc_context c;
	struct dw_type type;
	bool in_memory;
	access_op_vec address;  /* IN_MEMORY */
	struct dw_place place;  /* else: the object, or what it is a part of ... */
	uint64_t offset;        /* ... from this byte */
	unsigned bit_size;      /* 0: not a bit-field ... */
	uint64_t bit_offset;    /* ... else from the start of the containing object */
	int64_t n_indices;      /* run-time indices so far */
	const struct component *component; /* at work on, for messages */
	const char *name;       /* as the script has it, for messages */
};

/* The object that the walk begins with. */
void walk_set_place(struct walk *w, const struct dw_place *place);
/* Goes along COMPONENTS and leaves the path, or the reason why not, in OUT. */
void walk_finish(struct walk *w, const component_vec *components, bool is_address,
		 struct dw_var_result *out);

#endif
