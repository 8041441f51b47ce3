/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From an access path to the node that stands for it in a body. */
#ifndef TAPSTER_TRANSLATOR_PROBES_ACCESS_EXPR_H
#define TAPSTER_TRANSLATOR_PROBES_ACCESS_EXPR_H

#include "translator/access.h"
#include "translator/dwarf/dw.h"
#include "translator/session.h"

/* ORIGIN (TARGET or CAST) as an EXPR_ACCESS: PATH in FILE, with BASE (of @cast, or NULL) and the
 * run-time indices of COMPONENTS, copied, as children, which resolve has not visited. */
struct expr *access_expr(struct session *s, const struct expr *origin, struct dw_file *file,
			 struct access_path *path, struct expr *base,
			 const component_vec *components);

#endif
