/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Inside of the engine.  Contexts, lock order and transition tables: uprobes.h.
 *
 *	sites.c    what is probed: files, their sites, the clients that want them
 *	layout.c   one process' breakpoints and slots, as a table that never changes
 *	space.c    the processes that have one, and how they come and go
 *	text.c     reading and writing the text of a process that runs
 *	update.c   makes a process' breakpoints what the sites ask for
 *	trap.c     a task got to a breakpoint, a trampoline, or has a signal in a slot
 *	return.c   return records
 *	unwind.c   exceptions that pass by trampolines
 *	restore.c  the stacks, when the engine is unloaded
 *	hooks.c    what the kernel tells: mmap, munmap, fork, exec, exit
 *	engine.c   clients; loading and unloading
 */
#ifndef TAPSTER_UPROBES_INT_H
#define TAPSTER_UPROBES_INT_H

#include <linux/hash.h>
#include <linux/kref.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/rbtree.h>
#include <linux/refcount.h>
#include <linux/sched/mm.h>
#include <linux/srcu.h>
#include <linux/workqueue.h>

#include "runtime/uprobes/uprobes.h"

#define BREAKPOINT 0xcc

/* ---- sites.c ---- */

enum site_state { UPROBES_SITE_WANTED, UPROBES_SITE_LEAVING };

struct site {
	struct kref ref;            /* the file's tree, and each patch of each layout */
	enum site_state state;      /* engine.lock */
	struct rb_node node;        /* in file->tree; engine.lock */
	struct file_sites *file;    /* engine.lock; NULL when out of the tree */
	uint64_t offset;
	struct hlist_head consumers; /* written under engine.lock, read under RCU */
	int64_t semaphore;          /* distance from the site to its 16-bit counter; 0: none */
	uint8_t cover, slot_size, n_fixups, insn_slot;
	struct site_fixup fixups[]; /* followed by the slot's bytes and the COVER original ones */
};

struct consumer {
	struct hlist_node node;     /* in site->consumers */
	struct consumer *next;      /* of client->sites; engine.lock */
	struct mm_struct *mm;       /* NULL: every process that the client means */
	bool is_limited;            /* by MM or by the client */
	bool rests;                 /* wants no breakpoint now; written under engine.lock */
	/* the client's from when it arms, does nothing before */
	void (*entry)(void *data, struct pt_regs *regs, const struct layout *where);
	void *data;                 /* for that */
	struct uprobes_client *client;
	struct site *site;
};

/* The sites that are wanted in a file, by offset; replaced as a whole, read under sites_srcu. */
struct site_table {
	unsigned int n;
	struct site *at[];
};

struct file_sites {
	struct hlist_node node;     /* written under engine.lock, read under sites_srcu or RCU */
	struct list_head list;      /* of all files; engine.lock */
	struct inode *inode;        /* a reference is held */
	struct rb_root tree;        /* engine.lock */
	struct site_table __rcu *table;
};

extern struct mutex engine_lock;
extern struct srcu_struct sites_srcu;
extern struct list_head sites_files;

static inline const uint8_t *site_slot(const struct site *s)
{
	return (const uint8_t *)(s->fixups + s->n_fixups);
}

static inline const uint8_t *site_orig(const struct site *s)
{
	return site_slot(s) + s->slot_size;
}

int sites_add(struct consumer *c, struct inode *inode, const struct site_recipe *recipe);
void sites_remove(struct consumer *c);  /* the callbacks end; the site may become LEAVING */
void sites_publish(void);               /* makes the tables what the states say */
void sites_forget(void);                /* frees what is LEAVING; no process is armed with it */
struct file_sites *sites_find(const struct inode *inode);   /* RCU or sites_srcu */
bool sites_are_in(const struct vm_area_struct *vma);        /* RCU or sites_srcu */
bool site_has_returns(const struct site *s); /* likewise */
bool site_is_wanted_in(const struct site *s, const struct mm_struct *mm);
bool consumer_means(const struct consumer *c, const struct mm_struct *mm); /* of one that is limited */
struct site *site_new(const struct site_recipe *r);
bool site_has_same_code(const struct site *a, const struct site *b);
void site_put(struct site *s);

/* A mapping that may have breakpoints: private, of a file, executable. */
static inline bool sites_may_be_in(const struct vm_area_struct *vma)
{
	return vma->vm_file &&
	       (vma->vm_flags & (VM_EXEC | VM_SHARED | VM_MAYSHARE | VM_HUGETLB)) == VM_EXEC;
}

/* ---- layout.c ---- */

enum patch_state { PATCH_IDLE, PATCH_ARMED, PATCH_REFUSED };

struct patch {
	unsigned long address;
	unsigned long slot;
	struct site *site; /* a reference is held */
	enum patch_state state : 8;
	bool is_wanted;    /* else what was armed is on its way out */
	bool is_refused;   /* and counted: the text, at the last look, didn't allow it */
	bool is_unwinder;  /* unwind_hit wants to know; the site need not be wanted */
	bool was_touched;  /* by the update that makes the layout */
	bool is_raised;    /* the site's semaphore counts this breakpoint */
};

/* Pages of slots; the first bytes are the trampoline of return probes. */
struct slot_area {
	unsigned long start, end, next; /* next: first free byte */
};

#define SLOT_ALIGN 16
#define SLOT_TRAMPOLINE_SIZE SLOT_ALIGN
#define AREAS_MAX 24

struct layout {
	refcount_t users; /* a process and those forked from it since */
	struct rcu_work free;
	unsigned int n, n_areas, n_armed;
	uint32_t mask;    /* of index[] */
	struct slot_area areas[AREAS_MAX];
	struct patch *patches; /* behind the index */
	const struct patch *index[]; /* by address; layout_none where there is no patch */
};

extern const struct patch layout_none; /* not armed, at no address */

struct layout *layout_new(unsigned int n);
void layout_free(struct layout *l); /* that was not finished, or has no users */
/* The patches are there: makes them findable.  Takes references to their sites. */
void layout_finish(struct layout *l);
void layout_put(struct layout *l); /* after a grace period */
const struct patch *layout_find(const struct layout *l, unsigned long address);

/* The first place of the index has another one, or none. */
const struct patch *layout_look_behind(const struct layout *l, unsigned long address);

static __always_inline uint32_t layout_place(const struct layout *l, unsigned long address)
{
	return hash_long(address, 32) & l->mask;
}

/* The trap's: layout_none and not NULL, and inlined. */
static __always_inline const struct patch *layout_look_up(const struct layout *l, unsigned long address)
{
	const struct patch *p = l->index[layout_place(l, address)];

	return likely(p->address == address) ? p : layout_look_behind(l, address);
}

const struct patch *layout_find_slot(const struct layout *l, unsigned long ip);
/* Return probes use that of the first area, whichever it is near to. */
static inline bool layout_is_trampoline(const struct layout *l, unsigned long address)
{
	return address == l->areas[0].start;
}

/* ---- space.c ---- */

struct space {
	struct hlist_node node;         /* written under spaces.lock, read under RCU */
	struct mm_struct *mm;           /* mmgrab */
	refcount_t users;               /* the table, and who works on it */
	struct mutex lock;
	struct layout __rcu *layout;    /* written under lock and mmap_lock */
	unsigned long generation;       /* of the sites that it has; same */
	bool has_returns;               /* return probes were armed here; same */
	struct rcu_work free;
};

extern struct workqueue_struct *engine_queue;

#define SPACES_BITS 10
extern struct hlist_head spaces[1 << SPACES_BITS];

/* RCU; NULL is no process. */
static __always_inline struct space *space_find(const struct mm_struct *mm)
{
	struct space *s;

	hlist_for_each_entry_rcu(s, &spaces[hash_ptr(mm, SPACES_BITS)], node, true)
		if (likely(s->mm == mm))
			return s;
	return NULL;
}

struct space *space_get(struct mm_struct *mm, bool create);
void space_put(struct space *space);
/* In the fork of PARENT, which holds its mmap_lock for write; atomic. */
void space_fork(const struct mm_struct *parent, struct mm_struct *child);
/* The last user of MM is gone; atomic. */
void space_exit(struct mm_struct *mm);
/* Calls FN with each process of the table, a reference to its mm held, until it returns
 * not 0; sleeps. */
int spaces_for_each(int (*fn)(struct space *space, void *data), void *data);
void spaces_drop_all(void);

/* ---- text.c: mmap_lock is held ---- */

int text_read(struct mm_struct *mm, unsigned long address, void *buf, size_t size);
int text_write(struct mm_struct *mm, unsigned long address, const void *buf, size_t size);
/* Any thread that runs sees what was written. */
void text_sync(struct mm_struct *mm);
/* Puts TO where OLD is, an aligned word of a stack. */
int text_exchange_word(struct mm_struct *mm, unsigned long address, unsigned long old,
		       unsigned long to, size_t size);

/* ---- update.c ---- */

/* current->mm must be MM. */
int update_current(struct mm_struct *mm);
/* From anywhere that may sleep.  The caller holds a reference to MM's users. */
int update_remote(struct mm_struct *mm);
unsigned long update_generation(void);
void update_new_generation(void);

/* ---- trap.c ---- */

int trap_start(void);
void trap_stop(void);
/* A signal is about to be delivered to current, whose registers are REGS. */
void trap_signal(int sig, struct kernel_siginfo *info, struct pt_regs *regs);

/* ---- return.c ---- */

int return_pool_new(struct uprobes_client *client);
/* current is at the trampoline; false: without a record.  Interrupts are off. */
bool return_arrive(struct pt_regs *regs);
/* The return address whose place on current's stack is SLOT; 0: it isn't replaced. */
unsigned long return_real(unsigned long slot);
/* current's place for one thing to be done before it goes on; NULL: it has no records. */
struct callback_head *return_work(void);
void return_orphan(struct uprobes_client *client);
bool return_has_orphans(void);
void return_fork(struct task_struct *parent, struct task_struct *child);
void return_exec_or_exit(struct task_struct *task);
/* A signal is about to be delivered to current; RCU. */
void return_signal(const struct pt_regs *regs);
void return_fini(void); /* no hook and no trap come any more */

/* What a record says of a stack. */
struct frame {
	unsigned long slot, real, trampoline;
	uint8_t word;
};

struct stack_part {
	unsigned long from, to;
};

enum { UNWIND_REGISTERS = 15 }; /* those at the beginning of struct pt_regs */

/* Where a thread that has records was. */
struct frames_thread {
	const struct mm_struct *mm;
	unsigned long trampoline;
	struct stack_part stack[2]; /* that it uses, under frames with records; the signal stack first */
	unsigned long registers[UNWIND_REGISTERS];
	uint8_t word;
	bool holds_it; /* the trampoline's address, in one of these */
};

/* All of them, as they were at one moment. */
struct frames {
	unsigned int n, size, n_threads, size_threads;
	struct frame *at;
	struct frames_thread *threads;
};

void return_list_frames(struct frames *list); /* sleeps; LIST is zeroes, or an older one */
void frames_free(struct frames *list);
/* Threads that are at a trampoline go on from there; no stack has one any more. */
void return_send_on(void);

/* ---- restore.c ---- */

/* No task returns through a trampoline any more, nor unwinds by one; sleeps. */
void restore_stacks(void);

/* ---- unwind.c ---- */

bool unwind_is_wanted(void); /* are there return probes, or activations of such */
void unwind_client_came(void);
void unwind_client_left(void);
bool unwind_may_be_in(const struct vm_area_struct *vma);
/* Finds out which of the files of a process have an unwinder; sleeps. */
void unwind_look(struct mm_struct *mm);
/* What unwind_look found; kept while sites_srcu is read. */
struct site *unwind_site_of(const struct inode *inode);
void unwind_hit(const struct layout *l, struct pt_regs *regs);
/* A signal is about to be delivered to current; RCU. */
void unwind_signal(const struct layout *l, struct pt_regs *regs);
/* Where an unwinder's context has the CFA, before the return address. */
static inline unsigned int unwind_cfa_offset(unsigned int word)
{
	return 18 * word;
}
void unwind_forget_unwanted(void);
void unwind_stop(void);
void unwind_wait(void); /* until all that hits have put off is done */

/* ---- hooks.c ---- */

int hooks_init(void);
void hooks_stop_looking(void); /* no more updates are asked for */
void hooks_fini(void);

#endif
