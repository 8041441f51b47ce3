// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One process' breakpoints and slots, as a table that never changes once it is
 * published: a change makes a new one.  So the trap reads it without a lock, and a fork,
 * which can't sleep there, only counts one user more.
 */
#include "runtime/uprobes/uprobes_int.h"

#include <linux/slab.h>

const struct patch layout_none = {.state = PATCH_REFUSED};

struct layout *layout_new(unsigned int n)
{
	uint32_t size = roundup_pow_of_two(max(2 * n, 2u));
	struct layout *l = kvzalloc(struct_size(l, index, size) + n * sizeof(l->patches[0]), GFP_KERNEL);

	if (!l)
		return NULL;
	l->mask = size - 1;
	l->patches = (struct patch *)&l->index[size];
	refcount_set(&l->users, 1);
	return l;
}

void layout_free(struct layout *l)
{
	kvfree(l);
}

void layout_finish(struct layout *l)
{
	l->n_armed = 0;
	for (uint32_t at = 0; at <= l->mask; at++)
		l->index[at] = &layout_none;
	for (unsigned int i = 0; i < l->n; i++) {
		uint32_t at = layout_place(l, l->patches[i].address);

		while (l->index[at] != &layout_none)
			at = (at + 1) & l->mask;
		l->index[at] = &l->patches[i];
		l->n_armed += l->patches[i].state == PATCH_ARMED;
		kref_get(&l->patches[i].site->ref);
	}
}

const struct patch *layout_look_behind(const struct layout *l, unsigned long address)
{
	uint32_t at = layout_place(l, address);

	while (l->index[at] != &layout_none && l->index[at]->address != address)
		at = (at + 1) & l->mask;
	return l->index[at];
}

const struct patch *layout_find(const struct layout *l, unsigned long address)
{
	const struct patch *p = layout_look_up(l, address);

	return p == &layout_none ? NULL : p;
}

static const struct slot_area *find_area(const struct layout *l, unsigned long address)
{
	for (unsigned int i = 0; i < l->n_areas; i++)
		if (address >= l->areas[i].start && address < l->areas[i].end)
			return &l->areas[i];
	return NULL;
}

const struct patch *layout_find_slot(const struct layout *l, unsigned long ip)
{
	if (!find_area(l, ip))
		return NULL;
	for (unsigned int i = 0; i < l->n; i++)
		if (ip - l->patches[i].slot < l->patches[i].site->slot_size)
			return &l->patches[i];
	return NULL;
}

static void release(struct work_struct *work)
{
	struct layout *l = container_of(to_rcu_work(work), struct layout, free);

	for (unsigned int i = 0; i < l->n; i++)
		site_put(l->patches[i].site);
	layout_free(l);
}

void layout_put(struct layout *l)
{
	if (!l || !refcount_dec_and_test(&l->users))
		return;
	INIT_RCU_WORK(&l->free, release);
	queue_rcu_work(engine_queue, &l->free);
}
