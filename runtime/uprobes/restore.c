// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * When the engine is unloaded real addresses go back to the stacks, where records say that
 * trampolines are.  Whoever has taken a trampoline's address from there before still goes by it:
 *
 *  - a thread that has just returned to it is sent on from there;
 *  - libgcc's unwinder, which will ask _Unwind_Find_FDE for the frame (unwind.c).  So the breakpoint
 *    there stays until no thread has such an address any more: in a register, for one instruction, or
 *    in the unwinder's context, which lies on the thread's stack.  An unwinder isn't there
 *    for long; but a thread may be stopped there, or sleep in a signal's handler: patience ends, then.
 *    Registers are read while no thread runs, memory afterwards, in which an address may have got
 *    into the context from a register; so first it is asked about registers, then the context.
 */
#include "runtime/uprobes/uprobes_int.h"

#include <linux/delay.h>
#include <linux/slab.h>

enum {
	PATIENCE_MS = 4000,
	NAP_MAX_MS = 64,
};

struct restoring {
	struct frames frames;
	unsigned int n_restored;
};

/* Any process may have any record's frame: a fork in progress has copied the stack, but
 * not yet the records. */
static int restore_in(struct space *space, void *data)
{
	struct restoring *r = data;
	const struct layout *l;

	mutex_lock(&space->lock);
	mmap_read_lock(space->mm);
	if (space->mm->map_count == 0)
		r->n_restored++; /* a fork that has just begun: another round */
	l = rcu_dereference_protected(space->layout, lockdep_is_held(&space->lock));
	for (unsigned int i = 0; l && i < r->frames.n; i++) {
		const struct frame *f = &r->frames.at[i];

		if (layout_is_trampoline(l, f->trampoline) &&
		    text_exchange_word(space->mm, f->slot, f->trampoline, f->real, f->word) == 0)
			r->n_restored++;
	}
	mmap_read_unlock(space->mm);
	mutex_unlock(&space->lock);
	return 0;
}

/* ---- unwinders ---- */

struct search {
	struct frames frames;
	uint8_t *page;
	bool is_found;
};

static bool is_cfa(const struct frames *frames, unsigned long value, unsigned int word)
{
	for (unsigned int i = 0; i < frames->n; i++)
		if (frames->at[i].slot == value - word)
			return true;
	return false;
}

static unsigned long word_at(const uint8_t *at, unsigned int word)
{
	return word == 8 ? *(const uint64_t *)at : *(const uint32_t *)at;
}

/* mmap_lock is held. */
static bool has_context(struct search *s, struct mm_struct *mm, const struct frames_thread *t,
			struct stack_part part)
{
	unsigned long before = 0;

	for (unsigned long at = ALIGN(part.from, t->word), end; at < part.to; at = end) {
		end = min(part.to, (at & PAGE_MASK) + PAGE_SIZE);
		if (text_read(mm, at, s->page, end - at)) {
			before = 0;
			continue; /* nothing is there */
		}
		for (unsigned long i = 0; i + t->word <= end - at; i += t->word) {
			unsigned long now = word_at(s->page + i, t->word);

			if (now == t->trampoline && is_cfa(&s->frames, before, t->word))
				return true;
			before = now;
		}
	}
	return false;
}

/* It has read a trampoline's address, and another register leads to the context that gets it. */
static bool has_context_to_fill(struct search *s, struct mm_struct *mm, const struct frames_thread *t)
{
	for (unsigned int i = 0; t->holds_it && i < UNWIND_REGISTERS; i++) {
		unsigned long at = t->registers[i] + unwind_cfa_offset(t->word);
		uint64_t value;

		if (at % t->word == 0 && text_read(mm, at, &value, t->word) == 0 &&
		    is_cfa(&s->frames, word_at((uint8_t *)&value, t->word), t->word))
			return true;
	}
	return false;
}

static bool has_unwinder(const struct layout *l)
{
	for (unsigned int i = 0; l && i < l->n; i++)
		if (l->patches[i].is_unwinder && l->patches[i].state == PATCH_ARMED)
			return true;
	return false;
}

static int search_in(struct space *space, void *data)
{
	struct mm_struct *mm = space->mm;
	struct search *s = data;
	bool has;

	rcu_read_lock();
	has = has_unwinder(rcu_dereference(space->layout));
	rcu_read_unlock();
	if (!has)
		return 0;
	mmap_read_lock(mm);
	for (unsigned int i = 0; i < s->frames.n_threads && !s->is_found; i++) {
		const struct frames_thread *t = &s->frames.threads[i];

		s->is_found = t->mm == mm && (has_context_to_fill(s, mm, t) ||
					      has_context(s, mm, t, t->stack[0]) ||
					      has_context(s, mm, t, t->stack[1]));
	}
	mmap_read_unlock(mm);
	return s->is_found;
}

static void wait_for_unwinders(void)
{
	struct search s = {.page = (uint8_t *)__get_free_page(GFP_KERNEL | __GFP_NOFAIL)};
	unsigned int nap = 1, waited = 0;

	for (;;) {
		s.is_found = false;
		return_list_frames(&s.frames);
		spaces_for_each(search_in, &s);
		if (!s.is_found || waited >= PATIENCE_MS)
			break;
		msleep(nap);
		waited += nap;
		nap = min_t(unsigned int, 2 * nap, NAP_MAX_MS);
	}
	frames_free(&s.frames);
	free_page((unsigned long)s.page);
}

void restore_stacks(void)
{
	struct restoring r = {};

	do {
		return_list_frames(&r.frames);
		r.n_restored = 0;
		spaces_for_each(restore_in, &r);
		cond_resched();
	} while (r.n_restored);
	frames_free(&r.frames);
	return_send_on();
	wait_for_unwinders();
}
