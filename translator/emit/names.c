/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Deterministic C names: the user's, behind a prefix, with a number where private
 * globals or overloaded functions share one.
 */
#include <string.h>

#include "translator/emit/emit_int.h"

/* How many of the first N names are NAME. */
static unsigned count_before(const char *const *names, size_t n, const char *name)
{
	unsigned count = 0;

	for (size_t i = 0; i < n; i++)
		count += !strcmp(names[i], name);
	return count;
}

static const char *numbered(struct emit *e, const char *prefix, const char *name, unsigned n)
{
	return n ? arena_printf(e->a, "%s_%s__%u", prefix, name, n + 1)
		 : arena_printf(e->a, "%s_%s", prefix, name);
}

void names_init(struct emit *e)
{
	struct session *s = e->s;
	const char **plain = ARENA_ARRAY(e->a, s->globals.n + s->functions.n + 1, const char *);

	e->global_names = ARENA_ARRAY(e->a, s->globals.n + 1, const char *);
	VEC_EACH(&s->globals, i) {
		plain[i] = s->globals.at[i]->name;
		e->global_names[i] = numbered(e, "g", plain[i], count_before(plain, i, plain[i]));
	}
	VEC_EACH(&s->functions, i) {
		struct decl *d = s->functions.at[i];

		plain[i] = d->name;
		d->function.mangled = numbered(e, "f", d->name, count_before(plain, i, d->name));
	}
}

const char *name_global(const struct emit *e, const struct var *v)
{
	return e->global_names[v->id];
}

const char *name_function(const struct emit *e, const struct decl *d)
{
	(void)e;
	return d->function.mangled;
}

const char *name_var(const struct emit *e, const struct var *v)
{
	bool in_frame = v->type == TY_STAT || (v->type == TY_STRING && !v->is_pointer);

	if (v->kind == VAR_GLOBAL)
		return name_global(e, v);
	if (v->is_saved)
		return arena_printf(e->a, "saved->s_%u", v->id);
	return arena_printf(e->a, "%s%s%s", in_frame ? "f->" : "", v->is_temporary ? "" : "l_",
			    v->name);
}

const char *name_token(const struct emit *e, struct loc loc)
{
	struct diag_place place = { 0 };

	if (!loc.file)
		return "<built-in>";
	sources_locate(e->s->sources, loc, &place);
	return diag_token(e->a, place.text + place.column - 1, place.text_len - (place.column - 1));
}

const char *name_place(const struct emit *e, struct loc loc)
{
	struct diag_place place = { 0 };

	if (!loc.file)
		return "<built-in>";
	sources_locate(e->s->sources, loc, &place);
	return arena_printf(e->a, "%s:%u:%u", place.file, place.line, place.column);
}
