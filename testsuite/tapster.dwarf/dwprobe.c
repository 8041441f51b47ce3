/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Runs a program under ptrace and, at each hit of a site, prints what access
 * paths give: so that a test can compare with what the source says, and only
 * translator/dwarf/ is between.
 *
 *	dwprobe PROGRAM SITE EXPR...
 *
 * SITE: "f" (function), "f.inline", "f.return", "f@file:line" (statement).
 * EXPR: $x->member[1], &$x, @name->member (a global), (TYPE)$x->member and (TYPE)&$x->member (@cast);
 * behind it ":s" for a string.  Prints a line for each hit (at most 8), values
 * separated by blanks; "!error" where there is none, and "none" without a site.
 * With -d it prints the reasons too.
 */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "translator/dwarf/dw.h"

enum { MAX_SITES = 64, MAX_HITS = 8, MAX_STACK = 64, MAX_EXPRS = 32 };

struct site {
	struct dw_func func;
	uint64_t address; /* run time */
	uint64_t pc;      /* link time */
	long original;
};

struct target {
	struct arena *arena;
	struct dw_file *file;
	pid_t pid;
	int mem;
	uint64_t bias;
	struct site sites[MAX_SITES];
	unsigned n_sites;
	bool is_return, is_verbose;
	char **exprs;
	unsigned n_exprs;
	struct buf values[MAX_EXPRS]; /* of the hit at work on, printed */
};

static _Noreturn void die(const char *what)
{
	fprintf(stderr, "dwprobe: %s\n", what);
	exit(2);
}

/* ---- the machine of access paths ---- */

static uint64_t register_value(const struct user_regs_struct *r, int64_t number)
{
	const unsigned long long *const at[] = {
		&r->rax, &r->rdx, &r->rcx, &r->rbx, &r->rsi, &r->rdi, &r->rbp, &r->rsp, &r->r8,
		&r->r9, &r->r10, &r->r11, &r->r12, &r->r13, &r->r14, &r->r15, &r->rip
	};

	if (number < 0 || number > 16)
		die("bad register number");
	return *at[number];
}

static uint64_t vector_half(const struct target *t, int64_t number, int64_t half)
{
	struct user_fpregs_struct regs;
	uint64_t value;

	if (ptrace(PTRACE_GETFPREGS, t->pid, NULL, &regs))
		die("PTRACE_GETFPREGS");
	memcpy(&value, (const char *)regs.xmm_space + 16 * number + 8 * half, sizeof(value));
	return value;
}

static uint64_t as_double(uint32_t bits)
{
	float single;
	double number;
	uint64_t value;

	memcpy(&single, &bits, sizeof(single));
	number = single;
	memcpy(&value, &number, sizeof(value));
	return value;
}

static uint64_t extend(uint64_t v, int64_t bytes, bool is_signed)
{
	unsigned shift = 64 - 8 * (unsigned)bytes;

	return is_signed ? (uint64_t)((int64_t)(v << shift) >> shift) : v << shift >> shift;
}

static uint64_t field(uint64_t v, int64_t bits, int64_t from, bool is_signed)
{
	unsigned up = 64 - (unsigned)bits;

	v >>= from;
	return is_signed ? (uint64_t)((int64_t)(v << up) >> up) : v << up >> up;
}

static uint64_t binary(enum access_op_kind kind, uint64_t ua, uint64_t ub)
{
	int64_t a = (int64_t)ua, b = (int64_t)ub;

	switch (kind) {
	case ACC_ADD: return ua + ub;
	case ACC_SUB: return ua - ub;
	case ACC_MUL: return ua * ub;
	case ACC_DIV: return b ? (uint64_t)(a / b) : 0;
	case ACC_MOD: return ub ? ua % ub : 0;
	case ACC_AND: return ua & ub;
	case ACC_OR: return ua | ub;
	case ACC_XOR: return ua ^ ub;
	case ACC_SHL: return ub < 64 ? ua << ub : 0;
	case ACC_SHR: return ub < 64 ? ua >> ub : 0;
	case ACC_SHRA: return (uint64_t)(a >> (ub < 64 ? ub : 63));
	case ACC_EQ: return a == b;
	case ACC_NE: return a != b;
	case ACC_LT: return a < b;
	case ACC_LE: return a <= b;
	case ACC_GT: return a > b;
	case ACC_GE: return a >= b;
	default: die("not a binary operation");
	}
}

static bool run_path(struct target *t, const struct access_path *path,
		     const struct user_regs_struct *regs, uint64_t base, uint64_t *out)
{
	uint64_t stack[MAX_STACK], v;
	unsigned n = 0;

	VEC_EACH(&path->ops, i) {
		const struct access_op *op = &path->ops.at[i];

		if (n + 2 > MAX_STACK)
			die("access path too deep");
		switch (op->kind) {
		case ACC_CONST: stack[n++] = (uint64_t)op->arg; break;
		case ACC_REG: stack[n++] = register_value(regs, op->arg) + (uint64_t)op->arg2; break;
		case ACC_STATIC: stack[n++] = (uint64_t)op->arg + t->bias; break;
		case ACC_BASE: stack[n++] = base; break;
		case ACC_RETVAL: stack[n++] = regs->rax; break;
		case ACC_INDEX: die("run-time index");
		case ACC_VECTOR: stack[n++] = vector_half(t, op->arg, op->arg2); break;
		case ACC_FLOAT: stack[n - 1] = as_double((uint32_t)stack[n - 1]); break;
		case ACC_THREAD: stack[n++] = regs->fs_base; break;
		case ACC_LOAD:
			v = 0;
			if (pread(t->mem, &v, (size_t)op->arg, (off_t)stack[n - 1]) != op->arg)
				return false;
			stack[n - 1] = extend(v, op->arg, op->arg2);
			break;
		case ACC_BITS: stack[n - 1] = field(stack[n - 1], op->arg, op->arg2, false); break;
		case ACC_SBITS: stack[n - 1] = field(stack[n - 1], op->arg, op->arg2, true); break;
		case ACC_SEXT: stack[n - 1] = extend(stack[n - 1], op->arg, true); break;
		case ACC_ZEXT: stack[n - 1] = extend(stack[n - 1], op->arg, false); break;
		case ACC_NEG: stack[n - 1] = -stack[n - 1]; break;
		case ACC_NOT: stack[n - 1] = ~stack[n - 1]; break;
		case ACC_ABS:
			if ((int64_t)stack[n - 1] < 0)
				stack[n - 1] = -stack[n - 1];
			break;
		case ACC_DUP: stack[n] = stack[n - 1]; n++; break;
		case ACC_DROP: n--; break;
		case ACC_SWAP: v = stack[n - 1]; stack[n - 1] = stack[n - 2]; stack[n - 2] = v; break;
		case ACC_OVER: stack[n] = stack[n - 2]; n++; break;
		case ACC_ROT:
			v = stack[n - 1];
			stack[n - 1] = stack[n - 2];
			stack[n - 2] = stack[n - 3];
			stack[n - 3] = v;
			break;
		case ACC_PICK: stack[n] = stack[n - 1 - (size_t)op->arg]; n++; break;
		default:
			n--;
			stack[n - 1] = binary(op->kind, stack[n - 1], stack[n]);
		}
	}
	if (n != 1)
		die("an access path left other than one value");
	*out = stack[0];
	return true;
}

/* ---- expressions ---- */

struct parsed {
	bool is_address, is_global, is_string;
	const char *type; /* (TYPE): a cast of NAME */
	const char *name;
	component_vec components;
};

static void parse_components(struct arena *a, char *s, struct parsed *p)
{
	while (*s) {
		struct component c = { 0 };

		if (s[0] == '-' && s[1] == '>') {
			size_t n = strcspn(s + 2, "-[:");

			c.kind = COMPONENT_MEMBER;
			c.member = arena_strndup(a, s + 2, n);
			s += 2 + n;
		} else if (s[0] == '[') {
			c.kind = COMPONENT_INDEX;
			c.index = strtoll(s + 1, &s, 0);
			s++;
		} else {
			die("bad expression");
		}
		VEC_PUSH(a, &p->components, c);
	}
}

static void parse(struct arena *a, const char *text, struct parsed *p)
{
	char *s = arena_strdup(a, text);
	size_t n = strlen(s);

	memset(p, 0, sizeof(*p));
	if (n > 2 && !strcmp(s + n - 2, ":s")) {
		p->is_string = true;
		s[n - 2] = 0;
	}
	if (*s == '&') {
		p->is_address = true;
		s++;
	}
	if (*s == '(') {
		n = strcspn(s, ")");
		p->type = arena_strndup(a, s + 1, n - 1);
		s += n + 1;
	}
	if (*s == '&') {
		p->is_address = true;
		s++;
	}
	p->is_global = *s == '@';
	s++;
	n = strcspn(s, "-[");
	while (s[n] == '-' && s[n + 1] != '>')
		n += 1 + strcspn(s + n + 1, "-[");
	p->name = arena_strndup(a, s, n);
	parse_components(a, s + n, p);
}

static const char *const error_names[] = { "ok", "not-found", "no-location", "no-dwarf",
					   "bad-member", "unsupported" };

static bool evaluate(struct target *t, const struct dw_scope *scope, const struct parsed *p,
		     const struct user_regs_struct *regs, uint64_t *v, struct buf *out)
{
	struct dw_var_result r, cast;
	uint64_t base;

	if (p->type)
		dw_var(scope, p->name, NULL, p->is_address, t->arena, &r);
	else if (p->is_global)
		dw_global_var(t->file, p->name, &p->components, p->is_address, t->arena, &r);
	else
		dw_var(scope, p->name, &p->components, p->is_address, t->arena, &r);
	if (!r.error && !p->type && run_path(t, r.path, regs, 0, v))
		return true;
	if (!r.error && p->type && run_path(t, r.path, regs, 0, &base)) {
		dw_cast(t->file, p->type, &p->components, false, t->arena, &cast);
		if (!cast.error && run_path(t, cast.path, regs, base, v))
			return true;
		r = cast;
	}
	buf_printf(out, "!%s", r.error ? error_names[r.error] : "fault");
	if (t->is_verbose && r.error)
		buf_printf(out, "(%s)", r.why);
	return false;
}

static void add_string(struct target *t, uint64_t at, struct buf *out)
{
	char c;

	buf_addc(out, '"');
	for (unsigned i = 0; i < 60 && pread(t->mem, &c, 1, (off_t)(at + i)) == 1 && c; i++)
		buf_addc(out, c);
	buf_addc(out, '"');
}

/* Values of a return probe are those at the entry, but for $return. */
static void print_exprs(struct target *t, const struct site *s, const struct user_regs_struct *regs,
			bool is_returned, struct buf *out)
{
	struct dw_scope scope = { &s->func, s->pc, t->is_return };

	for (unsigned i = 0; i < t->n_exprs; i++) {
		struct parsed p;
		uint64_t v;

		parse(t->arena, t->exprs[i], &p);
		if ((!p.is_global && !strcmp(p.name, "return")) != is_returned)
			continue;
		buf_clear(&out[i]);
		if (!evaluate(t, &scope, &p, regs, &v, &out[i]))
			continue;
		if (p.is_string)
			add_string(t, v, &out[i]);
		else
			buf_printf(&out[i], "%lld", (long long)v);
	}
}

/* ---- the target ---- */

static void wait_for_trap(struct target *t)
{
	int status;

	for (;;) {
		if (waitpid(t->pid, &status, 0) < 0 || WIFEXITED(status) || WIFSIGNALED(status))
			exit(0);
		if (WSTOPSIG(status) == SIGTRAP)
			return;
		ptrace(PTRACE_CONT, t->pid, NULL, WSTOPSIG(status));
	}
}

static uint64_t run_time_entry(pid_t pid, bool is_32bit)
{
	char path[64];
	uint64_t pair[2] = { 0 };
	uint32_t pair32[2];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/auxv", pid);
	fd = open(path, O_RDONLY);
	while (is_32bit ? read(fd, pair32, sizeof(pair32)) == sizeof(pair32)
			: read(fd, pair, sizeof(pair)) == sizeof(pair)) {
		if (is_32bit) {
			pair[0] = pair32[0];
			pair[1] = pair32[1];
		}
		if (pair[0] == AT_ENTRY)
			break;
	}
	close(fd);
	return pair[1];
}

static long put_breakpoint(struct target *t, uint64_t address)
{
	long word = ptrace(PTRACE_PEEKTEXT, t->pid, (void *)address, NULL);

	ptrace(PTRACE_POKETEXT, t->pid, (void *)address, (void *)((word & ~0xffL) | 0xcc));
	return word;
}

static void step_over(struct target *t, uint64_t address, long original,
		      struct user_regs_struct *regs, bool put_back)
{
	regs->rip = address;
	ptrace(PTRACE_SETREGS, t->pid, NULL, regs);
	ptrace(PTRACE_POKETEXT, t->pid, (void *)address, (void *)original);
	if (!put_back)
		return;
	ptrace(PTRACE_SINGLESTEP, t->pid, NULL, NULL);
	wait_for_trap(t);
	put_breakpoint(t, address);
}

/* Runs to the return of the function just entered (tests don't nest them). */
static void run_to_return(struct target *t, const struct user_regs_struct *entry,
			  struct user_regs_struct *now)
{
	uint64_t back = 0;
	long original;

	pread(t->mem, &back, dw_info(t->file)->is_32bit ? 4 : 8, (off_t)entry->rsp);
	original = put_breakpoint(t, back);
	do {
		ptrace(PTRACE_CONT, t->pid, NULL, NULL);
		wait_for_trap(t);
		ptrace(PTRACE_GETREGS, t->pid, NULL, now);
	} while (now->rip != back + 1);
	step_over(t, back, original, now, false);
}

static bool hit(struct target *t)
{
	struct user_regs_struct entry, now;

	ptrace(PTRACE_GETREGS, t->pid, NULL, &entry);
	for (unsigned i = 0; i < t->n_sites; i++) {
		struct site *s = &t->sites[i];

		if (s->address != entry.rip - 1)
			continue;
		entry.rip--;
		now = entry;
		print_exprs(t, s, &entry, false, t->values);
		if (!t->is_return)
			print_exprs(t, s, &entry, true, t->values);
		step_over(t, s->address, s->original, &now, true);
		if (t->is_return) {
			run_to_return(t, &entry, &now);
			print_exprs(t, s, &now, true, t->values);
		}
		for (unsigned k = 0; k < t->n_exprs; k++)
			printf("%s%s", k ? " " : "", t->values[k].data);
		putchar('\n');
		return true;
	}
	return false;
}

static void add_site(struct target *t, const struct dw_func *func, uint64_t pc)
{
	if (t->n_sites == MAX_SITES)
		return;
	t->sites[t->n_sites].func = *func;
	t->sites[t->n_sites++].pc = pc;
}

static void find_sites(struct target *t, char *text)
{
	char *dot = strrchr(text, '.');
	unsigned want = DW_WANT_CALLABLE;
	dw_func_vec funcs = { 0 };
	dw_line_vec lines = { 0 };

	if (strchr(text, '@')) {
		dw_find_lines(t->file, text, false, &lines);
		VEC_EACH(&lines, i)
			add_site(t, &lines.at[i].func, lines.at[i].address);
		return;
	}
	if (dot && (!strcmp(dot, ".return") || !strcmp(dot, ".inline"))) {
		t->is_return = dot[1] == 'r';
		want = t->is_return ? DW_WANT_CALLABLE : DW_WANT_INLINED;
		*dot = 0;
	}
	dw_find_functions(t->file, text, want, &funcs);
	VEC_EACH(&funcs, i)
		add_site(t, &funcs.at[i],
			 t->is_return ? funcs.at[i].address : funcs.at[i].probe_address);
}

static void launch(struct target *t, const char *program)
{
	char path[64];

	t->pid = fork();
	if (t->pid == 0) {
		int null = open("/dev/null", O_WRONLY);

		dup2(null, 1);
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		execl(program, program, "one", "two", NULL);
		_exit(127);
	}
	wait_for_trap(t);
	ptrace(PTRACE_SETOPTIONS, t->pid, NULL, PTRACE_O_EXITKILL);
	snprintf(path, sizeof(path), "/proc/%d/mem", t->pid);
	t->mem = open(path, O_RDONLY);
	if (t->mem < 0)
		die("can't trace");
	t->bias = run_time_entry(t->pid, dw_info(t->file)->is_32bit) - dw_info(t->file)->entry;
	for (unsigned i = 0; i < t->n_sites; i++) {
		t->sites[i].address = t->sites[i].pc + t->bias;
		t->sites[i].original = put_breakpoint(t, t->sites[i].address);
	}
}

int main(int argc, char **argv)
{
	struct target t = { .arena = arena_new("dwprobe") };
	struct dw *dw = dw_new(t.arena);
	enum dw_open_error why;
	const char *text;

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc > 1 && !strcmp(argv[1], "-d")) {
		t.is_verbose = true;
		argc--;
		argv++;
	}
	if (argc < 3 || argc - 3 > MAX_EXPRS)
		die("usage: dwprobe [-d] PROGRAM SITE EXPR...");
	t.file = dw_open(dw, argv[1], &why, &text);
	if (!t.file)
		die(text);
	t.exprs = argv + 3;
	t.n_exprs = (unsigned)argc - 3;
	for (unsigned i = 0; i < t.n_exprs; i++)
		buf_init(&t.values[i]);
	find_sites(&t, argv[2]);
	if (!t.n_sites) {
		text = dw_why_absent(t.file, argv[2]);
		printf("none: %s\n", text ? text : "unknown");
		return 0;
	}
	launch(&t, argv[1]);
	for (unsigned hits = 0; hits < MAX_HITS;) {
		ptrace(PTRACE_CONT, t.pid, NULL, NULL);
		wait_for_trap(&t);
		hits += hit(&t);
	}
	kill(t.pid, SIGKILL);
	return 0;
}
