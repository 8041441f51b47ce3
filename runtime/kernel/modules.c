// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What is mapped in the current process: for the names of addresses, for
 * backtraces, and for reading what the process has mapped but not touched.
 *
 * Handlers run with interrupts off and can't wait: where somebody is changing
 * the mappings at this moment, nothing is known.
 */
#include <linux/dcache.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/highmem.h>
#include <linux/mm.h>
#include <linux/namei.h>
#include <linux/pagemap.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "runtime/kernel/kernel.h"

enum { PATH_SIZE = 512 };

/* Made by modules_start, constant until modules_stop. */
static struct inode **inodes; /* of the script's files; NULL: not there */
static char (*paths)[PATH_SIZE]; /* per CPU: what rt_port_module gives */

static void modules_stop(void)
{
	for (uint32_t i = 0; inodes && i < script_info.n_files; i++)
		if (inodes[i])
			iput(inodes[i]);
	kvfree(inodes);
	kvfree(paths);
	inodes = NULL;
	paths = NULL;
}

static int modules_start(void)
{
	struct path where;

	inodes = kvcalloc(script_info.n_files + 1, sizeof(*inodes), GFP_KERNEL);
	paths = kvcalloc(nr_cpu_ids, sizeof(*paths), GFP_KERNEL);
	if (!inodes || !paths) {
		modules_stop();
		return -ENOMEM;
	}
	for (uint32_t i = 0; i < script_info.n_files; i++) {
		if (kern_path(script_strings + script_files[i].path, LOOKUP_FOLLOW, &where))
			continue;
		inodes[i] = igrab(d_real_inode(where.dentry));
		path_put(&where);
	}
	return 0;
}

const struct script_family script_family_modules = { modules_start, modules_stop };

/* A run of mappings of one file. */
struct run {
	unsigned long start, end, first_page;
	struct file *file; /* NULL: none, or the vDSO */
	bool has_code;
};

static bool goes_on(const struct run *r, const struct vm_area_struct *vma)
{
	return r->file && vma->vm_file && file_inode(vma->vm_file) == file_inode(r->file) &&
	       vma->vm_pgoff > r->first_page;
}

/* The run around ADDRESS; mmap_lock is held. */
static bool find_run(struct mm_struct *mm, unsigned long address, struct run *r)
{
	struct vm_area_struct *vma;
	VMA_ITERATOR(vmi, mm, 0);

	*r = (struct run){ 0 };
	for_each_vma(vmi, vma) {
		if (!goes_on(r, vma)) {
			if (address < r->end || address < vma->vm_start)
				break;
			*r = (struct run){ .start = vma->vm_start, .first_page = vma->vm_pgoff,
					   .file = vma->vm_file };
		}
		r->end = vma->vm_end;
		r->has_code |= vma->vm_flags & VM_EXEC;
	}
	return address - r->start < r->end - r->start && r->has_code &&
	       (r->file || r->start == (unsigned long)mm->context.vdso);
}

static uint32_t file_of(const struct file *f)
{
	for (uint32_t i = 0; f && i < script_info.n_files; i++)
		if (inodes[i] == file_inode(f))
			return i;
	return RT_NO_FILE;
}

bool rt_port_module(struct rt_context *c, uint64_t address, struct rt_module *m)
{
	struct mm_struct *mm = current->mm;
	const char *path = "[vdso]";
	struct run r;
	bool found;

	if (!paths || !mm || !irqs_disabled() || !mmap_read_trylock(mm))
		return false;
	found = find_run(mm, address, &r);
	if (found && r.file)
		path = d_path(&r.file->f_path, paths[raw_smp_processor_id()], PATH_SIZE);
	if (found)
		*m = (struct rt_module){ r.start, r.end - r.start, file_of(r.file), IS_ERR(path) ? "" : path };
	mmap_read_unlock(mm);
	return found;
}

/* From the page cache; within one page. */
static bool read_page(struct vm_area_struct *vma, void *dst, unsigned long address, size_t n)
{
	unsigned long index = ((address - vma->vm_start) >> PAGE_SHIFT) + vma->vm_pgoff;
	struct page *page = find_get_page(vma->vm_file->f_mapping, index);
	bool ok = page && PageUptodate(page);

	if (ok) {
		char *at = kmap_local_page(page);

		memcpy(dst, at + offset_in_page(address), n);
		kunmap_local(at);
	}
	if (page)
		put_page(page);
	return ok;
}

/* What can't have been changed in memory: the file's own pages. */
int modules_read(void *dst, uint64_t address, size_t n)
{
	struct mm_struct *mm = current->mm;
	bool ok = true;

	if (!mm || !irqs_disabled() || !mmap_read_trylock(mm))
		return -EFAULT;
	while (n && ok) {
		struct vm_area_struct *vma = find_vma(mm, address);
		size_t part = min_t(size_t, n, PAGE_SIZE - offset_in_page(address));

		ok = vma && vma->vm_start <= address && vma->vm_file && !vma->anon_vma &&
		     !(vma->vm_flags & (VM_WRITE | VM_PFNMAP | VM_IO | VM_HUGETLB)) && (vma->vm_flags & VM_READ) &&
		     read_page(vma, dst, address, part);
		dst += part;
		address += part;
		n -= part;
	}
	mmap_read_unlock(mm);
	return ok ? 0 : -EFAULT;
}
