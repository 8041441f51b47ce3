// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One process' breakpoints and slots, as a table that never changes once it is
 * published: a change makes a new one.  So the trap reads it without a lock, and a fork,
 * which can't sleep there, only counts one user more.
 */
#include "runtime/uprobes/uprobes_int.h"

#include <linux/hash.h>
#include <linux/slab.h>

struct layout *layout_new(unsigned int n)
{
	struct layout *l = kvzalloc(struct_size(l, patches, n), GFP_KERNEL);
	uint32_t size = roundup_pow_of_two(max(2 * n, 2u));

	if (!l)
		return NULL;
	l->index = kvcalloc(size, sizeof(l->index[0]), GFP_KERNEL);
	if (!l->index) {
		kvfree(l);
		return NULL;
	}
	l->mask = size - 1;
	refcount_set(&l->users, 1);
	return l;
}

static uint32_t first_place(const struct layout *l, unsigned long address)
{
	return hash_long(address, 32) & l->mask;
}

void layout_finish(struct layout *l)
{
	l->n_armed = 0;
	for (unsigned int i = 0; i < l->n; i++) {
		uint32_t at = first_place(l, l->patches[i].address);

		while (l->index[at])
			at = (at + 1) & l->mask;
		l->index[at] = i + 1;
		l->n_armed += l->patches[i].state == PATCH_ARMED;
		kref_get(&l->patches[i].site->ref);
	}
}

const struct patch *layout_find(const struct layout *l, unsigned long address)
{
	for (uint32_t at = first_place(l, address); l->index[at]; at = (at + 1) & l->mask) {
		const struct patch *p = &l->patches[l->index[at] - 1];

		if (p->address == address)
			return p;
	}
	return NULL;
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

static void layout_free(struct work_struct *work)
{
	struct layout *l = container_of(to_rcu_work(work), struct layout, free);

	for (unsigned int i = 0; i < l->n; i++)
		site_put(l->patches[i].site);
	kvfree(l->index);
	kvfree(l);
}

void layout_put(struct layout *l)
{
	if (!l || !refcount_dec_and_test(&l->users))
		return;
	INIT_RCU_WORK(&l->free, layout_free);
	queue_rcu_work(engine_queue, &l->free);
}
