/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The pass table, and the runner. */
#include "translator/passes.h"

#include <stdio.h>
#include <string.h>

#include "base/sys.h"
#include "translator/choose.h"
#include "translator/dump.h"
#include "translator/list.h"
#include "translator/messages.h"
#include "translator/session.h"

struct pass {
	unsigned group;
	const char *name;
	bool (*run)(struct session *s);
};

static const struct pass passes[] = {
	{ 1, "parse", pass_parse },
	{ 2, "expand", pass_expand },
	{ 2, "resolve", pass_resolve },
	{ 2, "prune", pass_prune },
	{ 2, "infer", pass_infer },
	{ 2, "check", pass_check },
	{ 2, "fold", pass_fold },
	{ 2, "plan", pass_plan },
	{ 3, "late", pass_late },
	{ 3, "effects", pass_effects },
	{ 3, "lower", pass_lower },
	{ 3, "locks", pass_locks },
	{ 3, "emit", pass_emit },
	{ 4, "build", pass_build },
};

enum { N_PASSES = sizeof(passes) / sizeof(*passes), LAST_GROUP = 4 };

/* What stap's last line calls a group that failed, and what its -v line says. */
static const struct group {
	const char *error_kind;
	const char *failed;
} groups[LAST_GROUP + 1] = {
	[1] = { "parse error", "parse" },
	[2] = { "semantic error", "analysis" },
	[3] = { "semantic error", "translation" },
	[4] = { "compilation error", "compilation" },
};

static void print_counts(const struct session *s, unsigned group)
{
	switch (group) {
	case 1:
		fprintf(stderr, "parsed user script and %zu library scripts", s->used_files.n);
		break;
	case 2:
		fprintf(stderr, "analyzed script: %zu probe%s, %zu function%s, %zu embed%s, %zu global%s",
			s->probes.n, s->probes.n == 1 ? "" : "s", s->functions.n,
			s->functions.n == 1 ? "" : "s", s->embedded.n, s->embedded.n == 1 ? "" : "s",
			s->globals.n, s->globals.n == 1 ? "" : "s");
		break;
	case 3:
		fprintf(stderr, "translated to C (%zu bytes)", s->c_text_len);
		break;
	case 4:
		fprintf(stderr, s->from_cache ? "using cached \"%s\"" : "compiled C into \"%s\"",
			s->object_path);
		break;
	}
}

/* "Pass 2: analyzed script: ... using ... kb, in 10usr/0sys/9real ms." */
static void print_times(const struct session *s, unsigned group, const struct sys_times *from)
{
	struct sys_times to;

	sys_times(&to);
	fprintf(stderr, "Pass %u: ", group);
	print_counts(s, group);
	if (group < 4)
		fprintf(stderr, " using %lluvirt/%llures/%llushr/%lludata kb",
			(unsigned long long)to.virt_kb, (unsigned long long)to.res_kb,
			(unsigned long long)to.shr_kb, (unsigned long long)to.data_kb);
	fprintf(stderr, ", in %lluusr/%llusys/%llureal ms.\n",
		(unsigned long long)(to.user_us - from->user_us) / 1000,
		(unsigned long long)(to.sys_us - from->sys_us) / 1000,
		(unsigned long long)(to.real_us - from->real_us) / 1000);
}

static void print_buf(struct buf *b)
{
	fwrite(b->data, 1, b->len, stdout);
	fflush(stdout);
	buf_fini(b);
}

/* What is asked for after the last group of -p1 to -p4. */
static void print_result(const struct session *s, unsigned group)
{
	struct buf b;

	buf_init(&b);
	switch (group) {
	case 1:
		dump_files(s, &b);
		break;
	case 2:
		dump_script(s, &b, session_verbose(s, 2) > 0);
		break;
	case 3:
		buf_add(&b, s->c_text, s->c_text_len);
		break;
	case 4:
		buf_printf(&b, "%s\n", s->object_path);
		break;
	}
	print_buf(&b);
}

static void print_dump(struct session *s, const struct pass *p)
{
	struct buf b;

	buf_init(&b);
	if (s->opt.list)
		list(s, &b);
	else if (p->group == 1)
		dump_files(s, &b);
	else
		dump_script(s, &b, true);
	print_buf(&b);
}

enum group_end { GROUP_GOOD, GROUP_FAILED, GROUP_AGAIN /* all, on the other runtime */ };

/* The passes of one group; *DUMPED: --dump has been served, nothing more is to be done. */
static enum group_end run_group(struct session *s, unsigned group, bool *dumped)
{
	struct arena_mark mark = arena_mark(s->scratch);
	unsigned errors = s->diag.n_errors;

	s->diag.kind = groups[group].error_kind;
	s->diag.verbose = s->log.verbose = session_verbose(s, group);
	for (unsigned i = 0; i < N_PASSES && !*dumped; i++) {
		const struct pass *p = &passes[i];
		bool ok;

		if (p->group != group)
			continue;
		ok = p->run(s) && s->diag.n_errors == errors;
		arena_reset(s->scratch, mark);
		if (choose_again(s, ok))
			return GROUP_AGAIN;
		diag_flush(&s->diag, stderr);
		if (!ok)
			return GROUP_FAILED;
		if (s->opt.dump_pass && !strcmp(s->opt.dump_pass, p->name)) {
			print_dump(s, p);
			*dumped = true;
		}
	}
	return GROUP_GOOD;
}

/* S becomes a session for the kernel runtime that has not begun. */
static void begin_anew(struct session *s)
{
	struct paths paths = s->paths;
	struct arena *a = s->arena;
	struct options opt;

	choose_options(s, &opt);
	session_fini(s);
	session_init(s, &opt, a);
	s->paths = paths;
}

static bool check_dump_name(struct session *s)
{
	struct buf names;
	bool found = false;

	buf_init(&names);
	for (unsigned i = 0; i < N_PASSES; i++) {
		found |= !strcmp(s->opt.dump_pass, passes[i].name);
		buf_printf(&names, "%s%s", i ? " " : "", passes[i].name);
	}
	if (!found) {
		diag_error(&s->diag, (struct loc){ 0 }, E_NO_SUCH_PASS, s->opt.dump_pass,
			   names.data);
		diag_flush(&s->diag, stderr);
	}
	buf_fini(&names);
	return found;
}

bool passes_run(struct session *s)
{
	unsigned last = s->opt.last_pass < LAST_GROUP ? s->opt.last_pass : LAST_GROUP;
	bool dumped = false;

	if (s->opt.dump_pass && !check_dump_name(s))
		return false;
	for (unsigned group = 1; group <= last && !dumped; group++) {
		struct sys_times start;
		enum group_end end;
		bool ok;

		sys_times(&start);
		end = run_group(s, group, &dumped);
		if (end == GROUP_AGAIN) {
			begin_anew(s);
			group = 0;
			continue;
		}
		ok = end == GROUP_GOOD;
		if (!ok && group == 1)
			fprintf(stderr, "%u parse error%s.\n", s->diag.n_errors,
				s->diag.n_errors == 1 ? "" : "s");
		if (ok && group == s->opt.last_pass && !dumped)
			print_result(s, group);
		/* of those that fail only analysis has something to tell */
		if (session_verbose(s, group) > 0 && (ok || group == 2))
			print_times(s, group, &start);
		if (!ok) {
			fprintf(stderr, "Pass %u: %s failed.  [man error::pass%u]\n", group,
				groups[group].failed, group);
			return false;
		}
	}
	return true;
}
