/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "translator/choose.h"

#include <ctype.h>
#include <string.h>
#include <unistd.h>

#include "base/modules.h"
#include "translator/kernel/tree.h"
#include "translator/messages.h"
#include "translator/point.h"
#include "translator/point_messages.h"

static bool is_undecided(const struct session *s)
{
	return s->opt.runtime == RUNTIME_AUTO;
}

/* The first reason is the one that is told. */
static void wish_kernel(struct session *s, const char *why, bool is_certain)
{
	if (!is_undecided(s))
		return;
	if (!s->kernel_why)
		s->kernel_why = why;
	s->kernel_is_certain |= is_certain;
}

/* ---- what the script is about ---- */

/* Does C text include a header that only the kernel's folders have? */
static bool has_kernel_header(const char *code, size_t len)
{
	static const char *const folders[] = { "linux/", "asm/", "net/", "trace/", "crypto/" };
	const char *end = code + len;

	while ((code = memchr(code, '#', (size_t)(end - code)))) {
		for (code++; code < end && isblank((unsigned char)*code); code++)
			;
		if (end - code < 8 || memcmp(code, "include", 7))
			continue;
		for (code += 7; code < end && isblank((unsigned char)*code); code++)
			;
		for (size_t i = 0; i < sizeof(folders) / sizeof(*folders); i++) {
			size_t n = strlen(folders[i]);

			if ((size_t)(end - code) > n && *code == '<' && !memcmp(code + 1, folders[i], n))
				return true;
		}
	}
	return false;
}

static bool is_kernel_code(const struct decl *d)
{
	const struct stmt *body = d->kind == DECL_FUNCTION ? d->function.body : NULL;

	if (d->kind == DECL_EMBEDDED)
		return has_kernel_header(d->embedded.code, d->embedded.len);
	return body && body->kind == STMT_EMBEDDED &&
	       has_kernel_header(body->embedded.code, body->embedded.len);
}

/* Places in the kernel that the script names itself and can't do without. */
static void look_at_points(struct session *s, const struct decl *d)
{
	VEC_EACH(&d->probe.points, i) {
		const struct point *p = d->probe.points.at[i];

		if (point_is_kernel(p, p) && !p->is_optional && !p->is_sufficient)
			wish_kernel(s, arena_printf(s->arena, "the script needs it for %s",
						    point_text(s->arena, p)), true);
	}
}

void choose_by_text(struct session *s)
{
	VEC_EACH(&s->user_files, f) {
		const struct syntax_file *file = s->user_files.at[f];

		VEC_EACH(&file->decls, i) {
			const struct decl *d = file->decls.at[i];

			if (d->kind == DECL_PROBE && !s->opt.list)
				look_at_points(s, d);
			else if (is_kernel_code(d))
				wish_kernel(s, "the script needs it for headers of the kernel", true);
		}
	}
}

static void refuse_kernel_code(struct session *s, const struct decl *d)
{
	if (s->opt.runtime == RUNTIME_USER && is_kernel_code(d))
		diag_error(&s->diag, d->loc, E_EMBEDDED_KERNEL);
}

void choose_by_embedded(struct session *s)
{
	VEC_EACH(&s->embedded, i) {
		refuse_kernel_code(s, s->embedded.at[i]);
		if (is_kernel_code(s->embedded.at[i]))
			wish_kernel(s, "the script needs it for headers of the kernel", true);
	}
}

void choose_needs_kernel(struct session *s, const char *what)
{
	wish_kernel(s, arena_printf(s->arena, "the script needs it for %s", what), false);
}

/* ---- what the machine can do ---- */

/* Why no module can be made for the running kernel and loaded; NULL: it can. */
static const char *module_refusal(struct session *s)
{
	const char *refusal = modules_refusal();
	struct kernel_tree k;

	if (refusal)
		return refusal;
	kernel_tree_find(s, &k);
	return access(arena_printf(s->arena, "%s/Makefile", k.headers), R_OK) ?
		       arena_printf(s->arena, "the headers of kernel %s are not installed", k.release) : NULL;
}

static bool probes_programs(const struct session *s)
{
	VEC_EACH(&s->probes, i)
		if (s->probes.at[i]->family->is_of_programs)
			return true;
	return false;
}

/* The kernel runtime sees all programs, whoever runs them, and stops none. */
void choose_by_probes(struct session *s)
{
	const char *refusal;

	if (!is_undecided(s) || s->kernel_is_certain)
		return;
	s->runtime_why = "it probes all that the script asks for, and needs no module";
	if (!s->opt.command && !s->opt.target_pid && !s->opt.list && probes_programs(s)) {
		refusal = module_refusal(s);
		if (!refusal) {
			s->kernel_why = "it probes the programs of the whole system";
			s->kernel_is_certain = true;
			return;
		}
		s->runtime_why = arena_printf(s->arena, "without a module: %s", refusal);
	}
	log_at(&s->log, 1, "Runtime: user (%s).", s->runtime_why);
}

/* ---- the decision ---- */

void choose_begin(struct session *s)
{
	const char *refusal = NULL;

	s->runtime = s->opt.runtime == RUNTIME_KERNEL ? RUNTIME_KERNEL : RUNTIME_USER;
	if (is_undecided(s)) /* choose_by_probes tells */
		return;
	s->runtime_why = s->opt.runtime_why ? s->opt.runtime_why :
			 s->runtime == RUNTIME_KERNEL ? "asked for by --runtime=kernel" :
							"asked for by --runtime=user";
	log_at(&s->log, 1, "Runtime: %s (%s).", s->runtime == RUNTIME_KERNEL ? "kernel" : "user", s->runtime_why);
	VEC_EACH(&s->user_files, f)
		VEC_EACH(&s->user_files.at[f]->decls, i)
			refuse_kernel_code(s, s->user_files.at[f]->decls.at[i]);
	if (s->runtime == RUNTIME_KERNEL && s->opt.last_pass == 5 && !s->opt.list && !s->opt.dump_pass)
		refusal = modules_refusal();
	if (refusal && s->opt.runtime_why)
		diag_error(&s->diag, (struct loc){ 0 }, E_CANNOT_LOAD_FOR, refusal, s->runtime_why);
	else if (refusal)
		diag_error(&s->diag, (struct loc){ 0 }, E_CANNOT_LOAD, refusal);
}

bool choose_again(const struct session *s, bool is_good)
{
	return s->kernel_why && (s->kernel_is_certain || !is_good);
}

void choose_options(const struct session *s, struct options *opt)
{
	*opt = s->opt;
	opt->runtime = RUNTIME_KERNEL;
	opt->runtime_why = s->kernel_why;
	if (!opt->script_text && !strcmp(opt->script_file, "-")) /* it can't be read twice */
		opt->script_text = s->script_text;
}
