/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Random scripts through tapster, and through an evaluation of its own:
 *
 *	generator [OPTIONS] TAPSTER
 *
 *	-s SEED    the first seed (0)
 *	-n COUNT   so many scripts (100)
 *	-b COUNT   so many in one run of tapster (20); their number and SEED decide the options
 *	-w DIR     where the script of a run is written (.)
 *	-p         print the text of the scripts and what they should print, and run nothing
 *	-m         make the script that fails smaller (with -n 1)
 *
 * prints a line for each seed whose script does something else than it should and, at the
 * end, "ok N" or "failed N of M".  A failure of one seed is run again with -s SEED -n 1.
 *
 * generate.c makes scripts, machine.c evaluates them.
 */
#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/sys.h"
#include "generate.h"
#include "lang/ast_print.h"
#include "lang/parse.h"
#include "machine.h"

enum { MAX_STEPS = 20000, MAX_OPTIONS = 16 };

struct settings {
	const char *tapster, *dir;
	uint64_t seed;
	unsigned count, batch;
	bool print_only, minimise;
};

/* One run of tapster: its options, its scripts, what must come of it. */
struct batch {
	struct arena *arena;
	struct limits limits;
	const char *options[MAX_OPTIONS];
	size_t n_options;
	struct map initial; /* -G */
	const char *path;
	struct buf text;
	struct outcome outcome;
};

/* ---- the evaluation ---- */

static struct syntax_file *parse(struct arena *a, struct sources *sources, const char *path, const char *text)
{
	struct source source = { .name = path, .text = text, .len = (uint32_t)strlen(text) };
	struct diag diag;
	struct parse_env env = {
		.arena = a, .names = intern_new(a), .sources = sources, .diag = &diag, .arch = "x86_64",
		.runtime = "user", .privilege = "stapdev", .kernel_release = "6.1.0",
	};
	struct syntax_file *file;

	diag_init(&diag, a, sources_locate, sources);
	diag.kind = "parse error";
	file = parse_source(&env, sources_add(sources, &source));
	diag_flush(&diag, stderr);
	return diag.n_errors ? NULL : file;
}

static void outcome_clear(struct outcome *o)
{
	buf_clear(&o->out);
	buf_clear(&o->errors);
	o->n_errors = 0;
	o->is_endless = false;
}

/* False: the text can't be parsed. */
static bool evaluate(struct batch *b, const char *text)
{
	struct sources *sources = sources_new(b->arena);
	struct syntax_file *file = parse(b->arena, sources, b->path, text);

	outcome_clear(&b->outcome);
	if (!file)
		return false;
	machine_run(b->arena, file, sources, &b->limits, &b->initial, &b->outcome);
	return true;
}

/* ---- making a batch ---- */

static void add_option(struct batch *b, const char *option)
{
	b->options[b->n_options++] = option;
}

static void give_initial(struct batch *b, uint64_t seed, int64_t n)
{
	const char *name = arena_printf(b->arena, "ng0_%llu", (unsigned long long)seed);
	struct value *v = ARENA_NEW(b->arena, struct value);

	v->n = n;
	map_put(&b->initial, name, v);
	add_option(b, arena_printf(b->arena, "-G%s=%lld", name, (long long)n));
}

/* SEED: the first of those that have them in common; FIRST: of those that are there. */
static void choose_options(struct batch *b, uint64_t seed, uint64_t first)
{
	static const unsigned nestings[] = { 10, 10, 4, 25 }, entries[] = { 100, 100, 8, 3 }, errors[] = { 0, 3, 9 };
	static const size_t strings[] = { 512, 512, 64, 100, 41 };
	struct chance c = chance_from(seed ^ 0x5eed);
	unsigned nesting = nestings[chance_below(&c, 4)], entry = entries[chance_below(&c, 4)];

	b->limits = (struct limits){
		.max_string = strings[chance_below(&c, 5)], .max_nesting = nesting, .max_entries = entry,
		.max_errors = 1000, .max_steps = MAX_STEPS,
	};
	if (!chance_below(&c, 12)) /* ends before many of the scripts have run */
		b->limits.max_errors = errors[chance_below(&c, 3)];
	if (!chance_below(&c, 4))
		add_option(b, "-u");
	if (b->limits.max_string != 512)
		add_option(b, arena_printf(b->arena, "-DMAXSTRINGLEN=%zu", b->limits.max_string));
	add_option(b, arena_printf(b->arena, "-DMAXNESTING=%u", nesting));
	add_option(b, arena_printf(b->arena, "-DMAXMAPENTRIES=%u", entry));
	add_option(b, arena_printf(b->arena, "-DMAXERRORS=%u", b->limits.max_errors));
	add_option(b, "-DMAXACTION=10000000");
	add_option(b, "-DMAXACTION_INTERRUPTIBLE=10000000");
	map_init(&b->initial, b->arena);
	if (first == seed && chance_below(&c, 2))
		give_initial(b, seed, (int)chance_below(&c, 2000) - 1000);
}

/* A script that ends soon enough: those that don't are left out. */
static void add_script(struct batch *b, uint64_t seed)
{
	struct arena_mark mark = arena_mark(b->arena);
	struct buf text;

	buf_init(&text);
	generate(seed, &text);
	if (!evaluate(b, text.data)) {
		printf("seed %llu: its text can't be parsed\n", (unsigned long long)seed);
		exit(EXIT_FAILURE);
	}
	if (!b->outcome.is_endless)
		buf_add(&b->text, text.data, text.len);
	else
		buf_printf(&b->text, "probe begin(%llu) { println(\"@@ %llu\") }\n", (unsigned long long)seed,
			   (unsigned long long)seed);
	buf_fini(&text);
	arena_reset(b->arena, mark);
}

static void batch_init(struct batch *b, const struct settings *s, uint64_t seed)
{
	*b = (struct batch){ .arena = arena_new("a batch") };
	buf_init(&b->text);
	buf_init(&b->outcome.out);
	buf_init(&b->outcome.errors);
	b->path = arena_printf(b->arena, "%s/generated_%llu.stp", s->dir, (unsigned long long)seed);
	choose_options(b, seed - seed % s->batch, seed);
}

static void batch_fini(struct batch *b)
{
	unlink(b->path);
	buf_fini(&b->text);
	buf_fini(&b->outcome.out);
	buf_fini(&b->outcome.errors);
	arena_free(b->arena);
}

/* ---- tapster ---- */

struct result {
	struct buf out, err;
	int status;
};

static void result_init(struct result *r)
{
	buf_init(&r->out);
	buf_init(&r->err);
}

static void result_fini(struct result *r)
{
	buf_fini(&r->out);
	buf_fini(&r->err);
}

static void run_tapster(const struct settings *s, const struct batch *b, const char *text, struct result *r)
{
	const char *out = arena_printf(b->arena, "%s.out", b->path);
	const char *err = arena_printf(b->arena, "%s.err", b->path), *options = "";
	const char *command;

	for (size_t i = 0; i < b->n_options; i++)
		options = arena_printf(b->arena, "%s %s", options, b->options[i]);
	command = arena_printf(b->arena, "timeout -k 5 120 %s --disable-cache --runtime=user%s %s >%s 2>%s </dev/null",
			       s->tapster, options, b->path, out, err);
	buf_clear(&r->out);
	buf_clear(&r->err);
	if (sys_write_file_atomic(b->path, text, strlen(text), 0644)) {
		perror(b->path);
		exit(EXIT_FAILURE);
	}
	r->status = system(command);
	sys_read_file(out, &r->out);
	sys_read_file(err, &r->err);
	unlink(out);
	unlink(err);
}

/* The lines of ERR that tell of errors of the script. */
static const char *error_lines(struct arena *a, const struct buf *err)
{
	const char *lines = "";

	for (const char *at = err->data, *end; at && *at; at = *end ? end + 1 : end) {
		end = strchrnul(at, '\n');
		if (!strncmp(at, "ERROR: ", 7) || !strncmp(at, "WARNING: Number of errors", 25))
			lines = arena_printf(a, "%s%.*s\n", lines, (int)(end - at), at);
	}
	return lines;
}

/* ---- what differs ---- */

/* The first line of WANT that isn't in GOT at the same place, and that of GOT; NULL: they are the same. */
static const char *difference(struct arena *a, const char *what, const char *want, size_t n_want,
			      const char *got, size_t n_got)
{
	size_t i = 0, line = 0;

	while (i < n_want && i < n_got && want[i] == got[i]) {
		if (want[i] == '\n')
			line = i + 1;
		i++;
	}
	if (i == n_want && i == n_got)
		return NULL;
	return arena_printf(a, "  %s: should be '%.*s', is '%.*s'\n", what,
			    (int)strcspn(want + line, "\n"), n_want > line ? want + line : "",
			    (int)strcspn(got + line, "\n"), n_got > line ? got + line : "");
}

/* What differs first in the output, and in the errors; "": nothing. */
static const char *differences(const struct batch *b, const struct result *r)
{
	const struct outcome *o = &b->outcome;
	const char *errors = error_lines(b->arena, &r->err), *want = o->errors.data ? o->errors.data : "";
	const char *in_output = difference(b->arena, "output", o->out.data ? o->out.data : "", o->out.len,
					   r->out.data ? r->out.data : "", r->out.len);
	const char *in_errors = difference(b->arena, "errors", want, strlen(want), errors, strlen(errors));

	return arena_printf(b->arena, "%s%s", in_output ? in_output : "", in_errors ? in_errors : "");
}

static bool agree(const struct batch *b, const struct result *r)
{
	return !*differences(b, r);
}

static void report(struct batch *b, const struct result *r, uint64_t seed)
{
	printf("seed %llu differs;", (unsigned long long)seed);
	for (size_t i = 0; i < b->n_options; i++)
		printf(" %s", b->options[i]);
	printf("\n%s", differences(b, r));
	if (!r->out.len || r->status)
		printf("  status %d: %.600s\n", r->status, r->err.data ? r->err.data : "");
}

/* ---- making it smaller ---- */

struct reduction {
	const struct settings *s;
	struct batch *b;
	struct syntax_file *file;
	struct result result;
	const char *difference; /* what is looked for, by its kind */
	bool has_changed;
};

static char *print_file(struct reduction *r)
{
	struct buf text;
	char *copy;

	buf_init(&text);
	ast_print_file(&text, r->file);
	copy = arena_strndup(r->b->arena, text.data, text.len);
	buf_fini(&text);
	return copy;
}

/* A difference without its numbers, most of which change with the script's size. */
static const char *kind_of(struct arena *a, const char *difference)
{
	char *kind = arena_strndup(a, difference, strlen(difference)), *to = kind;

	for (const char *from = kind; *from; from++)
		if (!isdigit((unsigned char)*from))
			*to++ = *from;
		else if (to == kind || to[-1] != '0')
			*to++ = '0';
	*to = '\0';
	return kind;
}

/*
 * Does the tree, as it is, still fail, in the run, not before, and in the same way?  What is
 * left after a cut may be script in which there is nothing to be noticed, which the compiler
 * takes away with its errors, and the evaluation doesn't: another difference, of no interest.
 */
static bool still_fails(struct reduction *r)
{
	const char *text = print_file(r), *kind;

	if (!evaluate(r->b, text) || r->b->outcome.is_endless)
		return false;
	run_tapster(r->s, r->b, text, &r->result);
	if (!r->result.out.len)
		return false;
	kind = kind_of(r->b->arena, differences(r->b, &r->result));
	if (!r->difference)
		r->difference = kind;
	return *kind && !strcmp(kind, r->difference);
}

static bool is_nothing(const struct stmt *s)
{
	return s->kind == STMT_NULL || (s->kind == STMT_BLOCK && !s->block.body.n);
}

/* Statements go, or are replaced by their bodies. */
static void reduce_stmt(struct ast_walker *w, struct stmt **slot)
{
	struct reduction *r = w->data;
	struct stmt *s = *slot, *nothing;

	if (is_nothing(s))
		return;
	nothing = stmt_new(r->b->arena, STMT_BLOCK, s->loc); /* of "try", nothing else will do */
	*slot = nothing;
	if (still_fails(r)) {
		r->has_changed = true;
		return;
	}
	*slot = s;
	ast_walk_stmt(w, s);
}

static void no_expr(struct ast_walker *w, struct expr **slot)
{
	(void)w;
	(void)slot;
}

static void drop_nothing(struct ast_walker *w, struct stmt **slot)
{
	struct stmt *s = *slot;

	if (s->kind == STMT_BLOCK) {
		size_t n = 0;

		VEC_EACH(&s->block.body, i)
			if (!is_nothing(s->block.body.at[i]))
				s->block.body.at[n++] = s->block.body.at[i];
		s->block.body.n = n;
	}
	ast_walk_stmt(w, s);
}

static void minimise(const struct settings *s, struct batch *b)
{
	struct sources *sources = sources_new(b->arena);
	struct reduction r = { .s = s, .b = b, .file = parse(b->arena, sources, b->path, b->text.data) };
	struct ast_walker walker = { .expr = no_expr, .stmt = reduce_stmt, .data = &r };
	struct ast_walker cleaner = { .expr = no_expr, .stmt = drop_nothing };

	result_init(&r.result);
	if (!still_fails(&r)) {
		printf("printed from its tree it doesn't fail\n%s", b->text.data);
		return;
	}
	do {
		r.has_changed = false;
		for (size_t i = r.file->decls.n - 1; i-- > 0;) { /* the last one ends the run */
			struct decl *d = r.file->decls.at[i], **at = r.file->decls.at;

			memmove(at + i, at + i + 1, (--r.file->decls.n - i) * sizeof(*at));
			if (still_fails(&r)) {
				r.has_changed = true;
				continue;
			}
			memmove(at + i + 1, at + i, (r.file->decls.n++ - i) * sizeof(*at));
			at[i] = d;
			if (d->kind == DECL_PROBE)
				ast_walk_stmt(&walker, d->probe.body);
			else if (d->kind == DECL_FUNCTION)
				ast_walk_stmt(&walker, d->function.body);
		}
		VEC_EACH(&r.file->decls, i) {
			struct decl *d = r.file->decls.at[i];

			if (d->kind == DECL_PROBE)
				drop_nothing(&cleaner, &d->probe.body);
			else if (d->kind == DECL_FUNCTION)
				drop_nothing(&cleaner, &d->function.body);
		}
	} while (r.has_changed);
	if (still_fails(&r))
		report(b, &r.result, s->seed);
	printf("%s", print_file(&r));
	result_fini(&r.result);
}

/* ---- */

static void make_batch(struct batch *b, const struct settings *s, uint64_t seed, unsigned count)
{
	batch_init(b, s, seed);
	for (unsigned i = 0; i < count; i++)
		add_script(b, seed + i);
	buf_printf(&b->text, "probe begin(%llu) { exit() }\n", (unsigned long long)seed + count);
	evaluate(b, b->text.data);
}

static unsigned run(const struct settings *s, uint64_t seed, unsigned count)
{
	unsigned failed = 0;
	struct result r;
	struct batch b;

	make_batch(&b, s, seed, count);
	result_init(&r);
	if (s->print_only) {
		printf("%s", b.text.data);
		fwrite(b.outcome.out.data, 1, b.outcome.out.len, stderr);
		fprintf(stderr, "%s", b.outcome.errors.data ? b.outcome.errors.data : "");
	} else {
		run_tapster(s, &b, b.text.data, &r);
		if (!agree(&b, &r) && count == 1) {
			failed = 1;
			if (s->minimise)
				minimise(s, &b);
			else
				report(&b, &r, seed);
		} else if (!agree(&b, &r)) {
			for (unsigned i = 0; i < count; i++)
				failed += run(s, seed + i, 1);
			if (!failed) { /* only together */
				report(&b, &r, seed);
				failed = 1;
			}
		}
	}
	result_fini(&r);
	batch_fini(&b);
	fflush(stdout);
	return failed;
}

int main(int argc, char **argv)
{
	struct settings s = { .dir = ".", .count = 100, .batch = 20 };
	unsigned failed = 0;
	int c;

	while ((c = getopt(argc, argv, "s:n:b:w:pm")) != -1) {
		switch (c) {
		case 's': s.seed = strtoull(optarg, NULL, 10); break;
		case 'n': s.count = (unsigned)atoi(optarg); break;
		case 'b': s.batch = (unsigned)atoi(optarg); break;
		case 'w': s.dir = optarg; break;
		case 'p': s.print_only = true; break;
		case 'm': s.minimise = true; break;
		default: return EXIT_FAILURE;
		}
	}
	s.tapster = argv[optind];
	if (!s.batch || (!s.tapster && !s.print_only)) {
		fprintf(stderr, "usage: %s [-s SEED] [-n COUNT] [-b COUNT] [-w DIR] [-pm] TAPSTER\n", argv[0]);
		return EXIT_FAILURE;
	}
	for (unsigned i = 0; i < s.count;) {
		uint64_t seed = s.seed + i;
		unsigned n = s.batch - (unsigned)(seed % s.batch); /* to the end of its batch */

		if (n > s.count - i)
			n = s.count - i;
		failed += run(&s, seed, n);
		i += n;
	}
	if (s.print_only)
		return EXIT_SUCCESS;
	if (failed)
		printf("failed %u of %u\n", failed, s.count);
	else
		printf("ok %u\n", s.count);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
