/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * See pretty.h.  The texts are those of SystemTap: a structure is
 * {.number=%i, .text="...", .pointer=%p, .inner={...}, .list=[...]}; "$$" prints what
 * is inside too.  Of an array the first element stands for all.  At the top pointers
 * to structures are followed, those to numbers are printed as such numbers; in a
 * structure pointers are addresses, but for C strings.  A value that can't be read is
 * "ERROR" as a whole.
 */
#include "translator/probes/pretty.h"

#include <string.h>

#include "translator/probes/access_expr.h"

enum {
	MAX_ARGS = 32,  /* of a print */
	ALL_LEVELS = 32 /* structures can't contain themselves; pointers are not followed */
};

struct text {
	struct session *s;
	struct expr *print;
	struct buf *format;
};

static struct expr *new_print(struct session *s, struct loc loc)
{
	struct expr *e = expr_new(s->arena, EXPR_PRINT, loc);

	e->type = TY_STRING;
	e->print.has_format = true;
	e->print.to_string = true;
	return e;
}

static struct expr *finish_print(struct session *s, struct expr *print, struct buf *format)
{
	print->print.format = arena_strndup(s->arena, format->data, format->len);
	buf_fini(format);
	return print;
}

static void add_literal(struct text *t, const char *literal)
{
	struct print_part part = { .conv = CONV_LITERAL };

	part.text = arena_strdup(t->s->arena, literal);
	part.text_len = (uint32_t)strlen(literal);
	if (part.text_len)
		VEC_PUSH(t->s->arena, &t->print->print.parts, part);
	buf_adds(t->format, literal);
}

static void push_conversion(struct text *t, const char *format, enum print_conv conv,
			    unsigned flags, struct expr *value)
{
	struct print_part part = { .conv = conv, .flags = flags };

	VEC_PUSH(t->s->arena, &t->print->print.parts, part);
	VEC_PUSH(t->s->arena, &t->print->print.args, value);
	buf_adds(t->format, format);
}

/* A sprintf that is full becomes the first argument of another. */
static void add_conversion(struct text *t, const char *format, enum print_conv conv,
			   unsigned flags, struct expr *value)
{
	if (t->print->print.args.n == MAX_ARGS) {
		struct expr *full = finish_print(t->s, t->print, t->format);

		buf_init(t->format);
		t->print = new_print(t->s, full->loc);
		push_conversion(t, "%s", CONV_STRING, 0, full);
	}
	push_conversion(t, format, conv, flags, value);
}

/* ---- values ---- */

static void find(const struct access_root *root, const component_vec *c, struct dw_var_result *r)
{
	memset(r, 0, sizeof(*r));
	root->find(root, c, false, r);
}

static struct expr *access_to(const struct access_root *root, const component_vec *c,
			      const struct dw_var_result *r)
{
	struct expr *base = root->base ? expr_copy(root->s->arena, root->base) : NULL;

	return access_expr(root->s, root->origin, root->file, r->path, base, c);
}

static component_vec with(const struct access_root *root, const component_vec *c,
			  struct component last)
{
	component_vec longer = { 0 };

	VEC_EACH(c, i)
		VEC_PUSH(root->s->arena, &longer, c->at[i]);
	last.loc = root->origin->loc;
	VEC_PUSH(root->s->arena, &longer, last);
	return longer;
}

static bool is_char(const struct access_root *root, const struct dw_type *type)
{
	struct dw_type_info info;

	dw_type_info(type, root->s->arena, &info);
	return info.kind == DW_TYPE_CHAR && info.size == 1;
}

static void add_string(struct text *t, struct expr *address)
{
	struct expr *call = expr_new(t->s->arena, EXPR_CALL, address->loc);

	call->call.name = intern(t->s->names, "user_string_quoted");
	VEC_PUSH(t->s->arena, &call->call.args, address);
	add_conversion(t, "%s", CONV_STRING, 0, call);
}

static void add_value(struct text *t, const struct access_root *root, const component_vec *c,
		      int levels, bool is_top);

static void add_members(struct text *t, const struct access_root *root, const component_vec *c,
			const struct dw_type_info *type, int levels)
{
	for (size_t i = 0; i < type->n_members; i++) {
		const struct dw_member *m = &type->members[i];
		struct dw_type_info inner;

		add_literal(t, i ? ", " : "");
		if (m->name) {
			component_vec member = with(root, c, (struct component){
				.kind = COMPONENT_MEMBER,
				.member = intern(t->s->names, m->name) });

			add_literal(t, arena_printf(t->s->arena, ".%s=", m->name));
			add_value(t, root, &member, levels, false);
			continue;
		}
		/* its members are members of the whole */
		dw_type_info(m->type, t->s->arena, &inner);
		add_literal(t, inner.kind == DW_TYPE_UNION ? "<union>={" : "<class>={");
		if (levels >= 0)
			add_members(t, root, c, &inner, levels - 1);
		else
			add_literal(t, "...");
		add_literal(t, "}");
	}
}

static void add_array(struct text *t, const struct access_root *root, const component_vec *c,
		      const struct dw_type_info *type, const struct dw_var_result *r, int levels,
		      bool is_top)
{
	component_vec element = with(root, c, (struct component){ .kind = COMPONENT_INDEX });
	struct dw_type_info inner;

	if (!is_top && levels < 0) {
		add_literal(t, "[...]");
		return;
	}
	if (is_char(root, type->target)) {
		add_string(t, access_to(root, c, r));
		return;
	}
	dw_type_info(type->target, t->s->arena, &inner);
	if (inner.kind == DW_TYPE_ARRAY) {
		add_value(t, root, &element, levels, is_top);
		return;
	}
	add_literal(t, "[");
	add_value(t, root, &element, is_top ? levels - 1 : levels, false);
	add_literal(t, ", ...]");
}

static void add_number(struct text *t, const struct dw_type_info *type, struct expr *value)
{
	if (type->is_signed || type->kind == DW_TYPE_BOOL)
		add_conversion(t, "%i", CONV_SIGNED, 0, value);
	else
		add_conversion(t, "%u", CONV_UNSIGNED, 0, value);
}

/* At the top, a pointer to another thing than a structure, an array or text: a number of the type
 * that is behind all pointers. */
static bool add_as_target(struct text *t, const struct dw_type_info *pointer, struct expr *value)
{
	struct dw_type_info inner = *pointer;

	while (inner.kind == DW_TYPE_POINTER)
		dw_type_info(inner.target, t->s->arena, &inner);
	switch (inner.kind) {
	case DW_TYPE_INTEGER:
	case DW_TYPE_BOOL:
	case DW_TYPE_ENUM:
		add_number(t, &inner, value);
		return true;
	case DW_TYPE_FLOAT:
		add_literal(t, "?");
		return true;
	case DW_TYPE_FUNCTION:
		add_literal(t, "<function>:");
		return false;
	case DW_TYPE_ARRAY:
	case DW_TYPE_CHAR:
	case DW_TYPE_OTHER:
	case DW_TYPE_POINTER:
	case DW_TYPE_STRUCT:
	case DW_TYPE_UNION:
	case DW_TYPE_VOID:
		return false;
	}
	return false;
}

static void add_pointer(struct text *t, const struct access_root *root, const component_vec *c,
			const struct dw_type_info *type, const struct dw_var_result *r, int levels,
			bool is_top)
{
	component_vec target = with(root, c, (struct component){ .kind = COMPONENT_INDEX });
	struct dw_type_info inner, last;

	dw_type_info(type->target, t->s->arena, &inner);
	for (last = inner; last.kind == DW_TYPE_POINTER;)
		dw_type_info(last.target, t->s->arena, &last);
	if (inner.kind == DW_TYPE_CHAR && inner.size == 1)
		add_string(t, access_to(root, c, r));
	else if (is_top && (last.kind == DW_TYPE_STRUCT || last.kind == DW_TYPE_UNION || last.kind == DW_TYPE_ARRAY))
		add_value(t, root, &target, levels, true);
	else if (!is_top || !add_as_target(t, type, access_to(root, c, r)))
		add_conversion(t, "%#p", CONV_POINTER, PRINT_ALT, access_to(root, c, r));
}

/* LEVELS: of structures and arrays that may still be opened; below 0: none. */
static void add_value(struct text *t, const struct access_root *root, const component_vec *c,
		      int levels, bool is_top)
{
	struct dw_type_info type;
	struct dw_var_result r;

	find(root, c, &r);
	if (!r.type) {
		add_literal(t, "?");
		return;
	}
	dw_type_info(r.type, t->s->arena, &type);
	if (type.kind == DW_TYPE_STRUCT || type.kind == DW_TYPE_UNION) {
		add_literal(t, "{");
		if (levels >= 0)
			add_members(t, root, c, &type, levels - 1);
		else
			add_literal(t, "...");
		add_literal(t, "}");
		return;
	}
	if (r.error != DW_VAR_OK) {
		add_literal(t, "?");
		return;
	}
	switch (type.kind) {
	case DW_TYPE_ARRAY:
		add_array(t, root, c, &type, &r, levels, is_top);
		return;
	case DW_TYPE_POINTER:
		add_pointer(t, root, c, &type, &r, levels, is_top);
		return;
	case DW_TYPE_CHAR:
		add_literal(t, "'");
		add_conversion(t, "%#c", CONV_CHAR, PRINT_ALT, access_to(root, c, &r));
		add_literal(t, "'");
		return;
	case DW_TYPE_FLOAT:
		add_literal(t, "?");
		return;
	case DW_TYPE_FUNCTION:
		add_conversion(t, "%#p", CONV_POINTER, PRINT_ALT, access_to(root, c, &r));
		return;
	case DW_TYPE_INTEGER:
	case DW_TYPE_BOOL:
	case DW_TYPE_ENUM:
	case DW_TYPE_VOID:
	case DW_TYPE_OTHER:
	case DW_TYPE_STRUCT:
	case DW_TYPE_UNION:
		add_number(t, &type, access_to(root, c, &r));
		return;
	}
}

/* ---- what callers ask for ---- */

static int levels_of(const struct component *suffix)
{
	return suffix->kind == COMPONENT_PRETTY_DEEP ? ALL_LEVELS : 0;
}

bool pretty_is_wanted(const component_vec *c)
{
	return c->n && (VEC_LAST(c).kind == COMPONENT_PRETTY ||
			VEC_LAST(c).kind == COMPONENT_PRETTY_DEEP);
}

struct expr *pretty_value(const struct access_root *root, const component_vec *components,
			  struct dw_var_result *out)
{
	struct session *s = root->s;
	struct text t = { .s = s };
	component_vec c = *components;
	struct buf format;

	c.n--;
	find(root, &c, out);
	if (!out->type)
		return NULL;
	buf_init(&format);
	t.format = &format;
	t.print = new_print(s, root->origin->loc);
	add_value(&t, root, &c, levels_of(&components->at[c.n]), true);
	t.print->print.or_error = true;
	return finish_print(s, t.print, &format);
}

void pretty_list_begin(struct pretty_list *l, struct session *s, struct loc loc)
{
	*l = (struct pretty_list){ .s = s, .print = new_print(s, loc), .is_first = true };
	buf_init(&l->format);
}

/* A plain list has numbers, and says of the rest what it is. */
static void add_plain(struct text *t, const struct access_root *root)
{
	static const component_vec none;
	struct dw_type_info type = { .kind = DW_TYPE_OTHER };
	struct dw_var_result r;

	find(root, &none, &r);
	if (r.type)
		dw_type_info(r.type, t->s->arena, &type);
	if (type.kind == DW_TYPE_STRUCT || type.kind == DW_TYPE_UNION)
		add_literal(t, "{...}");
	else if (type.kind == DW_TYPE_ARRAY)
		add_literal(t, "[...]");
	else if (r.error != DW_VAR_OK)
		add_literal(t, "?");
	else
		add_conversion(t, "%#x", CONV_HEX, PRINT_ALT, access_to(root, &none, &r));
}

/* The whole variable, by a sprintf of its own: "ERROR" is only this one. */
static void add_or_error(struct text *t, const struct access_root *root, int levels)
{
	static const component_vec none;
	struct buf format;
	struct text own = { t->s, new_print(t->s, root->origin->loc), &format };

	buf_init(&format);
	add_value(&own, root, &none, levels, true);
	own.print->print.or_error = true;
	add_conversion(t, "%s", CONV_STRING, 0, finish_print(t->s, own.print, &format));
}

void pretty_list_add(struct pretty_list *l, const char *name, const struct access_root *root,
		     const struct component *suffix)
{
	struct text t = { l->s, l->print, &l->format };

	add_literal(&t, arena_printf(l->s->arena, "%s%s=", l->is_first ? "" : " ", name));
	l->is_first = false;
	if (suffix)
		add_or_error(&t, root, levels_of(suffix));
	else
		add_plain(&t, root);
	l->print = t.print;
}

struct expr *pretty_list_end(struct pretty_list *l)
{
	return finish_print(l->s, l->print, &l->format);
}
