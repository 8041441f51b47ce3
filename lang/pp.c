/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The preprocessor: conditionals and macros, as walks over arrays of tokens.
 *
 * A stack of frames says what is being read: the file, a macro's body, or an
 * argument of a macro's call.  A body's or an argument's frame has a source of
 * its own whose parent is the place of use, so that a message about a token
 * can show the way it came.  An argument is a closure: its tokens and the
 * scope in which the call stood.
 */
#include "lang/parse_int.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "lang/grammar.h"
#include "lang/messages.h"

struct range {
	const struct token *at, *end;
	uint32_t file; /* the source that the tokens' offsets count in */
};

/* What @parameter means inside a macro's body. */
struct scope {
	const struct macro *macro;
	const struct scope *outer; /* in which the call stands */
	struct argument {
		struct range tokens;
		const struct scope *scope;
	} *args;
};

struct macro {
	const char *name;
	struct loc loc;
	VEC(const char *) params;
	struct range body;
};

struct frame {
	struct range tokens;
	uint32_t file; /* what a loc says: TOKENS.file, or the expansion's own source */
	uint32_t base; /* subtracted from offsets */
	const struct scope *scope;
};

struct conditional {
	struct loc loc;
	size_t frame;  /* depth of the stack at which it was opened */
	bool has_else; /* its "%:" has been */
};

struct pp {
	struct parse_env *env;
	struct map macros; /* of this file */
	VEC(struct frame) frames;
	VEC(struct conditional) open;
	unsigned n_expanded;
	unsigned max_errors; /* of diag's counter */
	bool has_peeked;
	struct token peeked;
	struct loc peeked_loc;
};

static const struct token end_token;

struct pp *pp_new(struct parse_env *env, uint32_t source, const struct tokens *tokens)
{
	struct pp *pp = ARENA_NEW(env->arena, struct pp);
	struct frame frame = {
		.tokens = { tokens->at, tokens->at + tokens->n, source },
		.file = source,
	};

	pp->env = env;
	pp->max_errors = env->diag->n_errors + MAX_ERRORS;
	map_init(&pp->macros, env->arena);
	VEC_PUSH(env->arena, &pp->frames, frame);
	return pp;
}

static struct frame *top(struct pp *pp)
{
	return &VEC_LAST(&pp->frames);
}

static struct loc frame_loc(const struct frame *f, const struct token *t)
{
	return (struct loc){ f->file, t->offset - f->base };
}

/* The end of the file, for messages. */
static struct loc end_loc(const struct pp *pp)
{
	uint32_t file = pp->frames.at[0].file;

	return (struct loc){ file, sources_get(pp->env->sources, file)->len };
}

/* The next token of this frame alone, without looking at it; NULL at its end. */
static const struct token *raw(struct pp *pp, struct loc *loc)
{
	struct frame *f = top(pp);

	if (f->tokens.at == f->tokens.end)
		return NULL;
	*loc = frame_loc(f, f->tokens.at);
	return f->tokens.at++;
}

static const struct token *raw_peek(struct pp *pp)
{
	struct frame *f = top(pp);

	return f->tokens.at == f->tokens.end ? NULL : f->tokens.at;
}

static void report_junk(struct pp *pp, const struct token *t, struct loc loc)
{
	struct diag *d = pp->env->diag;

	switch ((enum junk)t->len) {
	case JUNK_QUOTE:
		diag_error(d, loc, E_QUOTE);
		break;
	case JUNK_EMBEDDED:
		diag_error(d, loc, E_EMBEDDED_END);
		break;
	case JUNK_NUMBER:
		diag_error(d, loc, E_NUMBER);
		break;
	case JUNK_CHARACTER:
		diag_error(d, loc, E_CHARACTER);
		break;
	case JUNK_ARGUMENT:
		diag_error(d, loc, E_ARGUMENT, pp->env->n_args);
		break;
	case JUNK_NESTED:
		diag_error(d, loc, E_ARGUMENT_NESTED);
		break;
	}
}

/* ---- macros: definition ---- */

/* Skips to the "%)" that closes what has been opened; at its return the frame stands on it. */
static bool skip_to_close(struct pp *pp)
{
	unsigned depth = 0;

	for (const struct token *t; (t = raw_peek(pp)); top(pp)->tokens.at++) {
		if (t->kind == PP_OPEN)
			depth++;
		else if (t->kind == PP_CLOSE && !depth--)
			return true;
	}
	return false;
}

/* The words of the print family are no keywords. */
static bool is_name(int kind)
{
	return kind == NAME || kind == PRINT || kind == PRINTF || kind == PRINTD;
}

/* "(a, b)" after the name. */
static bool read_parameters(struct pp *pp, struct macro *m)
{
	struct diag *d = pp->env->diag;
	struct loc loc = m->loc;
	const struct token *t;

	do {
		t = raw(pp, &loc);
		if (!t || !is_name(t->kind)) {
			diag_error(d, loc, E_MACRO_PARAMETER);
			return false;
		}
		VEC_PUSH(pp->env->arena, &m->params, t->text);
		t = raw(pp, &loc);
	} while (t && t->kind == ',');
	if (t && t->kind == ')')
		return true;
	diag_error(d, loc, E_MACRO_PARAMETERS, m->name);
	if (t)
		top(pp)->tokens.at--; /* it may open the body */
	return false;
}

/* The body of a macro whose head was wrong is not read as a condition. */
static bool skip_body(struct pp *pp)
{
	const struct token *t = raw_peek(pp);

	if (t && t->kind == PP_OPEN) {
		top(pp)->tokens.at++;
		if (skip_to_close(pp))
			top(pp)->tokens.at++;
	}
	return false;
}

/* What follows "@define".  False after an error, which ends in the middle of it. */
static bool read_macro(struct pp *pp, struct loc at)
{
	struct diag *d = pp->env->diag;
	struct macro *m = ARENA_NEW(pp->env->arena, struct macro), *old;
	struct loc loc = at;
	const struct token *t = raw(pp, &loc);

	if (pp->frames.n > 1) {
		diag_error(d, at, E_MACRO_NESTED);
		return skip_body(pp);
	}
	if (!t || !is_name(t->kind)) {
		diag_error(d, loc, E_MACRO_NAME);
		return skip_body(pp);
	}
	m->name = t->text;
	m->loc = loc;
	t = raw(pp, &loc);
	if (t && t->kind == '(') {
		if (!read_parameters(pp, m))
			return skip_body(pp);
		t = raw(pp, &loc);
	}
	if (!t || t->kind != PP_OPEN) {
		diag_error(d, loc, E_MACRO_BODY, m->name);
		return false;
	}
	m->body = top(pp)->tokens;
	if (!skip_to_close(pp)) {
		diag_error(d, m->loc, E_MACRO_END);
		return false;
	}
	m->body.end = top(pp)->tokens.at++;
	old = map_find(&pp->macros, m->name);
	if (old) {
		diag_error(d, m->loc, E_MACRO_REDEFINED, m->name);
		diag_note(d, old->loc, N_MACRO_FIRST, m->name);
		return true; /* the first one stays */
	}
	if (lex_is_operator(m->name))
		diag_warning(d, m->loc, W_MACRO_BUILTIN, m->name);
	map_put(&pp->macros, m->name, m);
	return true;
}

/* ---- macros: use ---- */

/* Ends the text here: what runs away would do so again and again. */
static void give_up(struct pp *pp)
{
	pp->frames.n = 1;
	pp->open.n = 0;
	top(pp)->tokens.at = top(pp)->tokens.end;
}

static bool push_frame(struct pp *pp, struct range tokens, const struct scope *scope,
		       struct loc use, const char *name)
{
	struct parse_env *env = pp->env;
	const struct source *base = sources_get(env->sources, tokens.file);
	struct frame f = { .tokens = tokens, .scope = scope };
	struct source s = *base;

	if (pp->frames.n >= MAX_MACRO_DEPTH) {
		diag_error(env->diag, use, E_MACRO_DEPTH);
		give_up(pp);
		return false;
	}
	pp->n_expanded += (unsigned)(tokens.end - tokens.at);
	if (pp->n_expanded > MAX_MACRO_TOKENS) {
		diag_error(env->diag, use, E_MACRO_SIZE, MAX_MACRO_TOKENS);
		give_up(pp);
		return false;
	}
	if (tokens.at == tokens.end)
		return true;
	f.base = tokens.at->offset;
	s.text += f.base;
	s.len = tokens.end[-1].end - f.base;
	s.parent = use;
	s.via = arena_printf(env->arena, "macro '@%s'", name);
	s.base_file = base->base_file ? base->base_file : tokens.file;
	s.base_offset = base->base_offset + f.base;
	f.file = sources_add(env->sources, &s);
	VEC_PUSH(env->arena, &pp->frames, f);
	return true;
}

/* The arguments of a call of M, up to the ")". */
static bool read_arguments(struct pp *pp, struct scope *scope, const struct macro *m, struct loc use)
{
	struct diag *d = pp->env->diag;
	struct frame *f = top(pp);
	struct loc loc = use;
	const struct token *t = raw(pp, &loc), *start;
	size_t n = 0;
	unsigned depth = 0;

	if (!t || t->kind != '(') {
		diag_error(d, loc, E_MACRO_CALL, m->name, m->params.n, m->params.n == 1 ? "" : "s");
		return false;
	}
	scope->args = ARENA_ARRAY(pp->env->arena, m->params.n, struct argument);
	for (start = f->tokens.at; (t = raw(pp, &loc));) {
		if (t->kind == '(' || t->kind == '[' || t->kind == '{') {
			depth++;
		} else if (depth && (t->kind == ')' || t->kind == ']' || t->kind == '}')) {
			depth--;
		} else if (!depth && (t->kind == ',' || t->kind == ')')) {
			if (n == m->params.n) {
				diag_error(d, loc, E_MACRO_MANY, m->name, m->params.n);
				return false;
			}
			scope->args[n++] = (struct argument){
				.tokens = { start, t, f->tokens.file },
				.scope = f->scope,
			};
			start = f->tokens.at;
			if (t->kind == ')')
				break;
		}
	}
	if (!t)
		diag_error(d, use, E_MACRO_CALL_END, m->name);
	else if (n < m->params.n)
		diag_error(d, loc, E_MACRO_FEW, m->name, m->params.n);
	return t && n == m->params.n;
}

static bool expand_macro(struct pp *pp, const struct macro *m, struct loc use)
{
	struct scope *scope = ARENA_NEW(pp->env->arena, struct scope);

	scope->macro = m;
	scope->outer = top(pp)->scope;
	for (const struct scope *s = scope->outer; s; s = s->outer) {
		if (s->macro == m) {
			diag_error(pp->env->diag, use, E_MACRO_RECURSION, m->name);
			return false;
		}
	}
	if (m->params.n && !read_arguments(pp, scope, m, use))
		return false;
	return push_frame(pp, m->body, scope, use, m->name);
}

/* True when T stands for something else: then that is read next, or *FAILED is set. */
static bool expand(struct pp *pp, const struct token *t, struct loc loc, bool *failed)
{
	const struct scope *scope = top(pp)->scope;
	const struct macro *m;

	if (scope) {
		for (size_t i = 0; i < scope->macro->params.n; i++) {
			const struct argument *a = &scope->args[i];

			if (scope->macro->params.at[i] == t->text) {
				*failed = !push_frame(pp, a->tokens, a->scope, loc, t->text);
				return true;
			}
		}
	}
	m = map_find(&pp->macros, t->text);
	if (!m && t->kind == AT_WORD && pp->env->library_macro)
		m = pp->env->library_macro(pp->env->data, t->text);
	if (m)
		*failed = !expand_macro(pp, m, loc);
	return m != NULL;
}

static bool is_at_word(int kind)
{
	switch (kind) {
	case AT_WORD: case STATOP: case HIST_LOG_OP: case HIST_LINEAR_OP: case CAST: case VAR:
	case DEFINED: case ENTRY: case PERF: case CONST: case INTERNAL:
		return true;
	default:
		return false;
	}
}

/* ---- conditionals ---- */

static struct token expanded(struct pp *pp, struct loc *loc);

/* The next token inside of a condition. */
static struct token condition_token(struct pp *pp, struct loc *loc)
{
	struct token t = expanded(pp, loc);

	if (t.kind == JUNK) {
		report_junk(pp, &t, *loc);
		t.kind = SCRIPT_error;
	}
	return t;
}

static const char *or_empty(const char *s)
{
	return s ? s : "";
}

static bool is_config_name(const char *name)
{
	return !strncmp(name, "CONFIG_", 7);
}

static const char *config_value(const struct pp *pp, const char *name)
{
	const struct parse_env *env = pp->env;

	return or_empty(env->kernel_config ? env->kernel_config(env->data, name) : NULL);
}

static bool order_holds(int op, int order)
{
	switch (op) {
	case EQ:
		return order == 0;
	case NE:
		return order != 0;
	case '<':
		return order < 0;
	case '>':
		return order > 0;
	case LE:
		return order <= 0;
	default:
		return order >= 0;
	}
}

static bool is_comparison(int kind)
{
	return kind == EQ || kind == NE || kind == '<' || kind == '>' || kind == LE || kind == GE;
}

/* The operator of a condition.  False after an error. */
static bool read_operator(struct pp *pp, bool only_equality, struct token *op, struct loc *loc)
{
	*op = condition_token(pp, loc);
	if (op->kind == SCRIPT_error)
		return false;
	if (is_comparison(op->kind) && (!only_equality || op->kind == EQ || op->kind == NE))
		return true;
	diag_error(pp->env->diag, *loc, E_CONDITION_OPERATOR,
		   only_equality ? "'==' or '!='" : "comparison operator");
	return false;
}

enum comparison { COMPARE_PLAIN, COMPARE_WILDCARD, COMPARE_VERSION };

/* "operator string" against VALUE.  Versions have an order, the rest only equality. */
static bool compare_string(struct pp *pp, const char *value, enum comparison how, bool *result)
{
	struct loc op_loc, loc;
	struct token op, t;

	if (!read_operator(pp, how == COMPARE_WILDCARD, &op, &op_loc))
		return false;
	t = condition_token(pp, &loc);
	if (t.kind != STRING) {
		if (t.kind != SCRIPT_error)
			diag_error(pp->env->diag, loc, E_CONDITION_STRING);
		return false;
	}
	if (how != COMPARE_PLAIN && strpbrk(t.text, "*?[")) {
		if (op.kind != EQ && op.kind != NE) {
			diag_error(pp->env->diag, op_loc, E_CONDITION_ORDER);
			return false;
		}
		*result = (op.kind == EQ) == !fnmatch(t.text, value, FNM_NOESCAPE);
	} else if (how == COMPARE_VERSION) {
		*result = order_holds(op.kind, strverscmp(value, t.text));
	} else {
		*result = order_holds(op.kind, strcmp(value, t.text));
	}
	return true;
}

static bool compare_number(struct pp *pp, int64_t value, bool only_equality, bool *result)
{
	struct loc loc;
	struct token op, t;
	int64_t right;

	if (!read_operator(pp, only_equality, &op, &loc))
		return false;
	t = condition_token(pp, &loc);
	if (t.kind == NUMBER) {
		right = (int64_t)t.number;
	} else if (t.kind == NAME && is_config_name(t.text)) {
		right = strtoll(config_value(pp, t.text), NULL, 0);
	} else {
		if (t.kind != SCRIPT_error)
			diag_error(pp->env->diag, loc, E_CONDITION_NUMBER);
		return false;
	}
	*result = order_holds(op.kind, value < right ? -1 : value > right);
	return true;
}

/* CONFIG_X: as a number where it is compared with one or with another CONFIG_Y. */
static bool compare_config(struct pp *pp, const char *name, bool *result)
{
	const struct frame *f = top(pp);
	const struct token *right = f->tokens.end - f->tokens.at >= 2 ? &f->tokens.at[1] : NULL;
	const char *value = config_value(pp, name);

	if (right && (right->kind == NUMBER || (right->kind == NAME && is_config_name(right->text))))
		return compare_number(pp, strtoll(value, NULL, 0), false, result);
	return compare_string(pp, value, COMPARE_WILDCARD, result);
}

static bool eval_name(struct pp *pp, const char *name, struct loc loc, bool *result)
{
	const struct parse_env *env = pp->env;
	const char *release = or_empty(env->kernel_release);

	if (!strcmp(name, "kernel_vr"))
		return compare_string(pp, release, COMPARE_VERSION, result);
	if (!strcmp(name, "kernel_v"))
		return compare_string(pp,
				      arena_strndup(env->arena, release, strcspn(release, "-")),
				      COMPARE_VERSION, result);
	if (!strcmp(name, "systemtap_v"))
		return compare_string(pp, or_empty(env->version), COMPARE_VERSION, result);
	if (!strcmp(name, "arch"))
		return compare_string(pp, or_empty(env->arch), COMPARE_WILDCARD, result);
	if (!strcmp(name, "runtime"))
		return compare_string(pp, or_empty(env->runtime), COMPARE_WILDCARD, result);
	if (!strcmp(name, "systemtap_privilege"))
		return compare_string(pp, or_empty(env->privilege), COMPARE_WILDCARD, result);
	if (!strcmp(name, "guru_mode"))
		return compare_number(pp, env->guru, true, result);
	if (is_config_name(name))
		return compare_config(pp, name, result);
	diag_error(env->diag, loc, E_CONDITION);
	return false;
}

/* One comparison.  False after an error. */
static bool eval_simple(struct pp *pp, bool *result)
{
	struct loc loc;
	struct token t = condition_token(pp, &loc);

	switch (t.kind) {
	case NAME:
		return eval_name(pp, t.text, loc, result);
	case STRING:
		return compare_string(pp, t.text, COMPARE_PLAIN, result);
	case NUMBER:
		return compare_number(pp, (int64_t)t.number, false, result);
	case SCRIPT_error:
		return false;
	default:
		diag_error(pp->env->diag, loc, E_CONDITION);
		return false;
	}
}

/* "a && b || c", up to and with the "%?". */
static bool eval_condition(struct pp *pp, struct loc open, bool *result)
{
	struct loc loc;
	struct token t;
	bool product = true, value;

	for (*result = false;;) {
		if (!eval_simple(pp, &value))
			return false;
		product &= value;
		t = condition_token(pp, &loc);
		if (t.kind == LAND)
			continue;
		*result |= product;
		product = true;
		if (t.kind == LOR)
			continue;
		if (t.kind == PP_THEN)
			return true;
		if (t.kind != SCRIPT_error)
			diag_error(pp->env->diag, open, E_CONDITION_MARK);
		return false;
	}
}

/*
 * Skips a branch of a conditional.  Returns the mark that ended it (PP_ELSE
 * only where WANT_ELSE), or 0 at the end of the text.
 */
static int skip_branch(struct pp *pp, bool want_else)
{
	unsigned depth = 0;
	struct loc loc;

	for (const struct token *t; (t = raw(pp, &loc));) {
		if (t->kind == PP_OPEN)
			depth++;
		else if (t->kind == PP_ELSE && !depth && want_else)
			return PP_ELSE;
		else if (t->kind == PP_CLOSE && !depth--)
			return PP_CLOSE;
	}
	return 0;
}

static bool open_conditional(struct pp *pp, struct loc loc)
{
	struct conditional c = { .loc = loc, .frame = pp->frames.n };
	bool result;
	int mark;

	if (!eval_condition(pp, loc, &result)) {
		skip_branch(pp, false); /* one error is enough */
		return false;
	}
	if (result) {
		c.frame = pp->frames.n;
		VEC_PUSH(pp->env->arena, &pp->open, c);
		return true;
	}
	mark = skip_branch(pp, true);
	c.has_else = true;
	if (mark == PP_ELSE)
		VEC_PUSH(pp->env->arena, &pp->open, c);
	else if (!mark)
		diag_error(pp->env->diag, loc, E_CONDITION_OPEN);
	return mark != 0;
}

/* "%:" or "%)" behind a branch that was taken. */
static bool close_conditional(struct pp *pp, int mark, struct loc loc)
{
	struct conditional c;

	if (!pp->open.n || VEC_LAST(&pp->open).frame != pp->frames.n) {
		diag_error(pp->env->diag, loc, E_CONDITION_STRAY);
		return false;
	}
	c = VEC_LAST(&pp->open);
	pp->open.n--;
	if (mark == PP_CLOSE)
		return true;
	if (!c.has_else)
		mark = skip_branch(pp, true);
	if (mark == PP_ELSE) {
		diag_error(pp->env->diag, loc, E_CONDITION_ELSE);
		skip_branch(pp, false);
	} else if (!mark) {
		diag_error(pp->env->diag, c.loc, E_CONDITION_OPEN);
	}
	return mark == PP_CLOSE;
}

/* ---- the stream of tokens ---- */

/* Leaves the frame that has ended.  False after an error. */
static bool pop_frame(struct pp *pp)
{
	bool ok = true;

	while (pp->open.n && VEC_LAST(&pp->open).frame == pp->frames.n) {
		diag_error(pp->env->diag, VEC_LAST(&pp->open).loc, E_CONDITION_OPEN);
		pp->open.n--;
		ok = false;
	}
	if (pp->frames.n > 1)
		pp->frames.n--;
	return ok;
}

static void report_unknown(struct pp *pp, const char *name, struct loc loc)
{
	struct parse_env *env = pp->env;
	const char *similar[1];
	VEC(const char *) names = { 0 };

	/* @this1 to @this8: a value that a call's entry keeps for its return */
	if (!strncmp(name, "this", 4) && name[4] >= '1' && name[4] <= '8' && !name[5]) {
		diag_error(env->diag, loc, E_KERNEL_MACRO, name);
		return;
	}
	diag_error(env->diag, loc, E_UNKNOWN_MACRO, name);
	for (size_t i = 0; lex_operator(i); i++)
		VEC_PUSH(env->arena, &names, lex_operator(i));
	for (size_t i = 0; i < pp->macros.n; i++)
		VEC_PUSH(env->arena, &names, pp->macros.entries[i].key);
	if (diag_similar(name, names.at, (unsigned)names.n, similar, 1))
		diag_note(env->diag, (struct loc){ 0 }, N_UNKNOWN_SIMILAR, similar[0]);
}

/* The next token behind macros, but with the marks of conditionals and with JUNK. */
static struct token expanded(struct pp *pp, struct loc *loc)
{
	const struct token *t;
	struct token error = { .kind = SCRIPT_error };
	bool failed = false;

	for (;;) {
		t = raw(pp, loc);
		if (!t) {
			bool is_last = pp->frames.n == 1;

			if (!pop_frame(pp))
				return error;
			if (!is_last)
				continue;
			*loc = end_loc(pp);
			return end_token;
		}
		if (!is_at_word(t->kind))
			return *t;
		if (!expand(pp, t, *loc, &failed)) {
			if (t->kind != AT_WORD)
				return *t;
			report_unknown(pp, t->text, *loc);
			return error;
		}
		if (failed)
			return error;
	}
}

static struct token next(struct pp *pp, struct loc *loc)
{
	if (pp->env->diag->n_errors > pp->max_errors)
		give_up(pp);
	for (;;) {
		struct token t = expanded(pp, loc);
		bool ok = true;

		switch (t.kind) {
		case JUNK:
			report_junk(pp, &t, *loc);
			ok = false;
			break;
		case PP_OPEN:
			ok = open_conditional(pp, *loc);
			break;
		case PP_THEN: case PP_ELSE: case PP_CLOSE:
			ok = close_conditional(pp, t.kind, *loc);
			break;
		case PP_DEFINE:
			ok = read_macro(pp, *loc);
			break;
		default:
			return t;
		}
		if (!ok) {
			t.kind = SCRIPT_error;
			return t;
		}
	}
}

struct token pp_next(struct pp *pp, struct loc *loc)
{
	struct token t;
	struct buf joined;

	if (pp->has_peeked) {
		pp->has_peeked = false;
		*loc = pp->peeked_loc;
		t = pp->peeked;
	} else {
		t = next(pp, loc);
	}
	if (t.kind != STRING)
		return t;
	pp->peeked = next(pp, &pp->peeked_loc);
	pp->has_peeked = true;
	if (pp->peeked.kind != STRING)
		return t;
	buf_init(&joined);
	buf_add(&joined, t.text, t.len);
	for (; pp->peeked.kind == STRING; pp->peeked = next(pp, &pp->peeked_loc))
		buf_add(&joined, pp->peeked.text, pp->peeked.len);
	t.text = arena_strndup(pp->env->arena, joined.data, joined.len);
	t.len = (uint32_t)joined.len;
	buf_fini(&joined);
	return t;
}

void pp_read_macros(struct pp *pp, struct map *macros)
{
	struct loc loc;
	struct token t = next(pp, &loc);

	if (t.kind && t.kind != SCRIPT_error)
		diag_error(pp->env->diag, loc, E_MACRO_FILE);
	for (size_t i = 0; i < pp->macros.n; i++)
		map_put(macros, pp->macros.entries[i].key, pp->macros.entries[i].value);
}
