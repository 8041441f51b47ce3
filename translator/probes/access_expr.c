/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "translator/probes/access_expr.h"

#include "translator/plan.h"

static bool needs_file(const struct access_path *path)
{
	VEC_EACH(&path->ops, i)
		if (path->ops.at[i].kind == ACC_STATIC)
			return true;
	return false;
}

struct expr *access_expr(struct session *s, const struct expr *origin, struct dw_file *file,
			 struct access_path *path, struct expr *base,
			 const component_vec *components)
{
	struct expr *e = expr_new(s->arena, EXPR_ACCESS, origin->loc);

	if (needs_file(path))
		path->file = plan_file(s, file);
	e->access.path = path;
	e->access.base = base;
	e->access.origin = (struct expr *)origin;
	VEC_EACH(components, i)
		if (components->at[i].kind == COMPONENT_EXPR_INDEX)
			VEC_PUSH(s->arena, &e->access.indices,
				 expr_copy(s->arena, components->at[i].expr));
	return e;
}
