/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One run of the compiler: its options, what it knows of the target, its
 * arenas, and what each pass leaves for the next.  Passed to everything; there
 * is no other state.  Fields name in [brackets] the pass that fills them.
 */
#ifndef TAPSTER_TRANSLATOR_SESSION_H
#define TAPSTER_TRANSLATOR_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/diag.h"
#include "base/intern.h"
#include "base/log.h"
#include "base/map.h"
#include "base/vec.h"
#include "lang/ast.h"
#include "lang/source.h"
#include "runtime/object.h"
#include "runtime/site.h"

struct dw;
struct dw_file;
struct library;
struct kernel_symbols;
struct regex;
struct probe_family;
struct point_node;
struct plan;
struct autocast;

/* Who may run the script: "stapdev" is everything. */
enum privilege { PRIVILEGE_STAPDEV, PRIVILEGE_STAPSYS, PRIVILEGE_STAPUSR };

enum runtime_kind { RUNTIME_AUTO, RUNTIME_KERNEL, RUNTIME_USER };

struct text_option { /* -D NAME[=VALUE], -G NAME=VALUE */
	const char *name, *value; /* value NULL: none */
};
typedef VEC(struct text_option) text_option_vec;
typedef VEC(const char *) text_vec;

/* What the command line says; filled by cmd/options.c, read only after. */
enum list_kind { LIST_NOTHING, LIST_PROBES, LIST_TYPES, LIST_ALIASES, LIST_FUNCTIONS };

enum cache_use { CACHE_FULL, CACHE_NONE, CACHE_WRITE /* only */, CACHE_CLEAN /* and no script */ };

struct options {
	const char *script_file; /* path, "-" for standard input, NULL with -e */
	const char *script_text; /* -e; NULL otherwise */
	text_vec extra_scripts; /* -E texts */
	text_vec args;          /* script arguments, $1 @1 ... */
	unsigned last_pass;     /* -p N; 5 */
	int verbose[6];         /* [0] -v count for all; [1..5] --vp */
	bool keep_temp;         /* -k */
	bool guru;              /* -g */
	enum privilege privilege; /* --privilege */
	bool unoptimized;       /* -u */
	bool no_warnings;       /* -w */
	bool warnings_as_errors; /* -W */
	bool bulk;              /* -b */
	bool time_limits_off;   /* --suppress-time-limits */
	bool handler_errors_off; /* --suppress-handler-errors */
	bool skip_bad_variables; /* --skip-badvars */
	unsigned buffer_mb;     /* -s, 0: default */
	const char *output;     /* -o */
	uint64_t max_file_bytes; /* -S, 0: none */
	unsigned max_files;     /* likewise */
	bool flight;            /* -F */
	const char *command;    /* -c */
	int target_pid;         /* -x, 0: none */
	uint64_t timeout_ms;    /* -T, 0: none */
	const char *module_name; /* -m */
	const char *kernel_release; /* -r */
	const char *dump_pass;  /* --dump=PASS */
	text_vec tapset_dirs;   /* -I */
	text_option_vec defines; /* -D */
	text_option_vec globals; /* -G */
	text_vec build_flags;   /* -B */
	text_vec module_infos;  /* --modinfo NAME=VALUE */
	const char *temp_dir;   /* --tmpdir, NULL: $TMPDIR or /tmp */
	const char *compatible; /* --compatible, NULL: SYSTEMTAP_VERSION */
	enum runtime_kind runtime; /* --runtime= */
	const char *runtime_why; /* what made it the kernel's where that was auto; NULL */
	enum cache_use cache_use; /* --disable-cache, --poison-cache, --clean-cache */
	enum list_kind list;    /* -l, -L, --dump-probe-types ...: the run ends with that */
	bool list_vars;         /* -L */
	text_vec symbol_files;  /* -d */
	bool symbols_of_libraries; /* --ldd */
	bool color;
};

/* Where the program finds its own parts: build tree or installation. */
struct paths {
	const char *tapset_dir;   /* tapsets/ */
	const char *runtime_dir;  /* runtime/ sources and headers for generated C; -I is its parent */
	const char *user_runtime; /* directory with libtapster_rt.a and its link script */
	const char *cache_dir;    /* $TAPSTER_DIR/cache or ~/.tapster/cache; NULL: nothing is kept */
	const char *cache_read;   /* where files are looked for in it; NULL: nothing is found */
};

/* One concrete probe: a handler at one resolved point. */
struct probe {
	struct loc loc;
	const struct point *written; /* the point as the user wrote it */
	const char *name;            /* resolved, as stap -p2 prints it: pp() */
	const char *pn;              /* pn(): the alias, else NAME */
	const char *chain;           /* the points and aliases that led here, for -p2 */
	const struct probe_family *family;
	struct stmt *body;           /* its own copy of the handler */
	struct expr *condition;      /* from if (...), over aliases; NULL none */
	var_vec locals;              /* [resolve] */
	/* [plan] of a return probe: the EXPR_ENTRY nodes whose operand is evaluated at
	 * the function's entry and kept in its own SAVED variable until the return */
	expr_vec entries;
	struct stmt *entry_body;     /* [lower] what saves them */
	var_vec entry_locals;        /* [lower] its temporaries */
	struct script_probe row;     /* [expand] kind, args; its string fields are 0 until emit */
	const char *function;        /* ppfunc() or NULL */
	const char *symbol;          /* what the kernel knows it by; NULL: it is none of its */
	struct site_recipe *site;    /* [plan] SITE, RETURN: filled in; NULL otherwise */
	uint32_t site_index;         /* [plan] into session.sites: equal sites are shared */
	void *data;                  /* the family's (dw_func, pc ...) */
	const struct effects *effects; /* [effects] */
	unsigned id;                 /* position in session.probes */
	bool is_tapset;
	const struct stmt *body_origin; /* what the body was copied from: equal for the probes of one point */
	bool is_one_of_many;         /* a wildcard found it: [plan] drops it with a warning
	                              * where its place can't be probed */
};
typedef VEC(struct probe *) probe_vec;

/* A probe perf...counter("NAME"). */
struct perf_counter {
	const char *name;
	int64_t type, config;
};

struct session {
	struct options opt;
	struct paths paths;
	struct log log;
	struct arena *arena;   /* the run's */
	struct arena *scratch; /* reset after every pass */
	struct intern *names;
	struct sources *sources;
	struct diag diag;
	enum runtime_kind runtime; /* [expand] never AUTO */
	const char *runtime_why;
	const char *kernel_why; /* what speaks for the kernel runtime, where auto has begun with the
	                         * user's (choose.h); NULL: nothing yet */
	bool kernel_is_certain; /* and it does even if nothing fails */

	/* pass 1 [parse] */
	bool *args_used;                      /* of opt.args: the script, or a tapset file, has it */
	const char *script_text;
	struct syntax_file *user_file;        /* the script; -E texts are more of them */
	VEC(struct syntax_file *) user_files;
	VEC(struct perf_counter) perf_counters; /* [expand] by name */
	bool has_counts;                /* [resolve] some are read */
	VEC(struct autocast) autocasts; /* [resolve] that wait for their types */
	struct point_node *points; /* [expand] the tree of point.h */
	struct library *library; /* tapset index; files are parsed on demand */

	/* pass 2 */
	struct dw *dw;                        /* [expand] */
	struct kernel_symbols *kernel_symbols; /* [expand] when asked for (kernel/symbols.h) */
	probe_vec probes;                     /* [expand] in the order of stap -p2 */
	VEC(struct syntax_file *) used_files; /* [expand][resolve] tapset files pulled in */
	size_t n_expanded_files;              /* [expand][resolve] of those, how many have had
	                                       * their own probes expanded */
	unsigned max_nesting;                 /* [effects] MAXNESTING, when not given */
	VEC(struct var *) globals;            /* [resolve] used ones */
	VEC(struct var *) written;            /* [effects] those that are written, in the text's order */
	decl_vec functions;                   /* [resolve] used ones */
	decl_vec embedded;                    /* [resolve] top-level %{ %} of used files */
	VEC(struct dw_file *) files;           /* [plan] index is site_recipe.file */
	VEC(struct site_recipe *) sites;      /* [plan] */
	VEC(struct regex *) regexes;          /* [check] index is regex.id */
	struct plan *plan;                    /* [plan] its own notes */

	/* pass 3 */
	VEC(struct expr *) embedded_exprs;    /* [lower] %{ %} as values */
	/* [emit] */
	const char *c_text;
	size_t c_text_len;
	bool is_large; /* compiled for the compiler's time rather than for the handlers' */

	/* pass 4 [build] */
	const char *temp_dir;
	const char *object_path; /* NAME.so or NAME.ko: in the cache or the temporary directory */
	const char *module_name;
	const char *engine_path; /* tapster_uprobes.ko; NULL: not needed */
	bool from_cache;
};

/* Makes arenas and tables; OPT's texts must live as long as the session. */
void session_init(struct session *s, const struct options *opt, struct arena *a);
/* Removes the temporary directory unless -k; the arena is the caller's. */
void session_fini(struct session *s);
/* EXPR for the outermost expressions of all statements of functions and probes; it goes on into them by
 * ast_walk_expr. */
void session_walk_bodies(struct session *s, void (*expr)(struct ast_walker *w, struct expr **slot));
/* -v for pass 1 to 5: the overall level and that of --vp. */
int session_verbose(const struct session *s, unsigned pass);
/* The temporary directory, made when first asked for.  NULL: it has reported. */
const char *session_temp_dir(struct session *s);

/* Notes that N more probes of one declaration fail as the one before has; nothing for 0. */
void session_note_silent(struct session *s, unsigned n);
const char *session_privilege(const struct session *s); /* "stapusr" */
/* A -D limit as a number: the option's value, or FALLBACK (MAXSTRINGLEN, MAXACTION ...). */
int64_t session_limit(const struct session *s, const char *name, int64_t fallback);
/* Bytes of a string value with its NUL: -DMAXSTRINGLEN, 512. */
unsigned session_max_string(const struct session *s);
/* How many elements the array V may hold. */
int64_t session_capacity(const struct session *s, const struct var *v);

#endif
