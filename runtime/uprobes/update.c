// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Makes a process' breakpoints what the sites ask for: after it was found by a client
 * that arms or disarms, and whenever its mappings change.  One function for all of these
 * compares what is wanted with what is there, so that the order of events doesn't matter.
 *
 * Under space.lock: (1) with mmap_lock, list what is wanted; (2) without, map pages for
 * slots where there is no room (near the text, see find_gap); (3) with mmap_lock again,
 * list once more, write the slots, publish the layout in which all of it is armed, write
 * the text, and publish what became of it.
 */
#include "runtime/uprobes/uprobes_int.h"

#include <linux/kthread.h>
#include <linux/mman.h>
#include <linux/slab.h>
#include <linux/sort.h>

#define REACH (0x7fffffffUL - 0x100000) /* of rel32, less the longest function's jump */
#define ROOM_ROUNDS 8

static atomic_long_t generation;

unsigned long update_generation(void)
{
	return atomic_long_read(&generation);
}

/* The tables were published before; partner: the first line of update_locked. */
void update_new_generation(void)
{
	atomic_long_inc_return(&generation);
}

/* A site that is wanted at an address. */
struct want {
	unsigned long address;
	unsigned long slot; /* 0: none yet */
	struct site *site;
	bool is_unwinder;
};

/* What shall be in a process. */
struct draft {
	struct mm_struct *mm;
	bool has_returns;     /* is or was there a return probe */
	struct want *wants;   /* by address */
	unsigned int n, size;
	struct slot_area areas[AREAS_MAX];
	unsigned int n_areas;
};

static int add_want(struct draft *d, unsigned long address, struct site *site)
{
	if (d->n == d->size) {
		unsigned int size = d->size ? 2 * d->size : 32;
		struct want *wants = kvmalloc_array(size, sizeof(*wants), GFP_KERNEL);

		if (!wants)
			return -ENOMEM;
		memcpy(wants, d->wants, d->n * sizeof(*wants));
		kvfree(d->wants);
		d->wants = wants;
		d->size = size;
	}
	d->wants[d->n++] = (struct want){.address = address, .site = site};
	return 0;
}

static int list_vma(struct draft *d, const struct vm_area_struct *vma)
{
	uint64_t first = (uint64_t)vma->vm_pgoff << PAGE_SHIFT;
	uint64_t end = first + (vma->vm_end - vma->vm_start);
	const struct site_table *table;
	const struct file_sites *f;
	int err = 0;

	if (!sites_may_be_in(vma))
		return 0;
	f = sites_find(file_inode(vma->vm_file));
	table = f ? srcu_dereference(f->table, &sites_srcu) : NULL;
	for (unsigned int i = 0; table && i < table->n && !err; i++) {
		struct site *s = table->at[i];

		if (s->offset >= first && s->offset + s->cover <= end &&
		    site_is_wanted_in(s, d->mm)) {
			err = add_want(d, vma->vm_start + (s->offset - first), s);
			d->has_returns |= site_has_returns(s);
		}
	}
	return err;
}

static struct want *find_want(const struct draft *d, unsigned long address)
{
	unsigned int low = 0, high = d->n;

	while (low < high) {
		unsigned int mid = (low + high) / 2;

		if (d->wants[mid].address < address)
			low = mid + 1;
		else
			high = mid;
	}
	return low < d->n && d->wants[low].address == address ? &d->wants[low] : NULL;
}

static int compare_wants(const void *a, const void *b)
{
	const struct want *x = a, *y = b;

	return x->address < y->address ? -1 : x->address > y->address;
}

/* Where there are return probes, unwinders are, too; scripts may probe that function as well. */
static int list_unwinder(struct draft *d, unsigned int n_sites, const struct vm_area_struct *vma)
{
	uint64_t first = (uint64_t)vma->vm_pgoff << PAGE_SHIFT;
	unsigned int n = d->n;
	unsigned long address;
	struct want *other;
	struct site *s;
	int err;

	s = sites_may_be_in(vma) ? unwind_site_of(file_inode(vma->vm_file)) : NULL;
	if (!s || s->offset < first || s->offset + s->cover > first + (vma->vm_end - vma->vm_start))
		return 0;
	address = vma->vm_start + (s->offset - first);
	d->n = n_sites; /* those are in order */
	other = find_want(d, address);
	d->n = n;
	if (other) {
		other->is_unwinder = true;
		return 0;
	}
	err = add_want(d, address, s);
	if (!err)
		d->wants[d->n - 1].is_unwinder = true;
	return err;
}

static int list_unwinders(struct draft *d)
{
	VMA_ITERATOR(vmi, d->mm, 0);
	struct vm_area_struct *vma;
	unsigned int n_sites = d->n;
	int err = 0;

	for_each_vma(vmi, vma) {
		err = list_unwinder(d, n_sites, vma);
		if (err)
			break;
	}
	sort(d->wants, d->n, sizeof(d->wants[0]), compare_wants, NULL);
	return err;
}

static int list_wants(struct draft *d)
{
	VMA_ITERATOR(vmi, d->mm, 0);
	struct vm_area_struct *vma;
	int err = 0;

	d->n = 0;
	for_each_vma(vmi, vma) {
		err = list_vma(d, vma);
		if (err)
			break;
	}
	return !err && d->has_returns && unwind_is_wanted() ? list_unwinders(d) : err;
}

/* ---- slots ---- */

static bool is_within_reach(unsigned long a, unsigned long b)
{
	return (a > b ? a - b : b - a) < REACH;
}

/* Slots are used once: a thread, or a signal frame, may be in one for as long as the
 * process lives. */
static unsigned long take_slot(struct draft *d, const struct want *w)
{
	for (unsigned int i = 0; i < d->n_areas; i++) {
		struct slot_area *a = &d->areas[i];
		unsigned long slot = a->next;

		if (slot + w->site->slot_size <= a->end && is_within_reach(slot, w->address)) {
			a->next = ALIGN(slot + w->site->slot_size, SLOT_ALIGN);
			return slot;
		}
	}
	return 0;
}

static void place_slots(struct draft *d, const struct layout *old)
{
	for (unsigned int i = 0; i < d->n; i++) {
		struct want *w = &d->wants[i];
		const struct patch *p = old ? layout_find(old, w->address) : NULL;

		w->slot = p && site_has_same_code(p->site, w->site) ? p->slot : take_slot(d, w);
	}
}

/*
 * The unused addresses nearest below ADDRESS, else above it.  Not next to the heap or
 * below a stack, which grow, and not at the bottom, where null pointers with offsets
 * should go on to fault.
 */
static unsigned long find_gap(struct mm_struct *mm, unsigned long address, unsigned long size)
{
	unsigned long below = 0, above = 0, end = 0;
	VMA_ITERATOR(vmi, mm, 0);
	struct vm_area_struct *vma;

	mmap_read_lock(mm);
	end = 0x10000;
	for_each_vma(vmi, vma) {
		bool grows = vma->vm_flags & VM_GROWSDOWN;
		unsigned long gap_end = vma->vm_start;

		if (!grows && gap_end > end && gap_end - end >= size && gap_end <= mm->task_size &&
		    is_within_reach(gap_end - size, address)) {
			if (gap_end <= address)
				below = gap_end - size;
			else if (!above)
				above = gap_end - size;
		}
		end = max(end, vma->vm_end);
	}
	mmap_read_unlock(mm);
	return below ? below : above;
}

/* current->mm is the process'. */
static int add_area(struct draft *d)
{
	unsigned long address = 0, size = SLOT_TRAMPOLINE_SIZE, start;

	if (d->n_areas == AREAS_MAX)
		return -ENOSPC;
	for (unsigned int i = 0; i < d->n; i++)
		if (!d->wants[i].slot) {
			if (!address)
				address = d->wants[i].address;
			if (is_within_reach(address, d->wants[i].address))
				size += ALIGN(d->wants[i].site->slot_size, SLOT_ALIGN);
		}
	if (!address)
		return 0;
	size = PAGE_ALIGN(size);
	start = find_gap(d->mm, address, size);
	if (!start)
		return -ENOSPC;
	start = vm_mmap(NULL, start, size, PROT_READ | PROT_EXEC,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, 0);
	if (IS_ERR_VALUE(start))
		return start == (unsigned long)-EEXIST ? -EAGAIN : (int)start;
	d->areas[d->n_areas++] = (struct slot_area){
		.start = start, .end = start + size, .next = start + SLOT_TRAMPOLINE_SIZE};
	return -EAGAIN;
}

static int write_slot(struct mm_struct *mm, const struct want *w)
{
	const struct site *s = w->site;
	uint8_t code[SITE_SLOT_MAX];

	memcpy(code, site_slot(s), s->slot_size);
	for (unsigned int i = 0; i < s->n_fixups; i++) {
		const struct site_fixup *f = &s->fixups[i];
		uint64_t value = w->address + f->addend;

		switch (f->kind) {
		case SITE_FIX_REL32:
			value -= w->slot + f->at;
			if ((int64_t)value != (int32_t)value)
				return -ERANGE;
			memcpy(code + f->at, &value, 4);
			break;
		case SITE_FIX_ABS64:
			memcpy(code + f->at, &value, 8);
			break;
		case SITE_FIX_ABS32:
			memcpy(code + f->at, &value, 4);
			break;
		}
	}
	return text_write(mm, w->slot, code, s->slot_size);
}

static int write_trampolines(struct draft *d, const struct layout *old)
{
	static const uint8_t code[SLOT_TRAMPOLINE_SIZE] = {
		BREAKPOINT, BREAKPOINT, BREAKPOINT, BREAKPOINT};
	int err = 0;

	for (unsigned int i = old ? old->n_areas : 0; i < d->n_areas && !err; i++)
		err = text_write(d->mm, d->areas[i].start, code, sizeof(code));
	return err;
}

/* ---- the text ---- */

/* Is a patch's mapping still there?  (It may have lost its permission to execute.) */
static bool is_mapped(struct mm_struct *mm, const struct patch *p)
{
	struct vm_area_struct *vma = find_vma(mm, p->address);

	return vma && vma->vm_start <= p->address && vma->vm_file &&
	       !(vma->vm_flags & VM_SHARED) &&
	       ((uint64_t)vma->vm_pgoff << PAGE_SHIFT) + (p->address - vma->vm_start) ==
		       p->site->offset;
}

static bool was_armed_anywhere(const struct layout *old, const struct site *site)
{
	for (unsigned int i = 0; old && i < old->n; i++)
		if (old->patches[i].state == PATCH_ARMED &&
		    site_has_same_code(old->patches[i].site, site))
			return true;
	return false;
}

/*
 * May the breakpoint be written, or is it there?  A 0xCC that isn't ours (a debugger's, the
 * kernel's uprobes') is left alone; ours may be there already, also at a new
 * address, where mremap moved it.
 */
static bool may_arm(struct mm_struct *mm, const struct layout *old, const struct patch *p)
{
	uint8_t now[SITE_COVER_MAX];

	if (text_read(mm, p->address, now, p->site->cover))
		return false;
	if (memcmp(now + 1, site_orig(p->site) + 1, p->site->cover - 1))
		return false;
	return now[0] == site_orig(p->site)[0] ||
	       (now[0] == BREAKPOINT && was_armed_anywhere(old, p->site));
}

static void count_refused(const struct site *s, const struct mm_struct *mm)
{
	struct consumer *c;

	if (fatal_signal_pending(current)) /* its memory can't be had any more; it dies without a step */
		return;
	rcu_read_lock();
	hlist_for_each_entry_rcu(c, &s->consumers, node)
		if (!c->mm || c->mm == mm)
			atomic_long_inc(&c->client->refused);
	rcu_read_unlock();
}

static void publish(struct space *space, struct layout *l)
{
	struct layout *old = rcu_replace_pointer(space->layout, l,
						 lockdep_is_held(&space->lock));

	layout_put(old);
}

static struct layout *copy_layout(const struct layout *l)
{
	struct layout *copy = layout_new(l->n);

	if (!copy)
		return NULL;
	copy->n = l->n;
	copy->n_areas = l->n_areas;
	memcpy(copy->areas, l->areas, sizeof(l->areas));
	memcpy(copy->patches, l->patches, l->n * sizeof(l->patches[0]));
	return copy;
}

/* What shall be: the wants, armed, then the old patches that are still mapped, as they are. */
static struct layout *draft_layout(const struct draft *d, const struct layout *old)
{
	struct layout *l = layout_new(d->n + (old ? old->n : 0));

	if (!l)
		return NULL;
	for (unsigned int i = 0; i < d->n; i++) {
		const struct want *w = &d->wants[i];
		struct patch p = {.address = w->address, .slot = w->slot, .site = w->site,
				  .state = PATCH_ARMED, .is_wanted = true,
				  .is_unwinder = w->is_unwinder};
		const struct patch *was = old ? layout_find(old, w->address) : NULL;

		p.is_raised = was && was->site == w->site && was->is_raised;
		if (!may_arm(d->mm, old, &p)) {
			if (!was || !was->is_refused)
				count_refused(w->site, d->mm);
			if (was && was->state == PATCH_ARMED) {
				p = *was; /* its breakpoint goes */
				p.is_wanted = false;
			} else {
				p.state = PATCH_REFUSED;
			}
			p.is_refused = true;
		}
		l->patches[l->n++] = p;
	}
	for (unsigned int i = 0; old && i < old->n; i++) {
		const struct patch *p = &old->patches[i];

		if (!find_want(d, p->address) && is_mapped(d->mm, p)) {
			l->patches[l->n] = *p;
			l->patches[l->n++].is_wanted = false;
		}
	}
	l->n_areas = d->n_areas;
	memcpy(l->areas, d->areas, sizeof(l->areas));
	layout_finish(l);
	return l;
}

/*
 * Breakpoints that are wanted come, others go.  FINAL gets what became of them, and which were
 * touched.  Returns whether any was.
 */
static bool write_once(struct mm_struct *mm, const struct layout *l, struct layout *final,
		       bool of_unwinders)
{
	bool any = false;

	for (unsigned int i = 0; i < l->n; i++) {
		const struct patch *p = &l->patches[i];
		uint8_t now, to = p->is_wanted ? BREAKPOINT : site_orig(p->site)[0];
		int err;

		if (p->state != PATCH_ARMED || p->is_unwinder != of_unwinders)
			continue;
		err = text_read(mm, p->address, &now, 1);
		/* an old breakpoint that the program has overwritten is gone already */
		if (!err && now != to && (p->is_wanted || now == BREAKPOINT)) {
			err = text_write(mm, p->address, &to, 1);
			final->patches[i].was_touched = !err;
			any |= !err;
		}
		if (p->is_wanted && err) {
			final->patches[i].state = PATCH_REFUSED;
			final->patches[i].is_refused = true;
			count_refused(p->site, mm);
		} else if (!p->is_wanted && err != -ENOMEM) { /* else the page is gone */
			final->patches[i].state = PATCH_IDLE;
		}
	}
	return any;
}

/* Once more: a virtual machine's translation of the old text can survive the first store
 * (seen with QEMU's multi-threaded TCG). */
static void write_again(struct mm_struct *mm, struct layout *final)
{
	static const uint8_t breakpoint = BREAKPOINT;

	for (unsigned int i = 0; i < final->n; i++) {
		struct patch *p = &final->patches[i];

		if (p->was_touched)
			text_write(mm, p->address, p->is_wanted ? &breakpoint : site_orig(p->site), 1);
		p->was_touched = false;
	}
}

static void write_text(struct mm_struct *mm, const struct layout *l, struct layout *final,
		       bool of_unwinders)
{
	if (!write_once(mm, l, final, of_unwinders))
		return;
	text_sync(mm);
	write_again(mm, final);
	text_sync(mm);
}

/*
 * Semaphores of static marks (runtime/site.h): one is raised while there is a breakpoint
 * that wants it.  Where the program has unmapped it nobody asks it any more.
 */
static void count_semaphores(struct mm_struct *mm, struct layout *l)
{
	for (unsigned int i = 0; i < l->n; i++) {
		struct patch *p = &l->patches[i];
		unsigned long at = p->address + p->site->semaphore;
		bool raise = p->is_wanted && p->state == PATCH_ARMED;
		uint16_t count;

		if (!p->site->semaphore || raise == p->is_raised || (!raise && p->state == PATCH_ARMED))
			continue;
		if (text_read(mm, at, &count, sizeof(count)) == 0) {
			count += raise ? 1 : -1;
			text_write(mm, at, &count, sizeof(count));
		}
		p->is_raised = raise;
	}
}

static bool is_different(const struct layout *a, const struct layout *b)
{
	if (a->n != b->n)
		return true;
	for (unsigned int i = 0; i < a->n; i++)
		if (a->patches[i].state != b->patches[i].state ||
		    a->patches[i].is_raised != b->patches[i].is_raised)
			return true;
	return false;
}

/* (3): mmap_lock is held. */
static int apply(struct space *space, struct draft *d, struct layout *old)
{
	struct layout *l = draft_layout(d, old), *final;
	int err = 0;

	if (!l)
		return -ENOMEM;
	final = copy_layout(l);
	if (!final) {
		layout_put(l);
		return -ENOMEM;
	}
	err = write_trampolines(d, old);
	for (unsigned int i = 0; i < d->n && !err; i++) {
		const struct patch *was = old ? layout_find(old, d->wants[i].address) : NULL;

		if (!was || was->slot != d->wants[i].slot)
			err = write_slot(d->mm, &d->wants[i]);
	}
	if (err) {
		layout_put(l);
		layout_free(final);
		return err;
	}
	publish(space, l);
	write_text(d->mm, l, final, true); /* before there may be trampolines */
	write_text(d->mm, l, final, false);
	count_semaphores(d->mm, final);
	layout_finish(final);
	if (is_different(l, final))
		publish(space, final);
	else
		layout_put(final);
	return 0;
}

static bool has_all_slots(const struct draft *d)
{
	for (unsigned int i = 0; i < d->n; i++)
		if (!d->wants[i].slot)
			return false;
	return true;
}

/* No room could be made within reach: do without these. */
static void drop_wants_without_slot(struct draft *d)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < d->n; i++) {
		if (d->wants[i].slot)
			d->wants[n++] = d->wants[i];
		else
			count_refused(d->wants[i].site, d->mm);
	}
	d->n = n;
}

static int update_locked(struct space *space, struct draft *d)
{
	/* Before the tables are read; partner: update_new_generation. */
	unsigned long now = atomic_long_read_acquire(&generation);
	struct mm_struct *mm = d->mm;
	bool is_full = false;

	for (int round = 0; round < ROOM_ROUNDS; round++) {
		struct layout *old = rcu_dereference_protected(space->layout,
							       lockdep_is_held(&space->lock));
		struct slot_area added[AREAS_MAX];
		unsigned int n_old = old ? old->n_areas : 0, n_added = 0;
		int err;

		if (d->n_areas > n_old) {
			n_added = d->n_areas - n_old;
			memcpy(added, d->areas + n_old, n_added * sizeof(added[0]));
		}
		if (old)
			memcpy(d->areas, old->areas, sizeof(d->areas));
		memcpy(d->areas + n_old, added, n_added * sizeof(added[0]));
		for (unsigned int i = n_old; i < n_old + n_added; i++)
			d->areas[i].next = d->areas[i].start + SLOT_TRAMPOLINE_SIZE;
		d->n_areas = n_old + n_added;

		mmap_read_lock(mm);
		if (mm->map_count == 0) { /* being forked: the copy is not there yet */
			mmap_read_unlock(mm);
			return -EAGAIN;
		}
		err = list_wants(d);
		if (!err) {
			place_slots(d, old);
			if (is_full)
				drop_wants_without_slot(d);
			if (!has_all_slots(d))
				err = -EAGAIN;
			else if (d->n || old)
				err = apply(space, d, old);
		}
		if (!err) {
			space->generation = now;
			space->has_returns = d->has_returns;
		}
		mmap_read_unlock(mm);
		if (err != -EAGAIN)
			return err;
		err = add_area(d);
		is_full = (err && err != -EAGAIN) || round == ROOM_ROUNDS - 2;
	}
	return -EAGAIN;
}

int update_current(struct mm_struct *mm)
{
	struct draft d = {.mm = mm};
	struct space *space = space_get(mm, true);
	int err, srcu;

	if (!space)
		return -ENOMEM;
	if (unwind_is_wanted())
		unwind_look(mm);
	srcu = srcu_read_lock(&sites_srcu);
	mutex_lock(&space->lock);
	d.has_returns = space->has_returns;
	err = update_locked(space, &d);
	for (unsigned int i = 0; err && !(current->flags & PF_KTHREAD) && i < d.n; i++)
		count_refused(d.wants[i].site, mm); /* nobody asks again, as update_users would */
	mutex_unlock(&space->lock);
	srcu_read_unlock(&sites_srcu, srcu);
	kvfree(d.wants);
	space_put(space);
	return err;
}

struct remote_update {
	struct work_struct work;
	struct mm_struct *mm;
	int err;
};

static void run_remote(struct work_struct *work)
{
	struct remote_update *u = container_of(work, struct remote_update, work);

	kthread_use_mm(u->mm);
	u->err = update_current(u->mm);
	kthread_unuse_mm(u->mm);
}

int update_remote(struct mm_struct *mm)
{
	struct remote_update u = {.mm = mm};

	INIT_WORK_ONSTACK(&u.work, run_remote);
	queue_work(engine_queue, &u.work);
	flush_work(&u.work);
	destroy_work_on_stack(&u.work);
	return u.err;
}
