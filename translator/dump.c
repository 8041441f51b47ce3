/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "translator/dump.h"

#include "lang/ast_print.h"
#include "translator/session.h"

static void dump_file(const struct session *s, const struct syntax_file *f, struct buf *out)
{
	buf_printf(out, "# file %s\n", sources_get(s->sources, f->source)->name);
	ast_print_file(out, f);
	buf_addc(out, '\n');
}

void dump_files(const struct session *s, struct buf *out)
{
	buf_adds(out, "# parse tree dump\n");
	VEC_EACH(&s->user_files, i)
		dump_file(s, s->user_files.at[i], out);
}

static void dump_size(const struct var *v, struct buf *out)
{
	if (v->wraps)
		buf_addc(out, '%');
	if (v->size) {
		buf_addc(out, '[');
		ast_print_expr(out, v->size);
		buf_addc(out, ']');
	}
}

static void dump_var(const struct var *v, struct buf *out)
{
	buf_adds(out, v->name);
	dump_size(v, out);
	buf_printf(out, ":%s", type_name(v->type));
	for (int i = 0; i < v->arity; i++)
		buf_printf(out, "%s%s%s", i ? ", " : " [", type_name(v->key_types[i]),
			   i == v->arity - 1 ? "]" : "");
	if (v->init) {
		buf_adds(out, " = ");
		ast_print_expr(out, v->init);
	}
	buf_addc(out, '\n');
}

static void dump_locals(const var_vec *locals, struct buf *out)
{
	if (locals->n)
		buf_adds(out, "  # locals\n");
	VEC_EACH(locals, i) {
		buf_adds(out, "  ");
		dump_var(locals->at[i], out);
	}
}

static void dump_function(const struct decl *d, struct buf *out, bool bodies)
{
	enum type t = d->function.return_type;

	buf_printf(out, "%s:%s (", d->name, type_name(t == TY_VOID ? TY_UNKNOWN : t));
	VEC_EACH(&d->function.params, i) {
		const struct param *p = &d->function.params.at[i];

		buf_printf(out, "%s%s:%s", i ? ", " : "", p->name,
			   type_name(p->var ? p->var->type : p->type));
	}
	buf_adds(out, ")\n");
	dump_locals(&d->function.locals, out);
	if (bodies)
		ast_print_stmt(out, d->function.body, 0);
}

static void dump_probe(const struct probe *p, struct buf *out, bool bodies)
{
	buf_adds(out, p->name);
	if (p->condition) {
		buf_adds(out, " if (");
		ast_print_expr(out, p->condition);
		buf_addc(out, ')');
	}
	if (p->site)
		buf_printf(out, " /* pc=0x%llx */", (unsigned long long)p->site->address);
	buf_printf(out, " /* <- %s */\n", p->chain ? p->chain : p->pn);
	dump_locals(&p->locals, out);
	if (bodies)
		ast_print_stmt(out, p->body, 0);
}

void dump_script(const struct session *s, struct buf *out, bool bodies)
{
	if (s->globals.n)
		buf_adds(out, "# globals\n");
	VEC_EACH(&s->globals, i)
		dump_var(s->globals.at[i], out);
	if (s->functions.n)
		buf_adds(out, "# functions\n");
	VEC_EACH(&s->functions, i)
		dump_function(s->functions.at[i], out, bodies);
	if (s->probes.n)
		buf_adds(out, "# probes\n");
	VEC_EACH(&s->probes, i)
		dump_probe(s->probes.at[i], out, bodies);
}
