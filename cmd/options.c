/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * options.def becomes a table of rows; getopt_long's two tables are made from
 * it, and each option is taken by the function of its row.
 */
#include "cmd/options.h"

#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "config.h"
#include "lang/parse.h"
#include "runtime/driver/sink.h"

enum {
	MAX_MODULE_NAME = 55, /* the kernel's MODULE_NAME_LEN less its terminator */
	MAX_TIMEOUT_S = 1000000000,
	MAX_BUFFER_MB = 4095
};

struct parser {
	struct options *opt;
	struct arena *arena;
	enum options_result result;
};

struct row {
	char letter;
	const char *name;
	int argument; /* no_argument, required_argument, optional_argument */
	const char *argument_name;
	bool (*take)(struct parser *p, const char *arg); /* NULL: not there yet */
	const char *help;
};

static bool complain(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Prints the message; false, for the caller to return. */
static bool complain(const char *fmt, ...)
{
	va_list ap;

	fputs("tapster: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	return false;
}

/* A decimal number and nothing else, within the bounds. */
static bool parse_number(const char *text, long low, long high, long *out)
{
	char *end;

	errno = 0;
	*out = strtol(text, &end, 10);
	return isdigit((unsigned char)*text) && !*end && !errno && *out >= low && *out <= high;
}

/* The length of the C identifier that TEXT begins with; 0: none. */
static size_t identifier_length(const char *text)
{
	size_t n = 0;

	if (isdigit((unsigned char)*text))
		return 0;
	while (isalnum((unsigned char)text[n]) || text[n] == '_')
		n++;
	return n;
}

/* ---- one function per option ---- */

static bool take_help(struct parser *p, const char *arg);

static bool take_version(struct parser *p, const char *arg)
{
	(void)arg;
	puts("tapster (version " PACKAGE_VERSION ")\n"
	     "A compiler and two runtimes for probe scripts in SystemTap's language.\n"
	     "This is free software under the GNU General Public License, version 2 or later.");
	p->result = OPTIONS_DONE;
	return true;
}

static bool take_pass(struct parser *p, const char *arg)
{
	long n;

	if (!parse_number(arg, 1, 5, &n))
		return complain("invalid pass number '%s' (should be 1-5)", arg);
	p->opt->last_pass = (unsigned)n;
	return true;
}

static bool take_verbose(struct parser *p, const char *arg)
{
	(void)arg;
	p->opt->verbose[0]++;
	return true;
}

static bool take_verbose_pass(struct parser *p, const char *arg)
{
	size_t len = strlen(arg);

	if (!len || len > 5 || strspn(arg, "0123456789") != len)
		return complain("invalid --vp '%s' (should be one to five digits)", arg);
	for (size_t i = 0; i < len; i++)
		p->opt->verbose[i + 1] += arg[i] - '0';
	return true;
}

static bool take_keep(struct parser *p, const char *arg)
{
	(void)arg;
	p->opt->keep_temp = true;
	return true;
}

static bool take_script(struct parser *p, const char *arg)
{
	if (p->opt->script_text)
		return complain("only one script can be given; -E adds more");
	p->opt->script_text = arg;
	return true;
}

/* A listing is a script with an empty body that stops where its probes are known. */
static bool take_listing(struct parser *p, enum list_kind kind, const char *point)
{
	p->opt->list = kind;
	p->opt->dump_pass = "expand";
	return take_script(p, arena_printf(p->arena, "probe %s {}", point));
}

static bool take_list(struct parser *p, const char *arg)
{
	return take_listing(p, LIST_PROBES, arg);
}

static bool take_list_types(struct parser *p, const char *arg)
{
	(void)arg;
	return take_listing(p, LIST_TYPES, "never");
}

static bool take_list_aliases(struct parser *p, const char *arg)
{
	(void)arg;
	return take_listing(p, LIST_ALIASES, "never");
}

static bool take_list_functions(struct parser *p, const char *arg)
{
	(void)arg;
	return take_listing(p, LIST_FUNCTIONS, "never");
}

static bool take_list_vars(struct parser *p, const char *arg)
{
	p->opt->list_vars = true;
	return take_list(p, arg);
}

static bool take_extra_script(struct parser *p, const char *arg)
{
	VEC_PUSH(p->arena, &p->opt->extra_scripts, arg);
	return true;
}

static bool take_command(struct parser *p, const char *arg)
{
	if (!*arg)
		return complain("-c needs a command");
	p->opt->command = arg;
	return true;
}

static bool take_target(struct parser *p, const char *arg)
{
	long n;

	if (!parse_number(arg, 0, INT_MAX, &n)) /* 0: none */
		return complain("invalid target process id '%s'", arg);
	p->opt->target_pid = (int)n;
	return true;
}

static bool take_output(struct parser *p, const char *arg)
{
	if (!*arg)
		return complain("-o needs a file name");
	p->opt->output = arg;
	return true;
}

static bool take_bulk(struct parser *p, const char *arg)
{
	(void)arg;
	p->opt->bulk = true;
	return true;
}

static bool take_buffer_size(struct parser *p, const char *arg)
{
	long n;

	if (!parse_number(arg, 1, MAX_BUFFER_MB, &n))
		return complain("invalid buffer size '%s' (should be 1 to %d MB)", arg, MAX_BUFFER_MB);
	p->opt->buffer_mb = (unsigned)n;
	return true;
}

static bool take_rotation(struct parser *p, const char *arg)
{
	if (!sink_parse_rotation(arg, &p->opt->max_file_bytes, &p->opt->max_files))
		return complain("invalid -S '%s' (should be SIZE or SIZE,COUNT; SIZE in MB)", arg);
	return true;
}

static bool take_flight(struct parser *p, const char *arg)
{
	(void)arg;
	p->opt->flight = true;
	return true;
}

static bool take_timeout(struct parser *p, const char *arg)
{
	char *end;
	double seconds;

	errno = 0;
	seconds = strtod(arg, &end);
	if (!isdigit((unsigned char)*arg) || *end || errno || !(seconds >= 0.001) ||
	    seconds > MAX_TIMEOUT_S)
		return complain("invalid timeout '%s' (should be seconds, more than 0)", arg);
	p->opt->timeout_ms = (uint64_t)(seconds * 1000);
	return true;
}

static bool take_privilege(struct parser *p, const char *arg)
{
	if (!strcmp(arg, "stapusr"))
		p->opt->privilege = PRIVILEGE_STAPUSR;
	else if (!strcmp(arg, "stapsys"))
		p->opt->privilege = PRIVILEGE_STAPSYS;
	else if (!strcmp(arg, "stapdev"))
		p->opt->privilege = PRIVILEGE_STAPDEV;
	else
		return complain("there is no privilege level '%s' (there are stapusr, stapsys and stapdev)", arg);
	return true;
}

static bool take_unprivileged(struct parser *p, const char *arg)
{
	(void)arg;
	return take_privilege(p, "stapusr");
}

static bool take_guru(struct parser *p, const char *arg)
{
	(void)arg;
	p->opt->guru = true;
	return true;
}

static bool take_unoptimized(struct parser *p, const char *arg)
{
	(void)arg;
	p->opt->unoptimized = true;
	return true;
}

static bool take_no_warnings(struct parser *p, const char *arg)
{
	(void)arg;
	p->opt->no_warnings = true;
	return true;
}

static bool take_strict(struct parser *p, const char *arg)
{
	(void)arg;
	p->opt->warnings_as_errors = true;
	return true;
}

/* NAME=VALUE or NAME into LIST. */
static void push_text_option(struct parser *p, text_option_vec *list, const char *arg,
			     size_t name_length)
{
	struct text_option o = { .name = arena_strndup(p->arena, arg, name_length) };

	if (arg[name_length] == '=')
		o.value = arg + name_length + 1;
	VEC_PUSH(p->arena, list, o);
}

static const struct limit {
	const char *name;
	long low, high;
} limits[] = {
#define LIMIT(name, low, high) { #name, low, high },
#include "cmd/limits.def"
#undef LIMIT
};

/* A macro that is one of our limits must be a number that makes sense. */
static bool check_limit(const struct text_option *o)
{
	long n;

	for (size_t i = 0; i < sizeof(limits) / sizeof(*limits); i++) {
		const struct limit *l = &limits[i];

		if (!strcmp(l->name, o->name) &&
		    (!o->value || !parse_number(o->value, l->low, l->high, &n)))
			return complain("invalid -D %s (should be %s=N, %ld to %ld)", o->name,
					l->name, l->low, l->high);
	}
	return true;
}

static bool take_define(struct parser *p, const char *arg)
{
	size_t n = identifier_length(arg);
	const char *rest = arg + n;

	if (*rest == '=')
		rest += rest[1] == '-' ? 2 : 1;
	else if (*rest)
		n = 0;
	if (!n || (arg[n] == '=' && !*rest))
		return complain("invalid -D '%s' (should be NAME or NAME=VALUE)", arg);
	for (; *rest; rest++)
		if (!isalnum((unsigned char)*rest) && *rest != '_')
			return complain("invalid -D '%s' (a value is letters, digits, '_')", arg);
	push_text_option(p, &p->opt->defines, arg, n);
	return check_limit(&VEC_LAST(&p->opt->defines));
}

static bool take_global(struct parser *p, const char *arg)
{
	size_t n = identifier_length(arg);

	if (!n || arg[n] != '=' || !arg[n + 1])
		return complain("invalid -G '%s' (should be NAME=VALUE)", arg);
	push_text_option(p, &p->opt->globals, arg, n);
	return true;
}

static bool take_tapset_dir(struct parser *p, const char *arg)
{
	if (access(arg, R_OK | X_OK))
		return complain("cannot read tapset directory '%s': %s", arg, strerror(errno));
	VEC_PUSH(p->arena, &p->opt->tapset_dirs, arg);
	return true;
}

static bool take_symbol_file(struct parser *p, const char *arg)
{
	if (!strchr(arg, '/'))
		return complain("no symbols of '%s' with -d: only of programs and libraries, by their path", arg);
	VEC_PUSH(p->arena, &p->opt->symbol_files, arg);
	return true;
}

static bool take_ldd(struct parser *p, const char *arg)
{
	(void)arg;
	p->opt->symbols_of_libraries = true;
	return true;
}

static bool take_module_name(struct parser *p, const char *arg)
{
	size_t len = strlen(arg);

	if (!len || len > MAX_MODULE_NAME || identifier_length(arg) != len)
		return complain("invalid module name '%s' (letters, digits, '_'; at most %d)", arg,
				MAX_MODULE_NAME);
	p->opt->module_name = arg;
	return true;
}

static bool take_release(struct parser *p, const char *arg)
{
	p->opt->kernel_release = arg;
	return true;
}

static bool take_arch(struct parser *p, const char *arg)
{
	(void)p;
	return !strcmp(arg, "x86_64") || complain("cannot build for '%s' (only for x86_64)", arg);
}

static bool take_build_flag(struct parser *p, const char *arg)
{
	VEC_PUSH(p->arena, &p->opt->build_flags, arg);
	return true;
}

static bool take_module_info(struct parser *p, const char *arg)
{
	size_t n = identifier_length(arg);

	if (!n || arg[n] != '=')
		return complain("invalid --modinfo '%s' (should be NAME=VALUE)", arg);
	VEC_PUSH(p->arena, &p->opt->module_infos, arg);
	return true;
}

static bool take_compatible(struct parser *p, const char *arg)
{
	if (strverscmp(arg, SYSTEMTAP_VERSION) > 0)
		return complain("version '%s' is newer than " SYSTEMTAP_VERSION ", whose language tapster has",
				arg);
	p->opt->compatible = arg;
	return true;
}

static bool take_prologue(struct parser *p, const char *arg)
{
	(void)p;
	return !arg || !strcmp(arg, "never") || !strcmp(arg, "always") || !strcmp(arg, "auto") ||
	       complain("invalid --prologue-searching '%s' (should be never, always or auto)", arg);
}

static bool take_temp_dir(struct parser *p, const char *arg)
{
	if (access(arg, W_OK | X_OK))
		return complain("cannot write to '%s': %s", arg, strerror(errno));
	p->opt->temp_dir = arg;
	return true;
}

static bool take_runtime(struct parser *p, const char *arg)
{
	if (!strcmp(arg, "user"))
		p->opt->runtime = RUNTIME_USER;
	else if (!strcmp(arg, "kernel"))
		p->opt->runtime = RUNTIME_KERNEL;
	else if (!strcmp(arg, "auto"))
		p->opt->runtime = RUNTIME_AUTO;
	else
		return complain("there is no runtime '%s' (there are user, kernel and auto)", arg);
	return true;
}

static bool take_dump(struct parser *p, const char *arg)
{
	p->opt->dump_pass = arg;
	return true;
}

static bool take_no_cache(struct parser *p, const char *arg)
{
	(void)arg;
	p->opt->cache_use = CACHE_NONE;
	return true;
}

static bool take_poison_cache(struct parser *p, const char *arg)
{
	(void)arg;
	p->opt->cache_use = CACHE_WRITE;
	return true;
}

static bool take_clean_cache(struct parser *p, const char *arg)
{
	(void)arg;
	p->opt->cache_use = CACHE_CLEAN;
	return true;
}

/* ---- limits of this process and those that it starts ---- */

static bool limit(const char *arg, const char *name, int resource)
{
	struct rlimit r;
	long n;

	if (!parse_number(arg, 0, LONG_MAX, &n))
		return complain("invalid --rlimit-%s '%s' (should be a number)", name, arg);
	r.rlim_cur = r.rlim_max = (rlim_t)n;
	return !setrlimit(resource, &r) ||
	       complain("cannot set --rlimit-%s to %s: %s", name, arg, strerror(errno));
}

static bool take_limit_as(struct parser *p, const char *arg)
{
	(void)p;
	return limit(arg, "as", RLIMIT_AS);
}

static bool take_limit_cpu(struct parser *p, const char *arg)
{
	(void)p;
	return limit(arg, "cpu", RLIMIT_CPU);
}

static bool take_limit_nproc(struct parser *p, const char *arg)
{
	(void)p;
	return limit(arg, "nproc", RLIMIT_NPROC);
}

static bool take_limit_stack(struct parser *p, const char *arg)
{
	(void)p;
	return limit(arg, "stack", RLIMIT_STACK);
}

static bool take_limit_fsize(struct parser *p, const char *arg)
{
	(void)p;
	return limit(arg, "fsize", RLIMIT_FSIZE);
}

/* ---- messages, and what is left out of handlers ---- */

static bool take_color(struct parser *p, const char *arg)
{
	if (!arg || !strcmp(arg, "always"))
		p->opt->color = true;
	else if (!strcmp(arg, "never"))
		p->opt->color = false;
	else if (!strcmp(arg, "auto"))
		p->opt->color = isatty(STDERR_FILENO);
	else
		return complain("invalid --color '%s' (should be always, never or auto)", arg);
	return true;
}

static bool take_no_handler_errors(struct parser *p, const char *arg)
{
	(void)arg;
	p->opt->handler_errors_off = true;
	return true;
}

static bool take_skip_bad_variables(struct parser *p, const char *arg)
{
	(void)arg;
	p->opt->skip_bad_variables = true;
	return true;
}

static bool take_no_time_limits(struct parser *p, const char *arg)
{
	(void)arg;
	p->opt->time_limits_off = true;
	return true;
}

/* ---- the table ---- */

#define NONE no_argument
#define REQUIRED required_argument
#define OPTIONAL optional_argument
#define OPTION(letter, name, argument, argument_name, take, help) \
	{ letter, name, argument, argument_name, take, help },
#define LATER(letter, name, argument, what) { letter, name, argument, NULL, NULL, what },

static const struct row rows[] = {
#include "cmd/options.def"
};

enum { N_ROWS = sizeof(rows) / sizeof(*rows), FIRST_LONG = 256 /* above every letter */ };

static bool take_help(struct parser *p, const char *arg)
{
	(void)arg;
	puts("Usage: tapster [options] FILE [arguments]        run the script in FILE\n"
	     "   or: tapster [options] - [arguments]           run the script on standard input\n"
	     "   or: tapster [options] -e SCRIPT [arguments]   run SCRIPT\n"
	     "\n"
	     "Options:");
	for (int i = 0; i < N_ROWS; i++) {
		const struct row *r = &rows[i];
		char text[64];
		int n = 0;

		if (!r->take || !r->help)
			continue;
		if (r->letter)
			n = snprintf(text, sizeof(text), "-%c%s", r->letter, r->name ? " " : "");
		if (r->name)
			n += snprintf(text + n, sizeof(text) - (size_t)n, "--%s", r->name);
		if (r->argument_name)
			snprintf(text + n, sizeof(text) - (size_t)n,
				 r->argument == OPTIONAL ? "[=%s]" : r->name ? "=%s" : " %s",
				 r->argument_name);
		printf(strlen(text) > 17 ? "  %s\n%21s%s\n" : "  %-18s%s%s\n", text, "", r->help);
	}
	p->result = OPTIONS_DONE;
	return true;
}

/* getopt_long's tables: a long option without a letter gets FIRST_LONG + row. */
static void make_tables(char *letters, struct option *names)
{
	for (int i = 0; i < N_ROWS; i++) {
		const struct row *r = &rows[i];

		if (r->letter) {
			*letters++ = r->letter;
			if (r->argument == REQUIRED)
				*letters++ = ':';
		}
		if (r->name)
			*names++ = (struct option){ r->name, r->argument, NULL, FIRST_LONG + i };
	}
	*letters = '\0';
	*names = (struct option){ 0 };
}

static const struct row *find_row(int code)
{
	if (code >= FIRST_LONG)
		return &rows[code - FIRST_LONG];
	for (int i = 0; i < N_ROWS; i++)
		if (rows[i].letter == code)
			return &rows[i];
	return NULL;
}

static bool take(struct parser *p, const struct row *r, int code, const char *arg)
{
	if (r->take)
		return r->take(p, arg);
	if (code >= FIRST_LONG)
		return complain("option '--%s' (%s) is not there yet", r->name, r->help);
	return complain("option '-%c' (%s) is not there yet", r->letter, r->help);
}

/* What no single option can see. */
static bool check_together(const struct options *o)
{
	if (!o->script_text && !o->script_file && o->cache_use != CACHE_CLEAN)
		return complain("a script must be given: a file, -, or -e SCRIPT (see --help)");
	if (o->command && o->target_pid)
		return complain("-c and -x cannot be given together");
	if (o->max_file_bytes && !o->output && !o->bulk)
		return complain("-S needs -o FILE");
	if (o->flight && o->command)
		return complain("-F and -c cannot be given together");
	if (o->guru && o->privilege != PRIVILEGE_STAPDEV)
		return complain("-g and --privilege cannot be given together");
	if (o->time_limits_off && !o->guru)
		return complain("--suppress-time-limits needs guru mode (-g)");
	return true;
}

enum options_result options_parse(struct options *o, struct arena *a, int argc, char **argv)
{
	struct parser p = { .opt = o, .arena = a, .result = OPTIONS_RUN };
	char letters[2 * N_ROWS + 1];
	struct option names[N_ROWS + 1];
	int code;

	*o = (struct options){ .last_pass = 5, .color = isatty(STDERR_FILENO) };
	make_tables(letters, names);
	while ((code = getopt_long(argc, argv, letters, names, NULL)) != -1) {
		const struct row *r = find_row(code);

		if (!r) { /* getopt_long has said why */
			fputs("See tapster --help.\n", stderr);
			return OPTIONS_BAD;
		}
		if (!take(&p, r, code, optarg))
			return OPTIONS_BAD;
		if (p.result == OPTIONS_DONE)
			return OPTIONS_DONE;
	}
	if (!o->script_text && optind < argc)
		o->script_file = argv[optind++];
	for (; optind < argc; optind++)
		VEC_PUSH(a, &o->args, argv[optind]);
	return check_together(o) ? OPTIONS_RUN : OPTIONS_BAD;
}
