/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a compiled script tells the runtime about itself: tables, printed by
 * translator/emit/, read by the module's init code (kernel) and by the driver
 * from the object file (user).  Like the site recipes they hold no pointers;
 * text is an offset into script_strings[].
 *
 * The generated C defines, with external linkage:
 *
 *	const struct script_info   script_info;
 *	const char                 script_strings[];
 *	const struct script_file   script_files[];    script_info.n_files
 *	const struct site_recipe   script_sites[];    script_info.n_sites
 *	const struct script_probe  script_probes[];   script_info.n_probes
 *	const uint32_t             script_places[];   lists: places (offsets into script_strings) of a handler's
 *	                                                 errors, and which ones stand for them; up to a 0
 *	const struct script_global script_globals[];  script_info.n_globals
 *	const struct script_symtab script_symtabs[];  script_info.n_symtabs
 *	const char                 script_symbols[];  bytes of struct script_symbol
 *	const char                 script_lines[];    bytes of struct script_line
 *	const char                 script_symbol_names[];
 *	const struct script_family *const script_families[]; up to NULL; kernel runtime only
 *
 *	void script_init(struct rt_context *c);          initialisers of globals; once
 *	void script_set(struct rt_context *c, uint32_t global, int64_t number, const char *text);
 *	                                                 gives a GLOBAL_LONG or _STRING a value; after
 *	                                                 script_init, before any handler
 *	void script_site(struct rt_context *c, uint32_t site);   runs the handlers of a site:
 *	                                                 SITE probes, and the entry half of RETURN ones
 *	void script_return(struct rt_context *c, uint32_t probe); a return probe's handler
 *	void script_entry(struct rt_context *c, uint32_t probe); the entry half of a return probe; kernel runtime only
 *	void script_look(struct rt_context *c, uint32_t probe); reads what the handler will read, and does
 *	                                                 nothing else; kernel runtime only
 *	void script_probe(struct rt_context *c, uint32_t probe); any other probe's handler
 *	void script_repair(uint32_t global);             a thread died while it held that global's lock
 */
#ifndef TAPSTER_RUNTIME_OBJECT_H
#define TAPSTER_RUNTIME_OBJECT_H

#include "runtime/site.h"

#define SCRIPT_ABI 8 /* changes whenever a struct of this file or site.h does */

struct script_info {
	uint32_t abi;
	uint32_t n_files, n_sites, n_probes, n_globals;
	uint32_t session_name; /* string: module name, "tapster_<hash>_<n>" */
	uint32_t max_string, max_errors, max_skipped, max_action, max_nesting;
	uint32_t max_trylock;  /* a lock is waited for so many times 10 us */
	uint32_t frame_size;   /* bytes of context memory for frames (locals, temporaries) */
	uint32_t flags;        /* enum script_flags */
	uint32_t n_symtabs;
	uint32_t entry_size;   /* bytes that a return probe's record keeps for @entry and so on; multiple of 8 */
};
enum script_flags { SCRIPT_GURU = 1, SCRIPT_SUPPRESS_TIME_LIMITS = 2, SCRIPT_SUPPRESS_HANDLER_ERRORS = 4,
		    SCRIPT_MODULES = 8 /* asks what is mapped where: symbols, backtraces */,
		    SCRIPT_COUNTS = 16 /* reads perf counters */,
		    SCRIPT_SKIP_BADVARS = 32 /* what can't be read is 0 */ };

struct script_file {
	uint32_t path;            /* string: canonical path */
	uint32_t build_id_size;   /* 0: none */
	uint8_t build_id[32];
	uint64_t size, mtime_ns;  /* identity where there is no build-id */
	uint64_t inode, device;   /* as seen when translated */
};

enum script_probe_kind {
	PROBE_BEGIN,          /* arg: order */
	PROBE_END,            /* arg: order */
	PROBE_ERROR,          /* arg: order */
	PROBE_TIMER,          /* arg: period in ns; arg2: randomize +/- ns; */
	PROBE_TIMER_PROFILE,  /* on each CPU; arg: period in ns, 0: the kernel's tick */
	PROBE_SITE,           /* arg: site index */
	PROBE_RETURN,         /* arg: site index; arg2: maxactive or 0 */
	PROBE_PROCESS_BEGIN,  /* arg: file index, or -1 any process, arg2: PID or 0 */
	PROBE_PROCESS_END,
	PROBE_THREAD_BEGIN,
	PROBE_THREAD_END,
	PROBE_SYSCALL,
	PROBE_SYSCALL_RETURN,
	/* by symbol */
	PROBE_KERNEL_FUNCTION,
	PROBE_KERNEL_RETURN,  /* arg2: maxactive or 0 */
	PROBE_TRACEPOINT,
	PROBE_PERF,           /* pid: the event's type; arg: its config; arg2: each Nth, or -N times a second */
	PROBE_PROCFS_READ,    /* symbol: the file; arg: its mode; arg2: bytes of $value */
	PROBE_PROCFS_WRITE,
	PROBE_NEVER
};

struct script_probe {
	uint32_t kind; /* enum script_probe_kind */
	uint32_t name; /* string: the resolved probe point, pp() */
	uint32_t point; /* string: the probe point as the user wrote it */
	uint32_t location; /* string: "file:line:column" of the script, for messages */
	uint32_t function; /* string: ppfunc(), or 0 */
	uint32_t condition; /* SITE: the watches (rt_changed) of the globals that its condition reads; 0: none */
	int32_t pid;       /* process(PID): only this process and its threads; 0: all */
	uint32_t symbol;   /* string: what the kernel is asked for: "vfs_read", "sched:sched_switch" */
	uint32_t flags;    /* enum script_probe_flags */
	uint32_t places;   /* list in script_places */
	int64_t arg, arg2;
};
enum script_probe_flags {
	PROBE_LOOKS = 1,   /* script_look does something */
	PROBE_OPTIONAL = 2 /* may be missing where the script runs */
};

enum script_global_type { GLOBAL_LONG, GLOBAL_STRING, GLOBAL_STAT, GLOBAL_MAP };
struct script_global {
	uint32_t name; /* string: for -G NAME=VALUE */
	uint32_t type;
};

/* The function symbols of a file, for scripts that ask for names of addresses. */
struct script_symtab {
	uint32_t file;     /* index into script_files */
	uint32_t first, n; /* of script_symbols; sorted by address, none twice */
	uint32_t first_line, n_lines; /* of script_lines, likewise */
	uint32_t unused;
	uint64_t low, size; /* of the file's mapping: its first link-time address */
};
struct script_symbol {
	uint32_t at;   /* distance from LOW */
	uint32_t size; /* 0: not known */
	uint32_t name; /* offset into script_symbol_names */
};

/* From there on to the next one of the table the code is of this source line. */
struct script_line {
	uint32_t at;   /* distance from LOW */
	uint32_t line; /* 0: of none */
	uint32_t path; /* offset into script_symbol_names */
};

/* string 0 is "" */

/*
 * What serves some kinds of probes on the kernel runtime, runtime/kernel/NAME.c: modules have only
 * those that their script names.  START arms, or says why not in the log; STOP returns when no
 * handler runs or will run again.  They start in this order and stop in the other one.
 */
struct script_family {
	int (*start)(void);
	void (*stop)(void);
};
#define SCRIPT_FAMILIES(X) \
	X(modules) X(perf) X(scope) X(sites) X(rest) X(kprobes) X(tracepoints) X(timers) X(processes) X(procfs)

#pragma GCC visibility push(hidden)
struct rt_context;
extern const struct script_info script_info;
extern const char script_strings[];
extern const struct script_file script_files[];
extern const struct site_recipe script_sites[];
extern const struct script_probe script_probes[];
extern const uint32_t script_places[];
extern const struct script_global script_globals[];
extern const struct script_symtab script_symtabs[];
extern const char script_symbols[];
extern const char script_lines[];
extern const char script_symbol_names[];
#define DECLARE(name) extern const struct script_family script_family_##name;
SCRIPT_FAMILIES(DECLARE)
#undef DECLARE
extern const struct script_family *const script_families[];
void script_init(struct rt_context *c);
void script_set(struct rt_context *c, uint32_t global, int64_t number, const char *text);
void script_site(struct rt_context *c, uint32_t site);
void script_return(struct rt_context *c, uint32_t probe);
void script_entry(struct rt_context *c, uint32_t probe);
void script_look(struct rt_context *c, uint32_t probe);
void script_probe(struct rt_context *c, uint32_t probe);
void script_repair(uint32_t global);
#pragma GCC visibility pop

#endif
