/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Runs the regular expressions that translator/regex.c has compiled: the table
 * of the deterministic automaton for "does it match", and the program, as a set
 * of threads in lockstep over the subject, for "where, and its groups".
 *
 * The program's time is bounded by instructions x bytes; its memory, two thread
 * lists and a stack, is the free part of the context's frame memory, of which
 * the emitter has reserved RT_REGEX_SCRATCH bytes.
 */
#include "runtime/api.h"
#include "runtime/port.h"

bool rt_regex_match(const uint8_t *class, const uint16_t *next, uint32_t n_classes, uint32_t start,
		    uint32_t first_end, const char *s)
{
	uint32_t state = start;

	for (; *s && state != RT_REGEX_MATCHED; s++)
		state = next[state * n_classes + class[(uint8_t)*s]];
	return state >= first_end;
}

/* A thread: where it is in the program, and the positions that it has noted. */
struct thread {
	uint16_t pc;
	uint16_t at[];
};

struct search {
	const struct rt_regex_insn *code;
	uint32_t n_slots;     /* 2 * (groups + 1) */
	uint32_t thread_size;
	uint16_t *seen;       /* step + 1 in which an instruction was last added */
	struct frame *stack;
};

/* On the stack while following instructions that take no byte: one to visit, or,
 * with RESTORE, a slot to be set back when all behind its SAVE has been visited. */
struct frame {
	uint16_t pc, slot, old;
	uint16_t restore;
};

static struct thread *thread_at(const struct search *se, char *list, uint32_t i)
{
	return (struct thread *)(void *)(list + i * se->thread_size);
}

static uint16_t push(struct search *se, uint16_t top, struct frame f)
{
	se->stack[top] = f;
	return top + 1;
}

/* Adds to LIST (of N threads) the SET, END and ACCEPT instructions that are reached from PC
 * without a byte, best choice first; AT are the thread's positions.  Returns the new N. */
static uint32_t add(struct search *se, char *list, uint32_t n, uint16_t pc, uint16_t *at,
		    uint16_t position, uint16_t step)
{
	uint16_t top = push(se, 0, (struct frame){ .pc = pc });

	while (top) {
		struct frame f = se->stack[--top];
		const struct rt_regex_insn *in = &se->code[f.pc];

		if (f.restore) {
			at[f.slot] = f.old;
			continue;
		}
		if (se->seen[f.pc] == step + 1)
			continue;
		se->seen[f.pc] = step + 1;
		switch (in->op) {
		case RT_REGEX_JUMP:
			top = push(se, top, (struct frame){ .pc = in->x });
			break;
		case RT_REGEX_SPLIT:
			top = push(se, top, (struct frame){ .pc = in->y });
			top = push(se, top, (struct frame){ .pc = in->x });
			break;
		case RT_REGEX_SAVE:
			top = push(se, top, (struct frame){ .slot = in->x, .old = at[in->x], .restore = 1 });
			at[in->x] = position;
			top = push(se, top, (struct frame){ .pc = f.pc + 1 });
			break;
		case RT_REGEX_BEGIN:
			if (step == 0)
				top = push(se, top, (struct frame){ .pc = f.pc + 1 });
			break;
		default: {
			struct thread *t = thread_at(se, list, n++);

			t->pc = f.pc;
			for (uint32_t i = 0; i < se->n_slots; i++)
				t->at[i] = at[i];
			break;
		}
		}
	}
	return n;
}

static bool set_has(const uint8_t *set, uint8_t c)
{
	return set[c / 8] >> c % 8 & 1;
}

/* Takes over a match that begins earlier, or as early and ends later. */
static void take(uint16_t *best, const struct thread *t, uint32_t n_slots, bool is_first)
{
	if (!is_first && (t->at[0] > best[0] || (t->at[0] == best[0] && t->at[1] <= best[1])))
		return;
	for (uint32_t i = 0; i < n_slots; i++)
		best[i] = t->at[i];
}

bool rt_regex_search(struct rt_context *c, const struct rt_regex_insn *code, uint32_t n_insns,
		     const uint8_t (*sets)[32], uint32_t n_groups, const char *s, size_t size)
{
	struct search se = { .code = code, .n_slots = 2 * (n_groups + 1) };
	uint16_t fresh[2 * (RT_REGEX_GROUPS + 1)], best[2 * (RT_REGEX_GROUPS + 1)];
	struct rt_match *m = c->match;
	char *list, *next;
	uint32_t n = 0;
	bool found = false;

	se.thread_size = (uint32_t)sizeof(uint16_t) * (1 + se.n_slots);
	se.seen = (uint16_t *)(void *)((char *)c + c->frame_top); /* free frame memory */
	se.stack = (struct frame *)(void *)(se.seen + ((n_insns + 3) & ~3u));
	list = (char *)(se.stack + 2 * n_insns + 2);
	next = list + (size_t)n_insns * se.thread_size;
	__builtin_memset(se.seen, 0, n_insns * sizeof(*se.seen));
	for (uint32_t i = 0; i < se.n_slots; i++)
		fresh[i] = RT_REGEX_NOWHERE;

	/* One step for each byte, one for the end of the subject, which END takes like a byte,
	 * and one for what is behind an END: nothing but ACCEPT can be. */
	for (uint32_t position = 0, step = 0;; step++) {
		uint8_t byte = s[position];
		bool is_past = step > position;
		uint32_t n_next = 0;
		char *other;

		if (!found && !is_past) /* a later begin can't be better than a match */
			n = add(&se, list, n, 0, fresh, position, step);
		for (uint32_t i = 0; i < n; i++) {
			struct thread *t = thread_at(&se, list, i);
			const struct rt_regex_insn *in = &code[t->pc];

			if (in->op == RT_REGEX_ACCEPT) {
				take(best, t, se.n_slots, !found);
				found = true;
			} else if (is_past) {
				continue;
			} else if (in->op == RT_REGEX_END) {
				if (!byte)
					n_next = add(&se, next, n_next, t->pc + 1, t->at, position,
						     step + 1);
			} else if (byte && set_has(sets[in->x], byte)) {
				n_next = add(&se, next, n_next, t->pc + 1, t->at, position + 1,
					     step + 1);
			}
		}
		if (is_past || (!n_next && (!byte || found)))
			break;
		position += byte != 0;
		other = list;
		list = next;
		next = other;
		n = n_next;
	}
	if (!m)
		return found;
	m->n_groups = found ? n_groups + 1 : 0;
	if (found) {
		for (uint32_t i = 0; i < se.n_slots; i++)
			m->at[i] = best[i];
		rt_str_copy(m->subject, size, s);
	}
	return found;
}

void rt_matched(struct rt_context *c, char *dst, size_t size, int64_t i)
{
	const struct rt_match *m = c->match;

	dst[0] = 0;
	if (!m || !m->n_groups) {
		rt_error(c, "Attempted to get subexpression %lld from failed match", (long long)i);
		return;
	}
	if (i < 0 || i >= m->n_groups) {
		rt_error(c, "Attempted to get nonexistent subexpression %lld", (long long)i);
		return;
	}
	if (m->at[2 * i] == RT_REGEX_NOWHERE || m->at[2 * i + 1] == RT_REGEX_NOWHERE)
		return;
	rt_str_copy_n(dst, size, m->subject + m->at[2 * i], m->at[2 * i + 1] - m->at[2 * i]);
}

int64_t rt_ngroups(struct rt_context *c)
{
	if (c->match && c->match->n_groups)
		return c->match->n_groups;
	rt_error(c, "Attempted to get subexpression count from failed match");
	return 0;
}
