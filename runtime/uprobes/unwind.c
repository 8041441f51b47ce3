// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Unwinders meet trampolines where return addresses were.  libgcc's, which serves C++ exceptions,
 * pthread_exit, cancellation and backtrace(), asks for each frame
 *
 *	_Unwind_Find_FDE(pc, &context->bases)
 *
 * with PC taken from context->ra, which was read from the stack.  A breakpoint there puts the
 * real address into both, so that it goes on as if the stack held it.  The stack itself is
 * not changed: frames that stay have their trampolines still, and the records of those that
 * don't are like those that longjmp leaves.
 *
 * The layout is libgcc's since GCC 3.0 (struct _Unwind_Context of unwind-dw2.c):
 *
 *	void *reg[18], *cfa, *ra, *lsda; struct dwarf_eh_bases bases;
 *
 * where RA is at CFA - one word.  It is believed only if RA is a trampoline's address, and there is
 * a record of that place.
 *
 * Which files have that function is found out by their symbol tables: libgcc_s, and programs
 * and libraries that are probed (linked with libgcc_eh).  Breakpoints are put only into
 * processes that have return probes, before there are trampolines, and stay until no client has any, nor a record is left
 * of those that had.  When the engine is unloaded, real addresses go back to the stacks, and
 * unwinders that have read a trampoline's before are waited for (restore.c).
 */
#include "runtime/uprobes/uprobes_int.h"

#include <linux/elf.h>
#include <linux/file.h>
#include <linux/pagemap.h>
#include <linux/sched/mm.h>
#include <linux/sched/task_stack.h>
#include <linux/slab.h>
#include <linux/task_work.h>
#include <linux/uaccess.h>
#include <linux/wait.h>

static const char look_up[] = "_Unwind_Find_FDE";

enum {
	PIECE = 4096,
	SECTIONS_MAX = 4096,
	LOOKS_MAX = 16, /* files that are looked at in one go */
	CORRECTIONS_MAX = 100, /* each fails only if somebody forks again */
};

/* A file that was looked at. */
struct unwinder {
	struct hlist_node node; /* unwinders_lock */
	struct inode *inode;    /* a reference is held */
	struct site *site;      /* NULL: it has none */
};

static DEFINE_MUTEX(unwinders_lock); /* innermost */
static HLIST_HEAD(unwinders);
static atomic_t n_clients;
static atomic_t n_corrections;
static DECLARE_WAIT_QUEUE_HEAD(corrected);
static bool is_over;

bool unwind_is_wanted(void)
{
	return !READ_ONCE(is_over) && (atomic_read(&n_clients) > 0 || return_has_orphans());
}

void unwind_client_came(void)
{
	atomic_inc(&n_clients);
}

void unwind_client_left(void)
{
	atomic_dec(&n_clients);
}

/* ---- a file's symbols ---- */

struct elf {
	struct file *file;
	uint8_t *piece;          /* of PIECE bytes */
	bool is_64;
	uint64_t sections;
	unsigned int n_sections, section_size;
	uint64_t offset;         /* of the function, when it was found; else 0 */
};

static bool read_all(struct elf *e, void *to, size_t size, uint64_t at)
{
	loff_t where = (loff_t)at;

	return where >= 0 && kernel_read(e->file, to, size, &where) == (ssize_t)size;
}

static bool read_header(struct elf *e)
{
	union {
		Elf32_Ehdr e32;
		Elf64_Ehdr e64;
	} h;

	if (!read_all(e, &h, sizeof(h), 0) || memcmp(h.e64.e_ident, ELFMAG, SELFMAG))
		return false;
	e->is_64 = h.e64.e_ident[EI_CLASS] == ELFCLASS64;
	e->sections = e->is_64 ? h.e64.e_shoff : h.e32.e_shoff;
	e->n_sections = min_t(unsigned int, SECTIONS_MAX,
			      e->is_64 ? h.e64.e_shnum : h.e32.e_shnum);
	e->section_size = e->is_64 ? sizeof(Elf64_Shdr) : sizeof(Elf32_Shdr);
	return e->sections &&
	       (e->is_64 ? h.e64.e_shentsize : h.e32.e_shentsize) == e->section_size;
}

static bool read_section(struct elf *e, unsigned int i, Elf64_Shdr *s)
{
	Elf32_Shdr half;
	uint64_t at = e->sections + (uint64_t)i * e->section_size;

	if (i >= e->n_sections)
		return false;
	if (e->is_64)
		return read_all(e, s, sizeof(*s), at);
	if (!read_all(e, &half, sizeof(half), at))
		return false;
	*s = (Elf64_Shdr){.sh_type = half.sh_type, .sh_flags = half.sh_flags,
			  .sh_addr = half.sh_addr, .sh_offset = half.sh_offset,
			  .sh_size = half.sh_size, .sh_link = half.sh_link};
	return true;
}

/* Where in a string section the name is; 0: nowhere. */
static uint32_t find_name(struct elf *e, const Elf64_Shdr *strings)
{
	uint64_t done = 0;

	while (done + sizeof(look_up) <= strings->sh_size) {
		size_t n = min_t(uint64_t, PIECE, strings->sh_size - done);

		if (!read_all(e, e->piece, n, strings->sh_offset + done) || fatal_signal_pending(current))
			return 0;
		for (size_t i = 0; i + sizeof(look_up) <= n; i++)
			if (e->piece[i] == look_up[0] &&
			    memcmp(e->piece + i, look_up, sizeof(look_up)) == 0)
				return (uint32_t)(done + i);
		if (n < PIECE)
			break;
		done += PIECE - (sizeof(look_up) - 1);
		cond_resched();
	}
	return 0;
}

/* The address of the symbol with that name; 0: there is none. */
static uint64_t find_value(struct elf *e, const Elf64_Shdr *symbols, uint32_t name)
{
	size_t size = e->is_64 ? sizeof(Elf64_Sym) : sizeof(Elf32_Sym), per_piece = PIECE / size;

	for (uint64_t done = 0; done + size <= symbols->sh_size;) {
		size_t n = min_t(uint64_t, per_piece, (symbols->sh_size - done) / size);

		if (!read_all(e, e->piece, n * size, symbols->sh_offset + done) ||
		    fatal_signal_pending(current))
			return 0;
		for (size_t i = 0; i < n; i++) {
			const Elf64_Sym *s64 = (const Elf64_Sym *)e->piece + i;
			const Elf32_Sym *s32 = (const Elf32_Sym *)e->piece + i;

			if (e->is_64 ? s64->st_name == name && s64->st_shndx != SHN_UNDEF :
				       s32->st_name == name && s32->st_shndx != SHN_UNDEF)
				return e->is_64 ? s64->st_value : s32->st_value;
		}
		done += n * size;
		cond_resched();
	}
	return 0;
}

/* The place in the file of an address in one of its sections. */
static uint64_t offset_of(struct elf *e, uint64_t address)
{
	Elf64_Shdr s;

	for (unsigned int i = 0; i < e->n_sections; i++)
		if (read_section(e, i, &s) && s.sh_flags & SHF_EXECINSTR &&
		    address - s.sh_addr < s.sh_size)
			return s.sh_offset + (address - s.sh_addr);
	return 0;
}

static uint64_t find_function(struct elf *e)
{
	Elf64_Shdr symbols, strings;

	if (!read_header(e))
		return 0;
	for (unsigned int i = 0; i < e->n_sections; i++) {
		uint64_t address;
		uint32_t name;

		if (!read_section(e, i, &symbols) ||
		    (symbols.sh_type != SHT_SYMTAB && symbols.sh_type != SHT_DYNSYM) ||
		    !read_section(e, symbols.sh_link, &strings))
			continue;
		name = find_name(e, &strings);
		address = name ? find_value(e, &symbols, name) : 0;
		if (address)
			return offset_of(e, address);
	}
	return 0;
}

/* ---- its first instruction ---- */

/* The length of an instruction that functions begin with and that may run anywhere; 0: another. */
static unsigned int movable_length(const uint8_t *code, bool is_64)
{
	unsigned int rex = is_64 && (code[0] & 0xf0) == 0x40;
	const uint8_t *c = code + rex;

	if (code[0] == 0xf3 && code[1] == 0x0f && code[2] == 0x1e && code[3] == (is_64 ? 0xfa : 0xfb))
		return 4;                        /* endbr */
	if ((c[0] & 0xf8) == 0x50)
		return rex + 1;                  /* push register */
	if (c[1] < 0xc0)
		return 0;
	switch (c[0]) {
	case 0x31: case 0x33: case 0x89: case 0x8b:
		return rex + 2;                  /* xor, mov: registers */
	case 0x83:
		return rex + 3;                  /* sub $imm8, register, and its like */
	case 0x81:
		return rex + 6;
	}
	return 0;
}

static struct site *make_site(struct elf *e, uint64_t offset)
{
	enum { CODE_MAX = 8, JUMP = 5 };
	struct site_recipe *r = kzalloc(sizeof(*r), GFP_KERNEL);
	struct site *s = NULL;
	uint8_t code[CODE_MAX];

	if (r && read_all(e, code, sizeof(code), offset))
		r->cover = movable_length(code, e->is_64);
	if (r && r->cover) {
		r->offset = offset;
		r->n_insns = 1;
		r->slot_size = r->cover + JUMP;
		memcpy(r->orig, code, r->cover);
		memcpy(r->slot, code, r->cover);
		r->slot[r->cover] = 0xe9;
		r->n_fixups = 1;
		r->fixups[0] = (struct site_fixup){
			.kind = SITE_FIX_REL32, .at = r->cover + 1, .addend = r->cover - 4};
		s = site_new(r);
	}
	kfree(r);
	return s;
}

/* ---- looking at the files of a process ---- */

static struct unwinder *find_known(const struct inode *inode)
{
	struct unwinder *u;

	lockdep_assert_held(&unwinders_lock);
	hlist_for_each_entry(u, &unwinders, node)
		if (u->inode == inode)
			return u;
	return NULL;
}

static bool is_libgcc(const struct vm_area_struct *vma)
{
	const struct dentry *d = vma->vm_file->f_path.dentry;

	return strncmp(d->d_name.name, "libgcc_s", 8) == 0;
}

bool unwind_may_be_in(const struct vm_area_struct *vma)
{
	return unwind_is_wanted() && sites_may_be_in(vma) && is_libgcc(vma);
}

static bool is_worth_a_look(const struct vm_area_struct *vma)
{
	bool is;

	if (!sites_may_be_in(vma))
		return false;
	if (is_libgcc(vma))
		return true;
	rcu_read_lock();
	is = sites_find(file_inode(vma->vm_file));
	rcu_read_unlock();
	return is;
}

static void look_at(struct file *file)
{
	struct elf e = {.file = file, .piece = kmalloc(PIECE, GFP_KERNEL)};
	struct unwinder *u = kzalloc(sizeof(*u), GFP_KERNEL);
	uint64_t offset;

	if (!u || !e.piece)
		goto out;
	offset = find_function(&e);
	if (fatal_signal_pending(current)) /* then it wasn't read to the end */
		goto out;
	u->inode = file_inode(file);
	u->site = offset ? make_site(&e, offset) : NULL;
	mutex_lock(&unwinders_lock);
	if (!find_known(u->inode)) {
		ihold(u->inode);
		hlist_add_head(&u->node, &unwinders);
		u = NULL;
	}
	mutex_unlock(&unwinders_lock);
out:
	if (u && u->site)
		site_put(u->site);
	kfree(u);
	kfree(e.piece);
}

/* Files are read without mmap_lock, which some file systems take inside their own locks. */
void unwind_look(struct mm_struct *mm)
{
	struct file *files[LOOKS_MAX];
	struct vm_area_struct *vma;
	unsigned int n;

	do {
		VMA_ITERATOR(vmi, mm, 0);

		n = 0;
		mmap_read_lock(mm);
		for_each_vma(vmi, vma) {
			if (n == LOOKS_MAX)
				break;
			if (!is_worth_a_look(vma))
				continue;
			mutex_lock(&unwinders_lock);
			if (!find_known(file_inode(vma->vm_file)))
				files[n++] = get_file(vma->vm_file);
			mutex_unlock(&unwinders_lock);
		}
		mmap_read_unlock(mm);
		for (unsigned int i = 0; i < n; i++) {
			look_at(files[i]);
			fput(files[i]);
		}
	} while (n == LOOKS_MAX);
}

struct site *unwind_site_of(const struct inode *inode)
{
	struct unwinder *u;
	struct site *s;

	mutex_lock(&unwinders_lock);
	u = find_known(inode);
	s = u ? u->site : NULL;
	mutex_unlock(&unwinders_lock);
	return s;
}

static void forget_all(void)
{
	HLIST_HEAD(gone);
	struct hlist_node *next;
	struct unwinder *u;

	mutex_lock(&unwinders_lock);
	hlist_move_list(&unwinders, &gone);
	mutex_unlock(&unwinders_lock);
	if (hlist_empty(&gone))
		return;
	synchronize_srcu(&sites_srcu); /* updates that have a site from unwind_site_of */
	hlist_for_each_entry_safe(u, next, &gone, node) {
		iput(u->inode);
		if (u->site)
			site_put(u->site);
		kfree(u);
	}
}

/* No hit comes any more. */
void unwind_wait(void)
{
	wait_event(corrected, atomic_read(&n_corrections) == 0);
}

void unwind_forget_unwanted(void)
{
	if (!unwind_is_wanted())
		forget_all();
}

void unwind_stop(void)
{
	WRITE_ONCE(is_over, true);
	synchronize_srcu(&sites_srcu); /* updates that saw otherwise */
	forget_all();
}

/* ---- at the breakpoint ---- */

static bool read_word(unsigned long address, unsigned int word, unsigned long *value)
{
	*value = 0;
	return copy_from_user_nofault(value, (void __user *)address, word) == 0;
}

/*
 * REGS are at the function's beginning.  -EFAULT: its memory isn't there now.  Then it is done
 * again: what has been done by then, the context before PC, stays so.
 */
static int correct(struct pt_regs *regs, unsigned long trampoline)
{
	unsigned int word = user_64bit_mode(regs) ? 8 : 4;
	unsigned long pc = regs->di, bases = regs->si, cfa, ra, real;

	if (word == 4 && !(read_word(regs->sp + 4, 4, &pc) && read_word(regs->sp + 8, 4, &bases)))
		return -EFAULT;
	if (pc != trampoline && pc + 1 != trampoline)
		return 0;
	if (!read_word(bases - 2 * word, word, &ra) || !read_word(bases - 3 * word, word, &cfa))
		return -EFAULT;
	real = return_real(cfa - word);
	if (!real || (ra != trampoline && ra != real))
		return 0;
	pc = real - (trampoline - pc);
	if (ra != real && copy_to_user_nofault((void __user *)(bases - 2 * word), &real, word))
		return -EFAULT;
	if (word == 4)
		return copy_to_user_nofault((void __user *)(regs->sp + 4), &pc, 4) ? -EFAULT : 0;
	regs->di = pc;
	return 0;
}

static void make_present(unsigned long from, size_t n)
{
	fault_in_safe_writeable((char __user *)from, n);
}

/* 0: none. */
static unsigned long trampoline_here(void)
{
	struct space *space = space_find(current->mm);
	const struct layout *l = space ? rcu_dereference(space->layout) : NULL;

	return l ? l->areas[0].start : 0;
}

/*
 * Stacks may be swapped out, and are read-only while a fork has them in common with the
 * child.  Then it is done before the thread goes on.
 */
static void correct_later(struct callback_head *work)
{
	struct pt_regs *regs = current_pt_regs();
	unsigned int word = user_64bit_mode(regs) ? 8 : 4;
	unsigned long bases = regs->si, trampoline;
	int err = -EFAULT;

	for (int i = 0; err && i < CORRECTIONS_MAX; i++) {
		if (word == 4) {
			make_present(regs->sp + 4, 2 * word);
			read_word(regs->sp + 8, word, &bases);
		}
		make_present(bases - 3 * word, 2 * word);
		rcu_read_lock();
		trampoline = trampoline_here();
		err = trampoline ? correct(regs, trampoline) : 0;
		rcu_read_unlock();
	}
	if (atomic_dec_and_test(&n_corrections))
		wake_up_all(&corrected);
}

void unwind_hit(const struct layout *l, struct pt_regs *regs)
{
	struct callback_head *work = return_work();

	if (!work || likely(correct(regs, l->areas[0].start) == 0))
		return;
	init_task_work(work, correct_later);
	atomic_inc(&n_corrections);
	if (task_work_add(current, work, TWA_RESUME))
		atomic_dec(&n_corrections); /* it exits */
}

/* The real address for one that an unwinder has read and not yet stored: its context is at CONTEXT, if there is one. */
static unsigned long not_yet_stored(const struct layout *l, unsigned long context, unsigned int word)
{
	unsigned long cfa, ra;

	if (!read_word(context + unwind_cfa_offset(word), word, &cfa) ||
	    !read_word(context + unwind_cfa_offset(word) + word, word, &ra) || layout_is_trampoline(l, ra))
		return 0;
	return return_real(cfa - word);
}

/*
 * In the instruction between reading a trampoline's address and storing it a signal would hide
 * it in its frame for as long as the handler likes: the register gets the real one.  Once it is stored
 * it is found there, and it has to be the same in the context and in registers until the breakpoint.
 */
void unwind_signal(const struct layout *l, struct pt_regs *regs)
{
	unsigned int word = user_64bit_mode(regs) ? 8 : 4;
	unsigned long *registers = (unsigned long *)regs, real;

	static_assert(offsetof(struct pt_regs, orig_ax) == UNWIND_REGISTERS * sizeof(long));
	for (unsigned int i = 0; i < UNWIND_REGISTERS; i++)
		for (unsigned int k = 0; layout_is_trampoline(l, registers[i]) && k < UNWIND_REGISTERS; k++) {
			real = not_yet_stored(l, registers[k], word);
			if (real)
				registers[i] = real;
		}
}
