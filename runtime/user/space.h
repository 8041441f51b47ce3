/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The address space of a target: what is mapped into it, which sites are armed,
 * and how everything is put back.  Shared by the threads of a process, and by a
 * process and its vfork child.
 *
 * Lives in the ledger: the front uses the same functions (rescue.h) when the driver has
 * died.  Callers have stopped all threads that may execute in the space.
 */
#ifndef TAPSTER_RUNTIME_USER_SPACE_H
#define TAPSTER_RUNTIME_USER_SPACE_H

#include "runtime/user/image.h"
#include "runtime/user/maps.h"
#include "runtime/user/remote.h"

/*
 *	             the code that is written over the site      undone by
 *	PATCH_BREAK  0xcc                                        1 byte
 *	PATCH_JUMP   jmp rel32 to the stub                       5 bytes
 *	PATCH_HOP    jmp rel8, and jmp rel32 at site + hop       2 + 5 bytes
 *	PATCH_NONE   nothing: the site was refused, or is gone
 */
enum patch_kind { PATCH_NONE, PATCH_BREAK, PATCH_JUMP, PATCH_HOP };

struct patch {
	uint64_t address; /* sorted by it */
	uint64_t stub;    /* address of the struct user_stub */
	uint32_t site;
	uint8_t kind; /* enum patch_kind */
};

/*
 * Breakpoints of our own, on functions whose first instruction can be done by hand:
 *	WATCH_LINKER  the dynamic linker has changed the list of libraries
 *	WATCH_THROW   an unwinder is about to look at return addresses, for an exception
 *	WATCH_TRACE   the same, and will return to its caller
 */
enum watch_reason { WATCH_LINKER, WATCH_THROW, WATCH_TRACE };
enum { LANDINGS_MAX = 4 }; /* there are four debug registers */
struct space_watch {
	struct user_watch w;
	enum watch_reason why;
};

struct space {
	struct space *next; /* in the ledger */
	unsigned refs;      /* processes */
	pid_t pid;     /* one of them */
	uint32_t token;
	struct remote_mem mem;
	uint64_t base; /* of the object; 0: not in it */
	uint64_t syscall_insn;
	struct patch *patches;
	size_t n_patches, cap_patches;
	struct user_region regions[USER_REGIONS_MAX];
	unsigned n_regions;
	struct space_watch watches[USER_WATCHES_MAX];
	unsigned n_watches;
	uint64_t landings[LANDINGS_MAX]; /* __cxa_begin_catch: an exception was caught */
	unsigned n_landings;
	bool has_linker_watch, has_program_watch; /* set, or looked for in vain */
	bool has_safety;   /* our SIGTRAP handler is installed */
	bool frames_in_slots; /* a signal frame may hold a slot's address: slots stay */
	bool is_refused;   /* a reason was given; leave it alone */
	uint64_t modules_seen; /* fingerprint of the mappings that the table of modules is of */
	uint64_t old_sigtrap[4]; /* struct kernel_sigaction */
};

/* The script's file as it is now in the file system. */
struct probed_file {
	const char *path;
	dev_t device;
	ino_t inode;
	bool exists;
	bool is_wanted; /* has sites */
};

/* What all spaces have in common. */
struct space_env {
	const struct image *im;
	struct probed_file *files;
	uint64_t vdso_clock_gettime; /* offset in the vDSO, or 0 */
	bool always_break;           /* no jump entries (for tests) */
	bool has_returns;            /* the script has return probes */
	int verbose;
	bool no_warnings;
};

struct space *space_new(pid_t pid);
/* One process less; frees it with the last one. */
void space_put(struct space *sp);
/* A copy for a child that was forked: same addresses, memory of its own. */
struct space *space_fork(const struct space *sp, pid_t child);

/* Are there sites in what is mapped, or watches to be set, that are not yet? */
bool space_needs(const struct space_env *env, struct space *sp, const struct maps *m);
/* Forgets the sites of files that are mapped no longer, or have been mapped anew. */
void space_drop_unmapped(const struct space_env *env, struct space *sp, const struct maps *m);
/* Injects the object if need be, arms the sites of files that have been mapped, and sets
 * watches.  TID is in an event stop, and is in one afterwards.  0, or -errno when nothing could
 * be done (a warning was printed).  LAST is the run of remote calls: see its FINAL. */
int space_arm(const struct space_env *env, struct space *sp, pid_t tid, struct remote_call *last);
/* Installs the SIGTRAP handler again, after the kernel has reset it. */
int space_renew_safety(const struct space_env *env, struct space *sp, pid_t tid,
		       struct remote_call *last);

const struct patch *space_find(const struct space *sp, uint64_t address);
const struct space_watch *space_find_watch(const struct space *sp, uint64_t address);
/* The patch in whose stub or slot ADDR is. */
const struct patch *space_find_slot(const struct space *sp, uint64_t addr);
/* Where a thread at IP continues now that sites are armed (inside displaced bytes). */
uint64_t space_move_in(const struct image *im, const struct space *sp, uint64_t ip);

/* Puts the code and the replaced return addresses back; no thread enters the object any
 * more unless it is in it.  Needs no stopped thread but the memory. */
void space_restore(const struct image *im, struct space *sp);
/* The return addresses that context U has replaced. */
void space_restore_returns(const struct image *im, const struct space *sp, struct user_context *u);
/* The opposite, for the frames that are still there when the stack pointer is SP. */
void space_replace_returns(const struct image *im, const struct space *s, struct user_context *u,
			   uint64_t sp);
/* Takes the mappings and the handler out; TID as for space_arm. */
int space_unmap(const struct image *im, struct space *sp, pid_t tid, struct remote_call *last);

/* Writes the identity of a process (token, ids, name) to its private pages and, for
 * a fork child, empties what it inherited. */
int space_set_process(const struct space_env *env, struct space *sp, pid_t pid, bool is_fork);

/* Fills in what of P can be seen from outside: ids, name, where its vDSO is. */
void space_describe_process(const struct space_env *env, struct user_process *p, pid_t pid);
/* The same for the table of modules of a process that handlers of the driver are about. */
void modules_describe(const struct space_env *env, struct user_modules *t, pid_t pid);

#endif
