/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The parser as a library: places, copies, the walker, library macros, damaged scripts. */
#include "unit.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/buf.h"
#include "lang/ast_print.h"
#include "lang/parse.h"

static const char everything[] =
	"global a%[4], b = 3\n"
	"probe w = v!, x.{y, z(2)}? if (b > 1) { p = 1 }, { q = 2 }\n"
	"probe begin, end(3) if (b in a) {\n"
	"	x = $a->b[1][i + 2]$ . @cast(y, \"t\", \"m\")->n . \"s\" \"t\"\n"
	"	if (x =~ \"r\" && !(y in a)) delete a[*, 2]; else a[1, \"k\"] <<< -x++\n"
	"	foreach (v = [k+, l] in a[1, *] limit 3) { printf(\"%-5d %s\\n\", v, k) next }\n"
	"	for (i = 0; i < @count(a[1]) ? 2 : 3; i += 1) while (1) break\n"
	"	try { print(@hist_linear(b, 0, 10, 2)) } catch (e) { println(@hist_log(b)[3], e) }\n"
	"	@probewrite(x); p->q; &$r; f(@entry($x), @defined($y), @perf(\"c\"), @variance(b, 2))\n"
	"}\n"
	"function f:long(m:string, n):2 { return m == \"\" ? n : f(m, n) }\n";

struct run {
	struct arena *arena;
	struct sources *sources;
	struct diag diag;
	struct parse_env env;
	struct map macros;
};

static struct macro *find_macro(void *data, const char *name)
{
	struct run *r = data;

	return map_find(&r->macros, name);
}

static void run_init(struct run *r)
{
	*r = (struct run){ .arena = arena_new("test") };
	r->sources = sources_new(r->arena);
	diag_init(&r->diag, r->arena, sources_locate, r->sources);
	map_init(&r->macros, r->arena);
	r->env = (struct parse_env){
		.arena = r->arena,
		.names = intern_new(r->arena),
		.sources = r->sources,
		.diag = &r->diag,
		.kernel_release = "6.1.0-56-amd64",
		.arch = "x86_64",
		.runtime = "user",
		.privilege = "stapdev",
		.guru = true,
		.library_macro = find_macro,
		.data = r,
	};
}

static uint32_t add_text(struct run *r, const char *text, size_t len)
{
	struct source s = { .name = "test", .text = text, .len = (uint32_t)len };

	return sources_add(r->sources, &s);
}

static struct syntax_file *parse(struct run *r, const char *text)
{
	return parse_source(&r->env, add_text(r, text, strlen(text)));
}

static void copies_print_the_same(void)
{
	struct run r;
	struct syntax_file *f;
	struct buf before, after;

	run_init(&r);
	buf_init(&before);
	buf_init(&after);
	f = parse(&r, everything);
	CHECK_INT(r.diag.n_errors, 0);
	ast_print_file(&before, f);
	VEC_EACH(&f->decls, i) {
		struct decl *d = f->decls.at[i];

		if (d->kind == DECL_FUNCTION)
			d->function.body = stmt_copy(r.arena, d->function.body);
		else if (d->kind != DECL_GLOBAL)
			d->probe.body = stmt_copy(r.arena, d->probe.body);
	}
	ast_print_file(&after, f);
	CHECK_STR(after.data, before.data);
	buf_fini(&before);
	buf_fini(&after);
	arena_free(r.arena);
}

struct count {
	unsigned exprs, stmts;
};

static void count_expr(struct ast_walker *w, struct expr **slot)
{
	struct count *c = w->data;

	c->exprs++;
	ast_walk_expr(w, *slot);
}

static void count_stmt(struct ast_walker *w, struct stmt **slot)
{
	struct count *c = w->data;

	c->stmts++;
	ast_walk_stmt(w, *slot);
}

/* The walker sees each child once and may replace it. */
static void walker_reaches_all(void)
{
	struct run r;
	struct syntax_file *f;
	struct count c = { 0 };
	struct ast_walker w = { .expr = count_expr, .stmt = count_stmt, .data = &c };
	const char *text = "probe begin { if (a + 1) b[c, 2] = $d[e]; else { @count(s[3]) next } }";

	run_init(&r);
	f = parse(&r, text);
	CHECK_INT(r.diag.n_errors, 0);
	ast_walk_stmt(&w, f->decls.at[0]->probe.body);
	CHECK_INT(c.stmts, 5);
	CHECK_INT(c.exprs, 12);
	arena_free(r.arena);
}

static struct diag_place locate(struct run *r, struct loc loc)
{
	struct diag_place place = { 0 };

	sources_locate(r->sources, loc, &place);
	return place;
}

static void places(void)
{
	struct run r;
	struct syntax_file *f;
	struct diag_place place;
	struct stmt *s;

	run_init(&r);
	f = parse(&r, "@define m(x) %( 1 +\n @x %)\nprobe begin\n{ y = @m(z)\n}");
	CHECK_INT(r.diag.n_errors, 0);
	s = f->decls.at[0]->probe.body->block.body.at[0];
	place = locate(&r, s->expr.expr->loc);
	CHECK_INT(place.line, 4);
	CHECK_INT(place.column, 5);
	CHECK_INT(place.text_len, 11);
	CHECK_INT(place.parent.file, 0);

	place = locate(&r, s->expr.expr->assign.value->loc); /* '+', in the macro */
	CHECK_INT(place.line, 1);
	CHECK_INT(place.column, 19);
	CHECK_STR(place.via, "macro '@m'");
	place = locate(&r, place.parent);
	CHECK_INT(place.line, 4);
	CHECK_INT(place.column, 7);

	place = locate(&r, s->expr.expr->assign.value->binary.right->loc); /* the argument */
	CHECK_INT(place.line, 4);
	CHECK_INT(place.column, 10);
	CHECK_STR(place.via, "macro '@x'");
	place = locate(&r, place.parent);
	CHECK_INT(place.line, 2);
	CHECK_INT(place.column, 2);
	CHECK_STR(place.via, "macro '@m'");

	place = locate(&r, (struct loc){ f->source, 1000000 });
	CHECK_INT(place.line, 5);
	CHECK_INT(place.column, 2);
	arena_free(r.arena);
}

static void library_macros(void)
{
	static const char library[] = "@define one %( 1 %) @define inc(x) %( (@x + @one) %)\n"
				      "%( arch == \"x86_64\" %? @define here %( 2 %) %)\n";
	struct run r;
	struct buf out;

	run_init(&r);
	buf_init(&out);
	CHECK(parse_macros(&r.env, add_text(&r, library, strlen(library)), &r.macros));
	ast_print_file(&out, parse(&r, "probe begin { x = @inc(@inc(@here)) }"));
	CHECK_INT(r.diag.n_errors, 0);
	CHECK_STR(out.data, "probe begin{\n\t(x) = (((2) + (1)) + (1));\n}\n");
	CHECK(!parse_macros(&r.env, add_text(&r, "global x", 8), &r.macros));
	buf_fini(&out);
	arena_free(r.arena);
}

static void arguments_used(void)
{
	static const char *const args[] = { "1", "two", "3" };
	bool used[3] = { false };
	struct run r;

	run_init(&r);
	r.env.args = args;
	r.env.n_args = 3;
	r.env.args_used = used;
	parse(&r, "probe begin { x = $1 . @3 }");
	CHECK_INT(r.diag.n_errors, 0);
	CHECK(used[0] && !used[1] && used[2]);
	arena_free(r.arena);
}

static uint64_t next_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

/* Whatever is done to a script: no crash, and what is accepted prints to itself. */
static void damaged_scripts(void)
{
	static const char bytes[] = "(){}[]%\"$@;,?!.=+-<&|~:*/#\\\n a1";
	uint64_t state = 88172645463325252u;
	char text[sizeof(everything)];

	for (int round = 0; round < 4000; round++) {
		struct run r;
		struct syntax_file *f;
		struct buf first, second;

		memcpy(text, everything, sizeof(text));
		for (uint64_t n = 1 + next_random(&state) % 4; n; n--)
			text[next_random(&state) % (sizeof(text) - 1)] =
				bytes[next_random(&state) % (sizeof(bytes) - 1)];
		run_init(&r);
		buf_init(&first);
		buf_init(&second);
		f = parse(&r, text);
		ast_print_file(&first, f);
		if (!r.diag.n_errors) {
			ast_print_file(&second, parse(&r, first.data));
			CHECK_INT(r.diag.n_errors, 0);
			CHECK_STR(second.data, first.data);
		}
		buf_fini(&first);
		buf_fini(&second);
		arena_free(r.arena);
	}
}

UNIT_MAIN(TEST(copies_print_the_same), TEST(walker_reaches_all), TEST(places),
	  TEST(library_macros), TEST(arguments_used), TEST(damaged_scripts))
