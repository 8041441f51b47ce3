/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "translator/regex.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/vec.h"

#define MAX_INSNS 4000
#define MAX_STATES 500 /* beyond that the tables cost more to compile than they save */
#define MAX_REPEAT 32767
#define MAX_DEPTH 200

/* ---- pattern -> tree ---- */

enum node_kind { NODE_EMPTY, NODE_SET, NODE_CAT, NODE_ALT, NODE_REPEAT, NODE_GROUP, NODE_BEGIN, NODE_END };

struct node {
	enum node_kind kind;
	struct node *a, *b;
	int min, max;   /* REPEAT; max -1: no bound */
	unsigned group; /* GROUP: number from 1 */
	unsigned set;   /* SET: index */
};

struct parser {
	struct arena *arena;
	const char *begin, *p;
	const char *why;
	unsigned n_groups, depth;
	VEC(uint8_t *) sets;
};

static struct node *node_new(struct parser *ps, enum node_kind kind, struct node *a, struct node *b)
{
	struct node *n = ARENA_NEW(ps->arena, struct node);

	n->kind = kind;
	n->a = a;
	n->b = b;
	return n;
}

static struct node *fail(struct parser *ps, const char *why)
{
	if (!ps->why)
		ps->why = why;
	return NULL;
}

static void set_add(uint8_t *set, unsigned c)
{
	set[c / 8] |= 1u << c % 8;
}

static bool set_has(const uint8_t *set, unsigned c)
{
	return set[c / 8] >> c % 8 & 1;
}

static struct node *set_node(struct parser *ps, uint8_t *set)
{
	struct node *n = node_new(ps, NODE_SET, NULL, NULL);

	n->set = ps->sets.n;
	VEC_PUSH(ps->arena, &ps->sets, set);
	return n;
}

static struct node *char_node(struct parser *ps, unsigned char c)
{
	uint8_t *set = arena_alloc(ps->arena, 32);

	set_add(set, c);
	return set_node(ps, set);
}

/* Behind "[:": adds the class's bytes and moves behind ":]". */
static bool parse_class(struct parser *ps, uint8_t *set)
{
	static const struct {
		const char *name;
		int (*is)(int);
	} classes[] = {
		{ "alnum", isalnum }, { "alpha", isalpha }, { "blank", isblank },
		{ "cntrl", iscntrl }, { "digit", isdigit }, { "graph", isgraph },
		{ "lower", islower }, { "print", isprint }, { "punct", ispunct },
		{ "space", isspace }, { "upper", isupper }, { "xdigit", isxdigit },
	};
	const char *end = strstr(ps->p, ":]");

	for (size_t i = 0; end && i < sizeof(classes) / sizeof(classes[0]); i++) {
		size_t n = strlen(classes[i].name);

		if ((size_t)(end - ps->p) != n || memcmp(ps->p, classes[i].name, n))
			continue;
		for (int c = 1; c < 128; c++) /* the C locale's, whatever ours is */
			if (classes[i].is(c))
				set_add(set, c);
		ps->p = end + 2;
		return true;
	}
	fail(ps, "unknown character class");
	return false;
}

/* One end of a range.  As in SystemTap, and not in POSIX, a backslash escapes here, too,
 * and [. and [= mean nothing. */
static int parse_bracket_char(struct parser *ps)
{
	if (*ps->p == '\\' && ps->p[1])
		ps->p++;
	return (unsigned char)*ps->p++;
}

/* Behind "[". */
static struct node *parse_bracket(struct parser *ps)
{
	uint8_t *set = arena_alloc(ps->arena, 32);
	bool negated = *ps->p == '^', first = true;

	ps->p += negated;
	for (; *ps->p != ']' || first; first = false) {
		int low, high;

		if (!*ps->p)
			return fail(ps, "missing ']'");
		if (ps->p[0] == '[' && ps->p[1] == ':') {
			ps->p += 2;
			if (!parse_class(ps, set))
				return NULL;
			continue;
		}
		low = high = parse_bracket_char(ps);
		if (ps->p[0] == '-' && ps->p[1] && ps->p[1] != ']') {
			ps->p++;
			high = parse_bracket_char(ps);
		}
		if (high < low)
			return fail(ps, "the range ends before it begins");
		for (int c = low; c <= high; c++)
			set_add(set, c);
	}
	ps->p++;
	if (negated)
		for (int i = 0; i < 32; i++)
			set[i] = ~set[i];
	set[0] &= ~1; /* the end of the subject is in no set */
	return set_node(ps, set);
}

static struct node *parse_alternatives(struct parser *ps);

/* Behind "(", or "(?:", which has no number. */
static struct node *parse_group(struct parser *ps)
{
	bool is_numbered = *ps->p != '?';
	unsigned group = is_numbered ? ++ps->n_groups : 0;
	struct node *n;

	if (++ps->depth > MAX_DEPTH)
		return fail(ps, "too many parentheses inside each other");
	if (!is_numbered) {
		if (ps->p[1] != ':')
			return fail(ps, "of groups that begin with '(?' there is only '(?:'");
		ps->p += 2;
	}
	n = parse_alternatives(ps);
	if (!n)
		return NULL;
	if (*ps->p != ')')
		return fail(ps, "missing ')'");
	ps->p++;
	ps->depth--;
	if (!is_numbered)
		return n;
	n = node_new(ps, NODE_GROUP, n, NULL);
	n->group = group;
	return n;
}

static struct node *parse_atom(struct parser *ps)
{
	char c = *ps->p++;

	switch (c) {
	case '(':
		return parse_group(ps);
	case '[':
		return parse_bracket(ps);
	case '.': {
		uint8_t *set = arena_alloc(ps->arena, 32);

		memset(set, 0xff, 32);
		set[0] &= ~1;
		return set_node(ps, set);
	}
	case '^':
		return node_new(ps, NODE_BEGIN, NULL, NULL);
	case '$':
		return node_new(ps, NODE_END, NULL, NULL);
	case '*':
	case '+':
	case '?':
	case '{':
		ps->p--;
		return fail(ps, "nothing to repeat");
	case '\\':
		if (!*ps->p)
			return fail(ps, "'\\' at the end");
		return char_node(ps, *ps->p++);
	default:
		return char_node(ps, c);
	}
}

static bool parse_count(struct parser *ps, int *n)
{
	char *end;
	unsigned long v;

	if (!isdigit((unsigned char)*ps->p))
		return false;
	v = strtoul(ps->p, &end, 10);
	*n = v > MAX_REPEAT ? MAX_REPEAT + 1 : (int)v;
	ps->p = end;
	return true;
}

/* Behind "{". */
static bool parse_interval(struct parser *ps, int *min, int *max)
{
	if (!parse_count(ps, min)) {
		fail(ps, "expected a number behind '{'");
		return false;
	}
	*max = *min;
	if (*ps->p == ',') {
		ps->p++;
		if (!parse_count(ps, max))
			*max = -1;
	}
	if (*ps->p != '}') {
		fail(ps, "missing '}'");
		return false;
	}
	ps->p++;
	if (*min > MAX_REPEAT || *max > MAX_REPEAT)
		fail(ps, "too many repetitions");
	else if (*max >= 0 && *max < *min)
		fail(ps, "the upper bound is below the lower one");
	return !ps->why;
}

static struct node *parse_repeats(struct parser *ps)
{
	struct node *n = parse_atom(ps);

	if (n && (n->kind == NODE_BEGIN || n->kind == NODE_END) && *ps->p && strchr("*+?{", *ps->p))
		return fail(ps, "an anchor can't be repeated");
	while (n && *ps->p && strchr("*+?{", *ps->p)) {
		int min = 0, max = -1;
		char c = *ps->p++;

		if (c == '+')
			min = 1;
		else if (c == '?')
			max = 1;
		else if (c == '{' && !parse_interval(ps, &min, &max))
			return NULL;
		n = node_new(ps, NODE_REPEAT, n, NULL);
		n->min = min;
		n->max = max;
	}
	return n;
}

static struct node *parse_branch(struct parser *ps)
{
	struct node *n = NULL;

	while (*ps->p && *ps->p != '|' && *ps->p != ')') {
		struct node *next = parse_repeats(ps);

		if (!next)
			return NULL;
		n = n ? node_new(ps, NODE_CAT, n, next) : next;
	}
	return n ? n : node_new(ps, NODE_EMPTY, NULL, NULL);
}

static struct node *parse_alternatives(struct parser *ps)
{
	struct node *n = parse_branch(ps);

	while (n && *ps->p == '|') {
		struct node *other;

		ps->p++;
		other = parse_branch(ps);
		if (!other)
			return NULL;
		n = node_new(ps, NODE_ALT, n, other);
	}
	return n;
}

/* ---- tree -> program ---- */

struct assembler {
	struct arena *arena;
	VEC(struct regex_insn) code;
	bool is_full;
};

static unsigned put(struct assembler *as, enum regex_op op, unsigned x, unsigned y)
{
	struct regex_insn insn = { op, x, y };

	if (as->code.n >= MAX_INSNS) {
		as->is_full = true;
		return 0;
	}
	VEC_PUSH(as->arena, &as->code, insn);
	return as->code.n - 1;
}

static void assemble(struct assembler *as, const struct node *n);

/* Prefers going through the body: SPLIT's first choice. */
static void assemble_repeat(struct assembler *as, const struct node *n)
{
	unsigned split;

	for (int i = 0; i < n->min && !as->is_full; i++)
		assemble(as, n->a);
	if (n->max < 0) {
		split = put(as, REGEX_SPLIT, as->code.n + 1, 0);
		assemble(as, n->a);
		put(as, REGEX_JUMP, split, 0);
		as->code.at[split].y = as->code.n;
		return;
	}
	for (int i = n->min; i < n->max && !as->is_full; i++) {
		split = put(as, REGEX_SPLIT, as->code.n + 1, 0);
		assemble(as, n->a);
		as->code.at[split].y = as->code.n;
	}
}

static void assemble(struct assembler *as, const struct node *n)
{
	unsigned split, jump;

	if (as->is_full)
		return;
	switch (n->kind) {
	case NODE_EMPTY:
		break;
	case NODE_SET:
		put(as, REGEX_SET, n->set, 0);
		break;
	case NODE_CAT:
		assemble(as, n->a);
		assemble(as, n->b);
		break;
	case NODE_ALT:
		split = put(as, REGEX_SPLIT, as->code.n + 1, 0);
		assemble(as, n->a);
		jump = put(as, REGEX_JUMP, 0, 0);
		as->code.at[split].y = as->code.n;
		assemble(as, n->b);
		as->code.at[jump].x = as->code.n;
		break;
	case NODE_REPEAT:
		assemble_repeat(as, n);
		break;
	case NODE_GROUP:
		if (n->group <= REGEX_GROUPS_MAX)
			put(as, REGEX_SAVE, 2 * n->group, 0);
		assemble(as, n->a);
		if (n->group <= REGEX_GROUPS_MAX)
			put(as, REGEX_SAVE, 2 * n->group + 1, 0);
		break;
	case NODE_BEGIN:
		put(as, REGEX_BEGIN, 0, 0);
		break;
	case NODE_END:
		put(as, REGEX_END, 0, 0);
		break;
	}
}

/* ---- program -> automaton ---- */

/*
 * A state is the set of SET and END instructions that wait for the next byte (or
 * for the subject's end).  The pattern may begin at every byte, so the start
 * is part of every state; a state whose closure reaches ACCEPT is replaced by
 * REGEX_MATCHED at once.
 */
struct subset {
	struct arena *arena;
	const struct regex *re;
	size_t words;            /* of a set of instructions */
	uint64_t *set, *reach;   /* scratch */
	VEC(uint64_t *) states;
	VEC(bool) at_end;        /* accepts when the subject ends here */
	unsigned *hash;          /* state + 1 by content */
	size_t hash_size;
	bool is_full;
};

static bool bit(const uint64_t *set, unsigned i)
{
	return set[i / 64] >> i % 64 & 1;
}

/* Adds PC and what it reaches without a byte; true when that is ACCEPT. */
static bool close_over(const struct regex *re, uint64_t *set, unsigned pc, bool is_begin)
{
	unsigned stack[MAX_INSNS + 1], n = 0; /* grows by one for each SPLIT seen, once */
	bool accepts = false;

	stack[n++] = pc;
	while (n) {
		const struct regex_insn *in;

		pc = stack[--n];
		if (bit(set, pc))
			continue;
		set[pc / 64] |= UINT64_C(1) << pc % 64;
		in = &re->insns[pc];
		switch ((enum regex_op)in->op) {
		case REGEX_SET:
		case REGEX_END:
			break;
		case REGEX_SPLIT:
			if (!bit(set, in->y))
				stack[n++] = in->y;
			if (!bit(set, in->x))
				stack[n++] = in->x;
			break;
		case REGEX_JUMP:
			stack[n++] = in->x;
			break;
		case REGEX_SAVE:
			stack[n++] = pc + 1;
			break;
		case REGEX_BEGIN:
			if (is_begin)
				stack[n++] = pc + 1;
			break;
		case REGEX_ACCEPT:
			accepts = true;
			break;
		}
	}
	return accepts;
}

/* END takes the end of the subject like a byte, as in SystemTap: nothing but ACCEPT is behind it. */
static bool accepts_at_end(struct subset *sb, const uint64_t *set)
{
	memset(sb->reach, 0, sb->words * sizeof(*set));
	for (unsigned pc = 0; pc < sb->re->n_insns; pc++)
		if (bit(set, pc) && sb->re->insns[pc].op == REGEX_END &&
		    close_over(sb->re, sb->reach, pc + 1, false))
			return true;
	return false;
}

/* The number of the state whose set is sb->set; that of the beginning is never another's. */
static unsigned state_of(struct subset *sb, bool is_begin)
{
	const uint64_t *set = sb->set;
	uint64_t h = is_begin;
	size_t slot;

	for (size_t i = 0; i < sb->words; i++)
		h = (h ^ set[i]) * UINT64_C(0x9e3779b97f4a7c15);
	for (slot = h >> 40; sb->hash[slot %= sb->hash_size]; slot++) {
		unsigned s = sb->hash[slot] - 1;

		if (s && !memcmp(sb->states.at[s], set, sb->words * sizeof(*set)))
			return s;
	}
	if (sb->states.n >= MAX_STATES) {
		sb->is_full = true;
		return 0;
	}
	VEC_PUSH(sb->arena, &sb->states, arena_memdup(sb->arena, set, sb->words * sizeof(*set)));
	VEC_PUSH(sb->arena, &sb->at_end, accepts_at_end(sb, set));
	sb->hash[slot] = sb->states.n;
	return sb->states.n - 1;
}

/* Bytes that no set tells apart are one class. */
static void find_classes(struct regex *re)
{
	unsigned char sample[256];

	re->n_classes = 0;
	for (unsigned c = 0; c < 256; c++) {
		unsigned k;

		for (k = 0; k < re->n_classes; k++) {
			unsigned i = 0;

			while (i < re->n_sets &&
			       set_has(re->sets[i], c) == set_has(re->sets[i], sample[k]))
				i++;
			if (i == re->n_sets)
				break;
		}
		if (k == re->n_classes)
			sample[re->n_classes++] = c;
		re->class[c] = k;
	}
}

static unsigned class_sample(const struct regex *re, unsigned class)
{
	unsigned c = 0;

	while (re->class[c] != class)
		c++;
	return c;
}

/* The state behind FROM and a byte of the class; REGEX_MATCHED when that is a match. */
static unsigned step(struct subset *sb, unsigned from, unsigned byte)
{
	const struct regex *re = sb->re;
	bool accepts;

	memset(sb->set, 0, sb->words * sizeof(*sb->set));
	accepts = close_over(re, sb->set, 0, false);
	for (unsigned pc = 0; pc < re->n_insns; pc++)
		if (bit(sb->states.at[from], pc) && re->insns[pc].op == REGEX_SET &&
		    set_has(re->sets[re->insns[pc].x], byte))
			accepts |= close_over(re, sb->set, pc + 1, false);
	return accepts ? REGEX_MATCHED : state_of(sb, false);
}

/* States that accept at the end go last, so that one comparison tells them. */
static void renumber(struct regex *re, const struct subset *sb, unsigned start)
{
	unsigned n = re->n_states, k = 0;
	uint16_t *to = arena_array(sb->arena, n, sizeof(*to));
	uint16_t *next = arena_array(sb->arena, (size_t)n * re->n_classes, sizeof(*next));

	for (int end = 0; end < 2; end++) {
		if (end)
			re->first_end = k;
		for (unsigned i = 0; i < n; i++)
			if (sb->at_end.at[i] == end)
				to[i] = k++;
	}
	for (unsigned i = 0; i < n; i++)
		for (unsigned c = 0; c < re->n_classes; c++) {
			unsigned t = re->next[i * re->n_classes + c];

			next[to[i] * re->n_classes + c] = t == REGEX_MATCHED ? t : to[t];
		}
	re->next = next;
	re->start = start == REGEX_MATCHED ? start : to[start];
}

/* Leaves n_states 0 where there would be too many: then the program does all the work. */
static void build_automaton(struct arena *a, struct regex *re)
{
	struct subset sb = { .arena = a, .re = re, .words = (re->n_insns + 63) / 64,
			     .hash_size = 4 * MAX_STATES };
	VEC(uint16_t) next = { 0 };
	unsigned start;

	sb.set = arena_array(a, sb.words, sizeof(*sb.set));
	sb.reach = arena_array(a, sb.words, sizeof(*sb.reach));
	sb.hash = arena_array(a, sb.hash_size, sizeof(*sb.hash));
	find_classes(re);
	/* State 0 is the beginning: the only one in which BEGIN has held. */
	start = close_over(re, sb.set, 0, true) ? REGEX_MATCHED : state_of(&sb, true);
	for (unsigned s = 0; s < sb.states.n && !sb.is_full; s++)
		for (unsigned c = 0; c < re->n_classes; c++)
			VEC_PUSH(a, &next, step(&sb, s, class_sample(re, c)));
	if (sb.is_full)
		return;
	re->n_states = sb.states.n;
	re->next = next.at;
	renumber(re, &sb, start);
}

struct regex *regex_compile(struct arena *a, const char *pattern, const char **why, size_t *at)
{
	struct parser ps = { .arena = a, .begin = pattern, .p = pattern };
	struct assembler as = { .arena = a };
	struct regex *re = ARENA_NEW(a, struct regex);
	struct node *tree = parse_alternatives(&ps);

	if (tree && ps.p[0] && ps.p[1]) /* SystemTap overlooks one at the end */
		fail(&ps, "unmatched ')'");
	*at = ps.p - pattern;
	*why = ps.why;
	if (ps.why)
		return NULL;

	put(&as, REGEX_SAVE, 0, 0);
	assemble(&as, tree);
	put(&as, REGEX_SAVE, 1, 0);
	put(&as, REGEX_ACCEPT, 0, 0);
	re->n_insns = as.code.n;
	re->insns = as.code.at;
	re->n_groups = ps.n_groups < REGEX_GROUPS_MAX ? ps.n_groups : REGEX_GROUPS_MAX;
	re->n_sets = ps.sets.n;
	re->sets = arena_array(a, ps.sets.n ? ps.sets.n : 1, sizeof(*re->sets));
	VEC_EACH(&ps.sets, i)
		memcpy(re->sets[i], ps.sets.at[i], sizeof(*re->sets));
	*at = 0;
	if (as.is_full) {
		*why = "the expression is too large";
		return NULL;
	}
	build_automaton(a, re);
	return re;
}
