/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "translator/kernel/symbols.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "base/sys.h"
#include "translator/cache.h"
#include "translator/kernel/kallsyms.h"
#include "translator/kernel/tree.h"
#include "translator/session.h"

enum { MIN_FUNCTIONS = 1000 }; /* a list with less is none: Debian's System.map, a hidden kallsyms */

/* What is collected from symbols in the order of their addresses. */
struct list {
	struct session *s;
	VEC(struct kernel_symbol) functions;
	VEC(const char *) tracepoints;
	VEC(const char *) refused; /* by NOKPROBE_SYMBOL */
	const char *closed_until;  /* inside a section without probes, up to this symbol; or NULL */
};

/* ---- which functions can be probed ---- */

/* kernel/kprobes.c: populate_kprobe_blacklist; code of the start is gone later */
static const struct {
	const char *start, *end;
} closed[] = {
	{ "__kprobes_text_start", "__kprobes_text_end" },
	{ "__noinstr_text_start", "__noinstr_text_end" },
	{ "__entry_text_start", "__entry_text_end" },
	{ "_sinittext", "_einittext" },
};

static bool begins_with(const char *text, const char *prefix)
{
	return !strncmp(text, prefix, strlen(prefix));
}

/* Names in the text that are no functions that anybody calls by it. */
static bool is_artefact(const char *name)
{
	static const char *const prefixes[] = {
		"__pfx_", "__cfi_", "__SCT__", "__x86_indirect_", "__x86_return_", "srso_", "retbleed_",
		"entry_untrain", "zen_untrain",
	};

	for (size_t i = 0; i < sizeof(prefixes) / sizeof(*prefixes); i++)
		if (begins_with(name, prefixes[i]))
			return true;
	return strstr(name, ".cold") || !strncmp(name, ".L", 2);
}

static void add_text(struct list *l, const char *name)
{
	struct kernel_symbol f = { name, KERNEL_SYMBOL_OK };

	for (size_t i = 0; i < sizeof(closed) / sizeof(*closed); i++)
		if (!strcmp(name, closed[i].start)) {
			l->closed_until = closed[i].end;
			return;
		}
	if (l->closed_until && !strcmp(name, l->closed_until)) {
		l->closed_until = NULL;
		return;
	}
	if (is_artefact(name))
		return;
	if (l->closed_until)
		f.state = KERNEL_SYMBOL_REFUSED;
	VEC_PUSH(l->s->arena, &l->functions, f);
}

static void add_symbol(void *data, char type, const char *name)
{
	static const char tracepoint[] = "__tracepoint_", refused[] = "_kbl_addr_";
	struct list *l = data;
	struct arena *a = l->s->arena;

	if (type == 't' || type == 'T' || type == 'W' || type == 'w')
		add_text(l, arena_strdup(a, name));
	else if (begins_with(name, tracepoint))
		VEC_PUSH(a, &l->tracepoints, arena_strdup(a, name + sizeof(tracepoint) - 1));
	else if (begins_with(name, refused))
		VEC_PUSH(a, &l->refused, arena_strdup(a, name + sizeof(refused) - 1));
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct kernel_symbol *)a)->name, ((const struct kernel_symbol *)b)->name);
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

const struct kernel_symbol *kernel_symbol_find(const struct kernel_symbols *k, const char *name)
{
	const struct kernel_symbol key = { name, KERNEL_SYMBOL_OK };

	return bsearch(&key, k->functions, k->n_functions, sizeof(key), by_name);
}

/* By name, each once, and with what is known of it from elsewhere. */
static void sort_functions(struct list *l)
{
	size_t n = 0;

	if (l->functions.n)
		qsort(l->functions.at, l->functions.n, sizeof(*l->functions.at), by_name);
	if (l->refused.n)
		qsort(l->refused.at, l->refused.n, sizeof(*l->refused.at), by_text);
	VEC_EACH(&l->functions, i) {
		struct kernel_symbol *f = &l->functions.at[i];

		if (n && !strcmp(l->functions.at[n - 1].name, f->name)) {
			l->functions.at[n - 1].state = KERNEL_SYMBOL_AMBIGUOUS;
			continue;
		}
		if (l->refused.n && bsearch(&f->name, l->refused.at, l->refused.n, sizeof(*l->refused.at), by_text))
			f->state = KERNEL_SYMBOL_REFUSED;
		l->functions.at[n++] = *f;
	}
	l->functions.n = n;
}

/* ---- texts: "ADDRESS TYPE NAME", and a module's name behind it ---- */

static void read_map(struct list *l, const char *path)
{
	struct buf text;

	buf_init(&text);
	if (!sys_read_file(path, &text)) {
		buf_addc(&text, 0);
		for (char *line = text.data, *end; (end = strchr(line, '\n')); line = end + 1) {
			char *type = strchr(line, ' ');

			*end = 0;
			/* of modules only what they are called is known: others' are meant by it */
			if (type && strlen(type) > 3 && !strchr(type + 3, '\t'))
				add_symbol(l, type[1], type + 3);
		}
	}
	buf_fini(&text);
}

/* ---- images ---- */

static bool unpack(struct session *s, const char *path, struct buf *kernel)
{
	const char *program, *dir, *packed;
	size_t at, size;
	struct buf image;
	bool ok = false;

	buf_init(&image);
	if (!sys_read_file(path, &image) &&
	    (program = kallsyms_find_payload((const uint8_t *)image.data, image.len, &at, &size)) &&
	    (dir = session_temp_dir(s))) {
		packed = arena_printf(s->arena, "%s/vmlinux.packed", dir);
		const char *argv[] = { "sh", "-c", "exec \"$1\" -dc <\"$2\" 2>/dev/null", "sh", program, packed, NULL };

		ok = !sys_write_file_atomic(packed, image.data + at, size, 0600) &&
		     !sys_run(&(struct sys_spawn){ .argv = argv, .out = kernel });
	}
	buf_fini(&image);
	return ok;
}

static void read_image(struct list *l, const char *path)
{
	struct buf kernel;

	buf_init(&kernel);
	log_at(&l->s->log, 1, "Reading the kernel's symbols from %s.", path);
	if (unpack(l->s, path, &kernel))
		kallsyms_each((const uint8_t *)kernel.data, kernel.len, add_symbol, l);
	buf_fini(&kernel);
}

static const char *image_key(struct session *s, const char *path)
{
	struct cache_key key;

	cache_key_init(&key);
	cache_key_adds(&key, "symbols 1");
	cache_key_add_file(&key, path);
	return arena_printf(s->arena, "kernel_%s.symbols", cache_key_text(s->arena, &key));
}

/* Lines "STATE NAME", "T TRACEPOINT". */
static bool read_cached(struct list *l, const char *name)
{
	const char *path = cache_find(l->s->arena, l->s->paths.cache_read, name);
	struct buf text;

	buf_init(&text);
	if (path && !sys_read_file(path, &text)) {
		char *copy = arena_strndup(l->s->arena, text.data, text.len);

		for (char *line = copy, *end; (end = strchr(line, '\n')); line = end + 1) {
			*end = 0;
			if (*line == 'T')
				VEC_PUSH(l->s->arena, &l->tracepoints, line + 2);
			else
				VEC_PUSH(l->s->arena, &l->functions,
					 ((struct kernel_symbol){ line + 2, (enum kernel_symbol_state)*line }));
		}
	}
	buf_fini(&text);
	return l->functions.n >= MIN_FUNCTIONS;
}

static void write_cached(struct list *l, const char *name)
{
	const char *dir = l->s->paths.cache_dir ? session_temp_dir(l->s) : NULL;
	const char *path = arena_printf(l->s->arena, "%s/%s", dir ? dir : "", name);
	struct buf text;

	if (!dir)
		return;
	buf_init(&text);
	VEC_EACH(&l->functions, i)
		buf_printf(&text, "%c %s\n", (char)l->functions.at[i].state, l->functions.at[i].name);
	VEC_EACH(&l->tracepoints, i)
		buf_printf(&text, "T %s\n", l->tracepoints.at[i]);
	if (!sys_write_file_atomic(path, text.data, text.len, 0600))
		cache_put(l->s->arena, l->s->paths.cache_dir, name, path);
	buf_fini(&text);
}

/* ---- the subsystems of events: include/trace/events/ and the machine's own ---- */

/* The identifier at P, skipping what stands before it; "": there is none. */
static const char *identifier(struct session *s, const char *p, const char **end)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789";
	size_t n;

	p += strspn(p, " \t\n\\");
	n = strspn(p, letters);
	*end = p + n;
	return arena_strndup(s->scratch, p, n);
}

/* TRACE_EVENT(name, and its kin; DEFINE_EVENT(class, name, and its. */
static void read_events(struct session *s, const char *text, struct map *subsystems)
{
	const char *system = strstr(text, "#define TRACE_SYSTEM "), *rest;
	const char *p = text;

	if (!system)
		return;
	system = arena_strdup(s->arena, identifier(s, system + strlen("#define TRACE_SYSTEM "), &rest));
	while ((p = strchr(p, '(')) != NULL) {
		const char *macro = p++, *name;
		bool is_define;

		while (macro > text && strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZ_", macro[-1]))
			macro--;
		is_define = begins_with(macro, "DEFINE_EVENT");
		if (!is_define && !begins_with(macro, "TRACE_EVENT") && !begins_with(macro, "DECLARE_TRACE"))
			continue;
		name = identifier(s, p, &rest);
		if (is_define && *rest == ',')
			name = identifier(s, rest + 1, &rest);
		map_put(subsystems, arena_strdup(s->arena, name), (void *)system);
	}
}

static void read_event_folder(struct session *s, const char *folder, struct map *subsystems)
{
	DIR *d = opendir(folder);
	struct dirent *entry;
	struct buf text;

	buf_init(&text);
	while (d && (entry = readdir(d))) {
		buf_clear(&text);
		if (*entry->d_name == '.' ||
		    sys_read_file(arena_printf(s->scratch, "%s/%s", folder, entry->d_name), &text))
			continue;
		buf_addc(&text, 0);
		read_events(s, text.data, subsystems);
	}
	buf_fini(&text);
	if (d)
		closedir(d);
}

static void name_tracepoints(struct list *l, const struct kernel_tree *tree)
{
	static const char *const folders[] = { "include/trace/events", "arch/x86/include/asm/trace" };
	struct session *s = l->s;
	struct arena_mark mark = arena_mark(s->scratch);
	const char *source = arena_printf(s->scratch, "/lib/modules/%s/source", tree->release);
	struct map subsystems;

	map_init(&subsystems, s->arena);
	for (size_t i = 0; i < sizeof(folders) / sizeof(*folders); i++) {
		read_event_folder(s, arena_printf(s->scratch, "%s/%s", source, folders[i]), &subsystems);
		read_event_folder(s, arena_printf(s->scratch, "%s/%s", tree->headers, folders[i]), &subsystems);
	}
	VEC_EACH(&l->tracepoints, i) {
		const char *name = l->tracepoints.at[i], *system = map_find(&subsystems, name);

		if (system)
			l->tracepoints.at[i] = arena_printf(s->arena, "%s:%s", system, name);
	}
	arena_reset(s->scratch, mark);
	if (l->tracepoints.n)
		qsort(l->tracepoints.at, l->tracepoints.n, sizeof(*l->tracepoints.at), by_text);
}

/* ---- all of it ---- */

static bool has_enough(struct list *l)
{
	if (l->functions.n >= MIN_FUNCTIONS)
		return true;
	l->functions.n = l->tracepoints.n = l->refused.n = 0;
	l->closed_until = NULL;
	return false;
}

static bool collect(struct list *l, const struct kernel_tree *tree)
{
	struct arena *a = l->s->arena;
	const char *image = arena_printf(a, "/boot/vmlinuz-%s", tree->release), *cached;
	struct utsname here;

	read_map(l, arena_printf(a, "%s/System.map", tree->headers));
	if (!has_enough(l))
		read_map(l, arena_printf(a, "/boot/System.map-%s", tree->release));
	uname(&here);
	if (!has_enough(l) && !strcmp(here.release, tree->release))
		read_map(l, "/proc/kallsyms");
	if (has_enough(l)) {
		sort_functions(l);
		return true;
	}
	cached = image_key(l->s, image);
	if (read_cached(l, cached))
		return true;
	has_enough(l);
	read_image(l, image);
	if (!has_enough(l))
		return false;
	sort_functions(l);
	write_cached(l, cached);
	return true;
}

const struct kernel_symbols *kernel_symbols(struct session *s)
{
	struct kernel_symbols *k = s->kernel_symbols;
	struct list l = { .s = s };
	struct kernel_tree tree;

	if (!k) {
		k = s->kernel_symbols = ARENA_NEW(s->arena, struct kernel_symbols);
		kernel_tree_find(s, &tree);
		if (collect(&l, &tree)) {
			name_tracepoints(&l, &tree);
			*k = (struct kernel_symbols){ l.functions.at, l.functions.n,
						      l.tracepoints.at, l.tracepoints.n };
		}
	}
	return k->n_functions ? k : NULL;
}
