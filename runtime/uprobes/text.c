// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Reading and writing the memory of a process, whether it runs or sleeps.  A write first
 * gives the process a private copy of the page (as a debugger's would), then stores into
 * that copy in place: of running text only ever one byte, the breakpoint.
 */
#include "runtime/uprobes/uprobes_int.h"

#include <linux/highmem.h>
#include <linux/smp.h>
#include <linux/sync_core.h>

#include "runtime/kernel/compat.h"

static int get_page_of(struct mm_struct *mm, unsigned long address, unsigned int flags,
		       struct page **page)
{
	long n = compat_get_user_page(mm, address, flags | FOLL_FORCE, page);

	return n == 1 ? 0 : n < 0 ? (int)n : -EFAULT;
}

int text_read(struct mm_struct *mm, unsigned long address, void *buf, size_t size)
{
	while (size) {
		size_t at = offset_in_page(address), n = min_t(size_t, size, PAGE_SIZE - at);
		struct page *page;
		uint8_t *map;
		int err = get_page_of(mm, address, 0, &page);

		if (err)
			return err;
		map = kmap_local_page(page);
		memcpy(buf, map + at, n);
		kunmap_local(map);
		put_page(page);
		address += n;
		buf += n;
		size -= n;
	}
	return 0;
}

int text_write(struct mm_struct *mm, unsigned long address, const void *buf, size_t size)
{
	while (size) {
		size_t at = offset_in_page(address), n = min_t(size_t, size, PAGE_SIZE - at);
		struct page *page;
		uint8_t *map;
		int err = get_page_of(mm, address, FOLL_WRITE, &page);

		if (err)
			return err;
		map = kmap_local_page(page);
		if (n == 1)
			WRITE_ONCE(map[at], *(const uint8_t *)buf);
		else
			memcpy(map + at, buf, n);
		kunmap_local(map);
		set_page_dirty_lock(page);
		put_page(page);
		address += n;
		buf += n;
		size -= n;
	}
	return 0;
}

static void sync_this_cpu(void *unused)
{
	sync_core();
}

void text_sync(struct mm_struct *mm)
{
	/* Only this thread can run it, and does so by an interrupt return. */
	if (current->mm == mm && !(current->flags & PF_KTHREAD) &&
	    atomic_read(&mm->mm_users) == 1)
		return;
	on_each_cpu(sync_this_cpu, NULL, 1);
}

int text_exchange_word(struct mm_struct *mm, unsigned long address, unsigned long old,
		       unsigned long to, size_t size)
{
	struct page *page;
	void *map;
	int err;

	if (address % size)
		return -EINVAL;
	err = get_page_of(mm, address, FOLL_WRITE, &page);
	if (err)
		return err;
	map = kmap_local_page(page);
	map += offset_in_page(address);
	if (size == 8)
		err = cmpxchg((uint64_t *)map, old, to) == old ? 0 : -EAGAIN;
	else
		err = cmpxchg((uint32_t *)map, (uint32_t)old, (uint32_t)to) == (uint32_t)old ?
		      0 : -EAGAIN;
	kunmap_local(map);
	set_page_dirty_lock(page);
	put_page(page);
	return err;
}
