/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Slots do what the displaced instructions do: each case is run as it is and
 * through its slot, from the same registers, flags and memory, and must end at
 * the same place with the same of everything, faults included.
 *
 * A case is a few instructions in a page that is otherwise full of int3, so that
 * wherever control goes it ends in SIGTRAP (or another signal) at a place that
 * can be compared.  The handler loads the state that a case starts in, keeps the
 * state it ends in, and brings the test back.  32-bit cases run in the same
 * process in compatibility mode.
 *
 * TAPSTER_SEED repeats a run, TAPSTER_ROUNDS makes it longer.
 */
#include "translator/insn/insn_int.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <ucontext.h>
#include <unistd.h>

#include "testsuite/tapster.unit/unit.h"

#define PAGE 4096
#define CODE 0x20000000u   /* every region is low, for 32-bit code, with nothing around */
#define TARGETS 0x20100000u /* full of int3: where calls and jumps go */
#define DATA 0x30000000u
#define STACK 0x38000000u
#define SLOTS 0x40000000u
#define SITE (CODE + 512)

enum { CS_64 = 0x33, CS_32 = 0x23 };

#define EFLAGS_ARITHMETIC 0x8d5u /* OF SF ZF AF PF CF */
#define EFLAGS_DF 0x400u

/* ---- random numbers ---- */

static uint64_t seed, random_state;

static uint64_t rnd(void)
{
	uint64_t z = random_state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

static unsigned below(unsigned n)
{
	return (unsigned)(rnd() % n);
}

static void fill_random(void *p, size_t n)
{
	for (uint8_t *b = p; n--; b++)
		*b = (uint8_t)rnd();
}

/* ---- running code ---- */

struct state {
	greg_t regs[NGREG];
	uint8_t xmm[256];
	uint8_t ymm_high[256];
	uint8_t x87[8 + 128]; /* control, status and tag words; registers */
	uint32_t mxcsr;
	int signal;
	uint64_t fault_address;
	uint8_t data[PAGE];
	uint8_t stack[PAGE];
};

static ucontext_t home; /* of the test, while a case runs */
static struct _libc_fpstate home_fp;
static const struct state *to_load;
static struct state *to_save;

#define XSAVE_HEADER 512
#define XSAVE_YMM 576
#define XSAVE_MAGIC 0x46505853u

static void load_fp(uint8_t *fp, const struct state *s)
{
	uint32_t magic;
	uint64_t features;

	memcpy(fp + 160, s->xmm, sizeof(s->xmm));
	memcpy(fp + 24, &s->mxcsr, 4);
	memcpy(&magic, fp + 464, 4);
	if (magic == XSAVE_MAGIC) { /* all vector state above xmm begins as zeros */
		memcpy(&features, fp + XSAVE_HEADER, 8);
		features = (features & ~UINT64_C(0xe4)) | 3;
		memcpy(fp + XSAVE_HEADER, &features, 8);
	}
}

static void save_fp(const uint8_t *fp, struct state *s)
{
	uint32_t magic;
	uint64_t features = 0;

	memcpy(s->xmm, fp + 160, sizeof(s->xmm));
	memcpy(&s->mxcsr, fp + 24, 4);
	memcpy(s->x87, fp, 5);
	for (unsigned i = 0; i < 8; i++)
		memcpy(s->x87 + 8 + i * 16, fp + 32 + i * 16, 10);
	memcpy(&magic, fp + 464, 4);
	if (magic == XSAVE_MAGIC)
		memcpy(&features, fp + XSAVE_HEADER, 8);
	memset(s->ymm_high, 0, sizeof(s->ymm_high));
	if (features & 4)
		memcpy(s->ymm_high, fp + XSAVE_YMM, sizeof(s->ymm_high));
}

static void on_signal(int number, siginfo_t *info, void *context)
{
	ucontext_t *uc = context;

	if (to_load) {
		const struct state *s = to_load;

		to_load = NULL;
		home = *uc;
		home_fp = *uc->uc_mcontext.fpregs;
		memcpy(uc->uc_mcontext.gregs, s->regs, sizeof(s->regs));
		load_fp((uint8_t *)uc->uc_mcontext.fpregs, s);
		return;
	}
	if (!to_save) {
		signal(number, SIG_DFL); /* the test itself went wrong */
		return;
	}
	memcpy(to_save->regs, uc->uc_mcontext.gregs, sizeof(to_save->regs));
	save_fp((uint8_t *)uc->uc_mcontext.fpregs, to_save);
	to_save->signal = number;
	to_save->fault_address = number == SIGSEGV ? (uint64_t)(uintptr_t)info->si_addr : 0;
	to_save = NULL;
	memcpy(uc->uc_mcontext.gregs, home.uc_mcontext.gregs, sizeof(home.uc_mcontext.gregs));
	*uc->uc_mcontext.fpregs = home_fp;
}

static void *map_at(uint32_t address, int prot)
{
	void *want = (void *)(uintptr_t)address;
	void *got = mmap(want, PAGE, prot, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);

	if (got != want) {
		printf("failed setup: no memory at %#x: %s\n", address, strerror(errno));
		exit(2);
	}
	return got;
}

static uint8_t *code_page, *target_page, *data_page, *stack_page, *slot_page;

static void set_up(void)
{
	static uint8_t handler_stack[64 * 1024];
	stack_t stack = {.ss_sp = handler_stack, .ss_size = sizeof(handler_stack)};
	struct sigaction action = {.sa_sigaction = on_signal,
				   .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER};
	const int signals[] = {SIGTRAP, SIGSEGV, SIGILL, SIGFPE, SIGBUS, SIGALRM};

	if (code_page)
		return;
	code_page = map_at(CODE, PROT_READ | PROT_WRITE | PROT_EXEC);
	target_page = map_at(TARGETS, PROT_READ | PROT_WRITE | PROT_EXEC);
	data_page = map_at(DATA, PROT_READ | PROT_WRITE);
	stack_page = map_at(STACK, PROT_READ | PROT_WRITE);
	slot_page = map_at(SLOTS, PROT_READ | PROT_WRITE | PROT_EXEC);
	memset(target_page, 0xcc, PAGE);
	mprotect(target_page, PAGE, PROT_READ | PROT_EXEC);
	sigaltstack(&stack, NULL);
	for (size_t i = 0; i < sizeof(signals) / sizeof(*signals); i++)
		sigaction(signals[i], &action, NULL);
}

static void execute(const struct state *before, uint32_t ip, struct state *after)
{
	struct state start = *before;

	memcpy(data_page, before->data, PAGE);
	memcpy(stack_page, before->stack, PAGE);
	start.regs[REG_RIP] = ip;
	memset(after, 0, sizeof(*after));
	to_load = &start;
	to_save = after;
	ualarm(100000, 0);
	__asm__ volatile("int3" ::: "memory", "cc");
	ualarm(0, 0);
	memcpy(after->data, data_page, PAGE);
	memcpy(after->stack, stack_page, PAGE);
}

/* ---- a case ---- */

struct text {
	uint8_t bytes[64];
	size_t size;
};

static void emit(struct text *t, const void *bytes, size_t n)
{
	memcpy(t->bytes + t->size, bytes, n);
	t->size += n;
}

#define EMIT(t, ...) \
	emit((t), (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}))

static void emit32(struct text *t, uint32_t value)
{
	emit(t, &value, 4);
}

/* disp32 that means ADDRESS when TAIL bytes of the instruction follow it */
static void emit_rip(struct text *t, uint32_t address, unsigned tail)
{
	emit32(t, address - (SITE + (uint32_t)t->size + 4 + tail));
}

static uint32_t some_data(void)
{
	return DATA + 64 + below(PAGE - 192);
}

static uint32_t some_target(void)
{
	return TARGETS + below(PAGE - 1);
}

static bool is_32bit;

/* A state from which memory operands mostly hit something. */
static void make_state(struct state *s)
{
	static const int general[] = {REG_RAX, REG_RBX, REG_RCX, REG_RDX, REG_RSI,
				      REG_RDI, REG_RBP, REG_R8,	 REG_R9,  REG_R10,
				      REG_R11, REG_R12, REG_R13, REG_R14, REG_R15};

	memset(s, 0, sizeof(*s));
	/* segment registers as they are */
	s->regs[REG_CSGSFS] = (greg_t)((uint64_t)(is_32bit ? CS_32 : CS_64) | UINT64_C(0x2b) << 48);
	s->regs[REG_EFL] = (greg_t)(0x202 | (rnd() & EFLAGS_ARITHMETIC) |
				    (below(8) ? 0 : EFLAGS_DF));
	for (size_t i = 0; i < sizeof(general) / sizeof(*general); i++) {
		uint64_t v;

		switch (below(8)) {
		case 0:
			v = rnd();
			break;
		case 1:
			v = below(3);
			break;
		case 2:
			v = some_target();
			break;
		default:
			v = some_data();
			break;
		}
		s->regs[general[i]] = (greg_t)(is_32bit ? (uint32_t)v : v);
	}
	if (below(4) == 0) /* counts, for string instructions and loops */
		s->regs[REG_RCX] = below(5);
	s->regs[REG_RSP] = STACK + PAGE / 2 + (below(64) - 32) * 8;
	if (below(40) == 0)
		s->regs[REG_RSP] = (greg_t)(uint32_t)rnd();
	fill_random(s->xmm, sizeof(s->xmm));
	s->mxcsr = 0x1f80;
	fill_random(s->data, PAGE);
	fill_random(s->stack, PAGE);
	for (unsigned i = 0; i < PAGE; i += 8) { /* pointers to jump through */
		uint64_t target = some_target();

		if (below(2))
			memcpy(s->data + i, &target, 8);
		if (below(2))
			memcpy(s->stack + i, &target, 8);
		if (is_32bit) {
			memcpy(s->data + i + 4, &target, 4);
			memcpy(s->stack + i + 4, &target, 4);
		}
	}
}

static size_t read_code(void *data, uint64_t address, void *buf, size_t size)
{
	(void)data;
	if (address < CODE || address >= CODE + PAGE)
		return 0;
	if (size > CODE + PAGE - address)
		size = CODE + PAGE - address;
	memcpy(buf, code_page + (address - CODE), size);
	return size;
}

/* What an engine does; false when something is too far away. */
static bool apply(const struct site_recipe *r, uint64_t site, uint64_t slot, uint8_t *out)
{
	memcpy(out, r->slot, r->slot_size);
	for (unsigned i = 0; i < r->n_fixups; i++) {
		const struct site_fixup *f = &r->fixups[i];
		uint64_t value = site + (uint64_t)f->addend;
		int64_t rel = (int64_t)(value - (slot + f->at));

		switch (f->kind) {
		case SITE_FIX_REL32:
			if (rel != (int32_t)rel && !(r->flags & SITE_32BIT))
				return false;
			memcpy(out + f->at, &rel, 4);
			break;
		case SITE_FIX_ABS64:
			memcpy(out + f->at, &value, 8);
			break;
		case SITE_FIX_ABS32:
			memcpy(out + f->at, &value, 4);
			break;
		}
	}
	return true;
}

/* The original's address for one in the slot, as an engine corrects it. */
static uint64_t original_ip(const struct site_recipe *r, uint64_t ip)
{
	for (unsigned i = 0; i < r->n_insns; i++)
		if (ip == SLOTS + r->insn_slot[i])
			return SITE + r->insn_at[i];
	return ip;
}

static unsigned n_same, n_faulted, n_refused;

static char *describe(struct arena *a, const struct text *t, const struct site_recipe *r)
{
	char *bytes = arena_strdup(a, "");

	for (size_t i = 0; i < t->size; i++)
		bytes = arena_printf(a, "%s%02x", bytes, t->bytes[i]);
	return arena_printf(a, "seed %#llx, %s (%s); slot %s", (unsigned long long)seed, bytes,
			    insn_format(a, t->bytes, t->size, SITE, is_32bit),
			    insn_format(a, slot_page, r->slot_size, SLOTS, is_32bit));
}

/* Same, but for two words below the stack pointer, which a slot may use. */
static bool is_same_page(const uint8_t *want, const uint8_t *got, uint64_t address, uint64_t sp)
{
	for (uint64_t i = 0; i < PAGE; i++)
		if (want[i] != got[i] && sp - 1 - (address + i) >= 16)
			return false;
	return true;
}

static bool is_same(const struct site_recipe *r, const struct state *want, struct state *got,
		    const char **what)
{
	static const char *const names[] = {"r8",  "r9",  "r10", "r11", "r12", "r13",
					    "r14", "r15", "rdi", "rsi", "rbp", "rbx",
					    "rdx", "rax", "rcx", "rsp", "rip", "flags"};
	const greg_t resume = 0x10000; /* RF, which a fault leaves set */
	uint64_t sp = (uint64_t)want->regs[REG_RSP];

	got->regs[REG_RIP] = (greg_t)original_ip(r, (uint64_t)got->regs[REG_RIP]);
	for (int i = REG_R8; i <= REG_EFL; i++) {
		*what = names[i];
		if ((want->regs[i] ^ got->regs[i]) & ~(i == REG_EFL ? resume : 0))
			return false;
	}
	*what = "signal";
	if (want->signal != got->signal)
		return false;
	*what = "fault address";
	if (want->fault_address != got->fault_address &&
	    want->fault_address != (uint64_t)want->regs[REG_RIP])
		return false;
	*what = "vector registers";
	if (memcmp(want->xmm, got->xmm, sizeof(want->xmm)) ||
	    memcmp(want->ymm_high, got->ymm_high, sizeof(want->ymm_high)) ||
	    want->mxcsr != got->mxcsr)
		return false;
	*what = "x87 registers";
	if (memcmp(want->x87, got->x87, sizeof(want->x87)))
		return false;
	*what = "data";
	if (!is_same_page(want->data, got->data, DATA, sp))
		return false;
	*what = "stack";
	return is_same_page(want->stack, got->stack, STACK, sp);
}

/* Writes the jump that enters the recipe over the code. */
static void patch(const struct site_recipe *r)
{
	uint8_t *site = code_page + (SITE - CODE);
	uint8_t *jump = site + r->hop;
	uint32_t rel;

	if (!(r->flags & SITE_JUMP_OK)) {
		site[0] = 0xcc;
		return;
	}
	if (r->hop) {
		site[0] = 0xeb;
		site[1] = (uint8_t)(r->hop - 2);
		CHECK(!memcmp(jump, r->hop_orig, 5));
	}
	rel = SLOTS - (SITE + (uint32_t)r->hop + 5);
	jump[0] = 0xe9;
	memcpy(jump + 1, &rel, 4);
}

/* Puts the code into its page; the function is T, and CC follow. */
static void place(const struct text *t)
{
	memset(code_page, 0xcc, PAGE);
	memcpy(code_page + (SITE - CODE), t->bytes, t->size);
}

static bool plan(struct arena *a, const struct text *t, enum insn_purpose purpose,
		 struct site_recipe *r, const char **why)
{
	uint64_t nearest;
	struct insn_code code = {
		.bytes = code_page + (SITE - CODE),
		.size = t->size,
		.address = SITE,
		.is_32bit = is_32bit,
		.is_whole = true,
		.text = insn_text_new(a, read_code, NULL, SITE),
	};

	return insn_plan(a, &code, 0, purpose, r, why, &nearest);
}

/* Reaches the site again, which is the breakpoint that hits a second time. */
static bool is_self_jump(const struct text *t)
{
	struct x86_decoder d;
	struct x86_insn insn;

	x86_decoder_init(&d, is_32bit);
	for (size_t at = 0; at < t->size; at += insn.z.length) {
		if (!x86_decode(&d, t->bytes + at, t->size - at, SITE + at, &insn))
			return false;
		if (insn.target == SITE)
			return true;
	}
	return false;
}

/*
 * A call of an address that no address can have faults as the call itself does on some
 * processors, in a slot after the return address has been pushed (doc/LIMITS.md).
 */
static bool is_wild_call(const struct site_recipe *r, const struct state *want)
{
	struct x86_decoder d;
	struct x86_insn insn;
	uint8_t last = r->insn_at[r->n_insns - 1];

	x86_decoder_init(&d, is_32bit);
	return want->signal == SIGSEGV && (uint64_t)want->regs[REG_RIP] == SITE + (uint64_t)last &&
	       !want->fault_address &&
	       x86_decode(&d, r->orig + last, (size_t)(r->cover - last), 0, &insn) &&
	       insn.flow == X86_CALL_INDIRECT;
}

/* Runs T both ways; false when it was refused. */
static bool compare(const struct text *t, enum insn_purpose purpose, struct site_recipe *r)
{
	static struct state before, want, got;
	struct arena *a = arena_new("case");
	const char *why, *what = NULL;
	bool ok;

	place(t);
	ok = plan(a, t, purpose, r, &why);
	if (ok)
		ok = apply(r, SITE, SLOTS, slot_page);
	if (!ok) {
		n_refused++;
		arena_free(a);
		return false;
	}
	make_state(&before);
	execute(&before, SITE, &want);
	patch(r);
	execute(&before, r->flags & SITE_JUMP_OK ? SITE : SLOTS, &got);
	if (want.signal == SIGALRM || is_self_jump(t) || is_wild_call(r, &want)) {
		arena_free(a);
		return true;
	}
	n_same++;
	n_faulted += want.signal != SIGTRAP;
	if (!is_same(r, &want, &got, &what)) {
		int i = REG_RIP;

		for (int k = REG_R8; k <= REG_EFL; k++)
			if (want.regs[k] != got.regs[k])
				i = k;
		printf("failed %s: %s: %s differs (register %d: %#llx, should be %#llx; signal %d, "
		       "should be %d)\n", unit_name, describe(a, t, r), what, i,
		       (unsigned long long)got.regs[i], (unsigned long long)want.regs[i],
		       got.signal, want.signal);
		unit_failures++;
	}
	arena_free(a);
	return true;
}

static unsigned rounds(void)
{
	const char *text = getenv("TAPSTER_ROUNDS");

	return text ? (unsigned)strtoul(text, NULL, 10) : 60;
}

static void begin(bool use_32bit)
{
	static bool said;
	const char *text = getenv("TAPSTER_SEED");

	set_up();
	if (!seed && text)
		seed = strtoull(text, NULL, 0);
	if (!seed && getrandom(&seed, 4, 0) != 4)
		seed = 1;
	if (!said)
		printf("seed %#llx\n", (unsigned long long)seed);
	said = true;
	random_state = seed;
	is_32bit = use_32bit;
}

typedef void make_fn(struct text *t);

/* Runs what MAKE makes, entered by a breakpoint and (64-bit) by a jump. */
static void try_both(make_fn *make, bool jump_too)
{
	struct site_recipe r;

	for (unsigned i = 0; i < rounds(); i++) {
		struct text t = {.size = 0};

		make(&t);
		if (!CHECK(compare(&t, INSN_BREAKPOINT_ONLY, &r)))
			break;
		if (!jump_too || is_32bit)
			continue;
		EMIT(&t, 0x90, 0x90, 0x90, 0x90, 0xc3);
		if (CHECK(compare(&t, INSN_JUMP_IF_POSSIBLE, &r)))
			CHECK(r.flags & SITE_JUMP_OK);
	}
}

/* ---- classes ---- */

static uint8_t reg_no(void)
{
	uint8_t reg;

	do
		reg = (uint8_t)below(is_32bit ? 8 : 16);
	while (reg == 4); /* the stack pointer has cases of its own */
	return reg;
}

static void rex(struct text *t, bool w, uint8_t reg, uint8_t index, uint8_t base)
{
	uint8_t byte = (uint8_t)(0x40 | w << 3 | (reg >> 3) << 2 | (index >> 3) << 1 | base >> 3);

	if (!is_32bit && (byte != 0x40 || below(4) == 0))
		EMIT(t, byte);
}

static void modrm_regs(struct text *t, uint8_t reg, uint8_t rm)
{
	EMIT(t, (uint8_t)(0xc0 | (reg & 7) << 3 | (rm & 7)));
}

static void make_alu_registers(struct text *t)
{
	uint8_t a = reg_no(), b = reg_no();

	rex(t, below(2) && !is_32bit, a, 0, b);
	EMIT(t, (uint8_t)(below(8) << 3 | 1));
	modrm_regs(t, a, b);
}

static void make_alu_memory(struct text *t)
{
	uint8_t a = reg_no(), b = reg_no();

	rex(t, below(2) && !is_32bit, a, 0, b);
	EMIT(t, (uint8_t)(below(8) << 3 | 1 | below(2) << 1));
	EMIT(t, (uint8_t)(0x40 | (a & 7) << 3 | (b & 7)));
	if ((b & 7) == 4)
		EMIT(t, 0x24);
	EMIT(t, (uint8_t)rnd());
}

static void make_push_pop(struct text *t)
{
	uint8_t r = (uint8_t)below(is_32bit ? 8 : 16);

	rex(t, false, 0, 0, r);
	EMIT(t, (uint8_t)((below(2) ? 0x50 : 0x58) | (r & 7)));
}

static void make_push_pop_memory(struct text *t)
{
	switch (below(4)) {
	case 0:
		EMIT(t, 0xff, 0x74, 0x24, (uint8_t)(below(8) * 8)); /* push 8(%rsp) */
		break;
	case 1:
		EMIT(t, 0x8f, 0x44, 0x24, (uint8_t)(below(8) * 8)); /* pop 8(%rsp) */
		break;
	case 2:
		EMIT(t, 0x54); /* push %rsp */
		break;
	case 3:
		EMIT(t, 0x68); /* push imm32 */
		emit32(t, (uint32_t)rnd());
		break;
	}
}

static void make_frame(struct text *t)
{
	switch (below(5)) {
	case 0:
		if (!is_32bit)
			EMIT(t, 0x48);
		EMIT(t, 0x83, 0xec, (uint8_t)rnd()); /* sub imm, %rsp */
		break;
	case 1:
		EMIT(t, 0xc9); /* leave */
		break;
	case 2:
		EMIT(t, 0xc8, 0x20, 0x00, 0x00); /* enter */
		break;
	case 3:
		EMIT(t, 0xf3, 0x0f, 0x1e, is_32bit ? 0xfb : 0xfa); /* endbr */
		break;
	case 4:
		if (!is_32bit)
			EMIT(t, 0x48);
		EMIT(t, 0x89, 0xe5); /* mov %rsp, %rbp */
		break;
	}
}

static void make_flags(struct text *t)
{
	static const uint8_t ops[] = {0x9c, 0x9e, 0x9f, 0xf5, 0xf8, 0xf9, 0xfc, 0xfd};

	if (is_32bit || below(3)) {
		EMIT(t, ops[below(sizeof(ops))]);
	} else {
		rex(t, true, 0, 0, 0);
		EMIT(t, 0x0f, (uint8_t)(0x40 + below(16)), 0xc3); /* cmovcc %ebx, %eax */
	}
}

static void make_string(struct text *t)
{
	static const uint8_t ops[] = {0xa4, 0xa5, 0xa6, 0xa7, 0xaa, 0xab, 0xac, 0xad, 0xae};

	if (below(2))
		EMIT(t, below(2) ? 0xf3 : 0xf2);
	EMIT(t, ops[below(sizeof(ops))]);
}

/* Every form of a RIP-relative operand: opcode bytes, /reg, size of what follows it. */
static const struct rip_form {
	const char *name;
	uint8_t opcode[5];
	uint8_t n, reg, tail;
} rip_forms[] = {
	{"mov r64", {0x48, 0x8b}, 2, 3, 0},
	{"mov to memory", {0x48, 0x89}, 2, 3, 0},
	{"mov r9d", {0x44, 0x8b}, 2, 1, 0},
	{"lea", {0x48, 0x8d}, 2, 7, 0},
	{"lea r15", {0x4c, 0x8d}, 2, 7, 0},
	{"lea 32", {0x8d}, 1, 2, 0},
	{"movb imm8", {0xc6}, 1, 0, 1},
	{"movw imm16", {0x66, 0xc7}, 2, 0, 2},
	{"movl imm32", {0xc7}, 1, 0, 4},
	{"movq imm32", {0x48, 0xc7}, 2, 0, 4},
	{"addl imm8", {0x83}, 1, 0, 1},
	{"addl imm32", {0x81}, 1, 0, 4},
	{"lock addq imm8", {0xf0, 0x48, 0x83}, 3, 0, 1},
	{"cmpb imm8", {0x80}, 1, 7, 1},
	{"cmpw imm16", {0x66, 0x81}, 2, 7, 2},
	{"testl imm32", {0xf7}, 1, 0, 4},
	{"testb imm8", {0xf6}, 1, 0, 1},
	{"imul imm32", {0x69}, 1, 6, 4},
	{"imul imm8", {0x48, 0x6b}, 2, 6, 1},
	{"shl imm8", {0xc1}, 1, 4, 1},
	{"shld imm8", {0x0f, 0xa4}, 2, 2, 1},
	{"bt imm8", {0x0f, 0xba}, 2, 4, 1},
	{"movzx", {0x0f, 0xb6}, 2, 2, 0},
	{"movslq", {0x48, 0x63}, 2, 2, 0},
	{"incl", {0xff}, 1, 0, 0},
	{"push", {0xff}, 1, 6, 0},
	{"pop", {0x8f}, 1, 0, 0},
	{"xchg", {0x48, 0x87}, 2, 3, 0},
	{"lock cmpxchg", {0xf0, 0x0f, 0xb1}, 3, 3, 0},
	{"xadd", {0x0f, 0xc1}, 2, 3, 0},
	{"sete", {0x0f, 0x94}, 2, 0, 0},
	{"cmove", {0x48, 0x0f, 0x44}, 3, 3, 0},
	{"fldl", {0xdd}, 1, 0, 0},
	{"fstpl", {0xdd}, 1, 3, 0},
	{"movups", {0x0f, 0x10}, 2, 3, 0},
	{"movdqu to memory", {0xf3, 0x0f, 0x7f}, 3, 3, 0},
	{"movsd", {0xf2, 0x0f, 0x10}, 3, 3, 0},
	{"cvtsi2sd", {0xf2, 0x48, 0x0f, 0x2a}, 4, 3, 0},
	{"pinsrw imm8", {0x66, 0x0f, 0xc4}, 3, 3, 1},
	{"pextrb imm8", {0x66, 0x0f, 0x3a, 0x14}, 4, 3, 1},
	{"movbe", {0x0f, 0x38, 0xf0}, 3, 3, 0},
	{"vmovdqu ymm", {0xc5, 0xfe, 0x6f}, 3, 3, 0},
	{"vpaddd", {0xc5, 0xf5, 0xfe}, 3, 3, 0},
	{"vinserti128 imm8", {0xc4, 0xe3, 0x75, 0x38}, 4, 3, 1},
	{"vpinsrd imm8", {0xc4, 0xe3, 0x71, 0x22}, 4, 3, 1},
	{"vpermq imm8", {0xc4, 0xe3, 0xfd, 0x00}, 4, 3, 1},
	{"bextr", {0xc4, 0xe2, 0x70, 0xf7}, 4, 3, 0},
	{"rorx imm8", {0xc4, 0xe3, 0x7b, 0xf0}, 4, 3, 1},
	{"prefetcht0", {0x0f, 0x18}, 2, 1, 0},
	{"nop", {0x0f, 0x1f}, 2, 0, 0},
	{"jmp", {0xff}, 1, 4, 0},
	{"notrack jmp", {0x3e, 0xff}, 2, 4, 0},
	{"bnd jmp", {0xf2, 0xff}, 2, 4, 0},
	{"call", {0xff}, 1, 2, 0},
	{"bnd call", {0xf2, 0xff}, 2, 2, 0},
};

static const struct rip_form *rip_form;

static void make_rip(struct text *t)
{
	uint8_t tail[4];

	emit(t, rip_form->opcode, rip_form->n);
	EMIT(t, (uint8_t)(rip_form->reg << 3 | 5));
	emit_rip(t, DATA + 64 + below(PAGE / 16) * 8, rip_form->tail);
	fill_random(tail, sizeof(tail));
	emit(t, tail, rip_form->tail);
}

/* An EVEX one, which only runs where the processor has AVX-512 (and faults alike elsewhere). */
static void make_rip_evex(struct text *t)
{
	EMIT(t, 0x62, 0xf1, 0xfe, 0x28, 0x6f, 0x1d); /* vmovdqu64 x(%rip), %ymm3 */
	emit_rip(t, some_data(), 0);
}

static void make_call(struct text *t)
{
	switch (below(is_32bit ? 2 : 4)) {
	case 1:
		EMIT(t, 0x3e);
		break;
	case 2:
		EMIT(t, 0x66, 0x66, 0x48); /* of thread-local storage sequences */
		break;
	case 3:
		EMIT(t, 0x67); /* of a relaxed call through the GOT */
		break;
	}
	EMIT(t, 0xe8);
	emit_rip(t, below(4) ? some_target() : SITE + (uint32_t)t->size + 4, 0);
}

static void make_call_register(struct text *t)
{
	uint8_t r = reg_no();

	rex(t, below(2) && !is_32bit, 0, 0, r);
	EMIT(t, 0xff, (uint8_t)(0xd0 | (r & 7)));
}

/* call or jmp, *disp(base,index,scale), also relative to the stack pointer */
static void make_indirect(struct text *t, uint8_t reg)
{
	uint8_t base = (uint8_t)below(is_32bit ? 8 : 16), index = 4;
	bool wide = below(2);
	uint32_t disp = below(16) * 8;

	if (below(4) == 0)
		base = 4;
	if (below(4) == 0) /* scaled registers seldom are addresses; small ones are */
		index = reg_no();
	if (below(8) == 0 && !is_32bit)
		EMIT(t, 0x3e);
	rex(t, below(2) && !is_32bit, 0, index, base);
	EMIT(t, 0xff, (uint8_t)((wide ? 0x80 : 0x40) | reg << 3 | 4));
	EMIT(t, (uint8_t)((index & 7) << 3 | (base & 7)));
	if (base == 4 && below(3) == 0)
		disp = (uint32_t)-8;
	if (wide)
		emit32(t, disp);
	else
		EMIT(t, (uint8_t)disp);
}

static void make_call_memory(struct text *t)
{
	make_indirect(t, 2);
}

static void make_jump_memory(struct text *t)
{
	make_indirect(t, 4);
}

static void make_call_absolute(struct text *t)
{
	EMIT(t, 0xff, is_32bit ? 0x15 : 0x14);
	if (!is_32bit)
		EMIT(t, 0x25);
	emit32(t, DATA + below(PAGE / 8) * 8);
}

static void make_jump(struct text *t)
{
	switch (below(4)) {
	case 0:
		EMIT(t, 0xeb, (uint8_t)(0x20 + below(0x5f)));
		break;
	case 1:
		EMIT(t, 0xf2); /* bnd */
		/* fall through */
	default:
		EMIT(t, 0xe9);
		emit_rip(t, some_target(), 0);
		break;
	}
}

static void make_branch(struct text *t)
{
	uint8_t condition = (uint8_t)below(16);

	if (below(6) == 0)
		EMIT(t, below(2) ? 0x2e : 0x3e); /* hints */
	if (below(2)) {
		EMIT(t, (uint8_t)(0x70 | condition), (uint8_t)(0x20 + below(0x5f)));
	} else {
		EMIT(t, 0x0f, (uint8_t)(0x80 | condition));
		emit_rip(t, some_target(), 0);
	}
}

static void make_loop(struct text *t)
{
	if (below(3) == 0)
		EMIT(t, 0x67);
	EMIT(t, (uint8_t)(0xe0 + below(4)), (uint8_t)(0x20 + below(0x5f)));
}

static void make_return(struct text *t)
{
	switch (below(3)) {
	case 0:
		EMIT(t, 0xc3);
		break;
	case 1:
		EMIT(t, 0xf3, 0xc3);
		break;
	case 2:
		EMIT(t, 0xc2, (uint8_t)(below(16) * 8), 0x00);
		break;
	}
}

static void make_jump_register(struct text *t)
{
	uint8_t r = reg_no();

	if (below(4) == 0)
		EMIT(t, 0x3e); /* notrack */
	rex(t, false, 0, 0, r);
	EMIT(t, 0xff, (uint8_t)(0xe0 | (r & 7)));
}

static void make_syscall(struct text *t)
{
	if (is_32bit || below(2))
		EMIT(t, 0xcd, 0x80);
	else
		EMIT(t, 0x0f, 0x05);
}

#define CLASS(name, bits, make, jump)        \
	static void name(void)              \
	{                                   \
		begin((bits) == 32);        \
		try_both((make), (jump));   \
	}

CLASS(alu_registers, 64, make_alu_registers, true)
CLASS(alu_memory, 64, make_alu_memory, true)
CLASS(push_pop, 64, make_push_pop, true)
CLASS(push_pop_memory, 64, make_push_pop_memory, true)
CLASS(frame, 64, make_frame, true)
CLASS(flags, 64, make_flags, true)
CLASS(string, 64, make_string, true)
CLASS(rip_evex, 64, make_rip_evex, true)
CLASS(call, 64, make_call, true)
CLASS(call_memory, 64, make_call_memory, false)
CLASS(call_absolute, 64, make_call_absolute, true)
CLASS(jump, 64, make_jump, true)
CLASS(jump_memory, 64, make_jump_memory, false)
CLASS(jump_register, 64, make_jump_register, true)
CLASS(branch, 64, make_branch, true)
CLASS(loop, 64, make_loop, true)
CLASS(returns, 64, make_return, true)

CLASS(alu_registers_32, 32, make_alu_registers, false)
CLASS(alu_memory_32, 32, make_alu_memory, false)
CLASS(push_pop_32, 32, make_push_pop, false)
CLASS(push_pop_memory_32, 32, make_push_pop_memory, false)
CLASS(frame_32, 32, make_frame, false)
CLASS(flags_32, 32, make_flags, false)
CLASS(string_32, 32, make_string, false)
CLASS(call_32, 32, make_call, false)
CLASS(call_register_32, 32, make_call_register, false)
CLASS(call_memory_32, 32, make_call_memory, false)
CLASS(call_absolute_32, 32, make_call_absolute, false)
CLASS(jump_32, 32, make_jump, false)
CLASS(jump_memory_32, 32, make_jump_memory, false)
CLASS(jump_register_32, 32, make_jump_register, false)
CLASS(branch_32, 32, make_branch, false)
CLASS(loop_32, 32, make_loop, false)
CLASS(returns_32, 32, make_return, false)

static void rip_relative(void)
{
	begin(false);
	for (size_t i = 0; i < sizeof(rip_forms) / sizeof(*rip_forms); i++) {
		rip_form = &rip_forms[i];
		try_both(make_rip, true);
	}
}

/* A call ends the cover, so a short one is only entered by a breakpoint. */
static void call_register(void)
{
	begin(false);
	try_both(make_call_register, false);
}

static void system_call(void)
{
	static struct state before, want, got;
	struct site_recipe r;

	begin(false);
	for (unsigned i = 0; i < rounds(); i++) {
		struct arena *a = arena_new("case");
		struct text t = {.size = 0};
		const char *why, *what;

		make_syscall(&t);
		place(&t);
		CHECK(plan(a, &t, INSN_JUMP_IF_POSSIBLE, &r, &why));
		CHECK(r.flags & SITE_SYSCALL && !(r.flags & SITE_JUMP_OK));
		CHECK(apply(&r, SITE, SLOTS, slot_page));
		make_state(&before);
		before.regs[REG_RAX] = t.bytes[0] == 0xcd ? 20 : 39; /* getpid */
		execute(&before, SITE, &want);
		execute(&before, SLOTS, &got);
		CHECK_INT(want.regs[REG_RAX], getpid());
		if (!CHECK(is_same(&r, &want, &got, &what)))
			printf("%s\n", describe(a, &t, &r));
		arena_free(a);
	}
}

/* Several instructions under one jump. */
static void sequences(void)
{
	static make_fn *const inner[] = {make_alu_registers, make_alu_memory, make_push_pop,
					 make_push_pop_memory, make_frame, make_flags,
					 make_string, make_branch, make_loop};
	static make_fn *const last[] = {make_call, make_call_register, make_call_memory,
					make_jump, make_return, make_branch, make_jump_memory};
	struct site_recipe r;
	unsigned n_jumps = 0;

	begin(false);
	for (unsigned i = 0; i < rounds() * 20; i++) {
		struct text t = {.size = 0};

		while (t.size < 4)
			inner[below(sizeof(inner) / sizeof(*inner))](&t);
		if (t.size < 5)
			last[below(sizeof(last) / sizeof(*last))](&t);
		EMIT(&t, 0x90, 0x90, 0x90, 0x90, 0xc3);
		if (compare(&t, INSN_JUMP_IF_POSSIBLE, &r) && r.flags & SITE_JUMP_OK)
			n_jumps++;
	}
	CHECK(n_jumps > rounds() * 10);
}

/* Too short for a jump: into the padding behind, or by a hop. */
static void padding(void)
{
	static const uint8_t short_function[] = {0x31, 0xc0, 0xc3};             /* xor; ret */
	static const uint8_t looping[] = {0x31, 0xc0, 0xff, 0xc0, 0x83, 0xf8, 0x07,
					  0x75, 0xf9, 0xc3}; /* loop at 2 */
	struct text t = {.size = 0};
	struct site_recipe r;

	begin(false);
	emit(&t, short_function, sizeof(short_function));
	CHECK(compare(&t, INSN_JUMP_IF_POSSIBLE, &r));
	CHECK(r.flags & SITE_JUMP_OK);
	CHECK_INT(r.cover, 5);
	CHECK_INT(r.n_insns, 2);
	CHECK_INT(r.hop, 0);
	t.size = 0;
	emit(&t, looping, sizeof(looping));
	CHECK(compare(&t, INSN_JUMP_IF_POSSIBLE, &r));
	CHECK(r.flags & SITE_JUMP_OK);
	CHECK_INT(r.cover, 2);
	CHECK_INT(r.hop, sizeof(looping));
}

/* What may not be run at all, or not be repeated with the same result. */
static bool is_runnable(const struct x86_insn *insn)
{
	switch (insn->z.meta.category) {
	case ZYDIS_CATEGORY_SYSCALL:
	case ZYDIS_CATEGORY_INTERRUPT:
	case ZYDIS_CATEGORY_SEGOP:
	case ZYDIS_CATEGORY_RDWRFSGS:
	case ZYDIS_CATEGORY_VTX:
	case ZYDIS_CATEGORY_RDRAND:
	case ZYDIS_CATEGORY_RDSEED:
	case ZYDIS_CATEGORY_WAITPKG:
	case ZYDIS_CATEGORY_XSAVE:
	case ZYDIS_CATEGORY_XSAVEOPT:
	case ZYDIS_CATEGORY_PKU:
	case ZYDIS_CATEGORY_IO:
	case ZYDIS_CATEGORY_IOSTRINGOP:
	case ZYDIS_CATEGORY_KEYLOCKER:
	case ZYDIS_CATEGORY_SGX:
	case ZYDIS_CATEGORY_PADLOCK:
	case ZYDIS_CATEGORY_UINTR:
	case ZYDIS_CATEGORY_AMX_TILE:
		return false;
	default:
		break;
	}
	switch (insn->z.mnemonic) {
	case ZYDIS_MNEMONIC_POPF:
	case ZYDIS_MNEMONIC_POPFD:
	case ZYDIS_MNEMONIC_POPFQ:
	case ZYDIS_MNEMONIC_RDTSC:
	case ZYDIS_MNEMONIC_RDTSCP:
	case ZYDIS_MNEMONIC_RDPMC:
	case ZYDIS_MNEMONIC_RDPID:
	case ZYDIS_MNEMONIC_RDPRU:
	case ZYDIS_MNEMONIC_CPUID:
	case ZYDIS_MNEMONIC_FNSTENV:
	case ZYDIS_MNEMONIC_FNSAVE:
	case ZYDIS_MNEMONIC_FXSAVE: /* keep the address of an x87 instruction */
	case ZYDIS_MNEMONIC_FXSAVE64:
	case ZYDIS_MNEMONIC_SGDT:
	case ZYDIS_MNEMONIC_SIDT:
		return false;
	case ZYDIS_MNEMONIC_MOV: /* to a segment register */
		return insn->z.opcode != 0x8e;
	case ZYDIS_MNEMONIC_POP:
		return insn->z.opcode_map == ZYDIS_OPCODE_MAP_DEFAULT &&
		       (insn->z.opcode & 0xf8) == 0x58;
	default:
		/* fs and gs are the test's own */
		return !x86_has_prefix(insn, 0x64) && !x86_has_prefix(insn, 0x65);
	}
}

/* Random bytes, whatever they are. */
static void random_bytes(bool use_32bit)
{
	struct x86_decoder d;
	struct site_recipe r;
	struct x86_insn insn;

	begin(use_32bit);
	x86_decoder_init(&d, use_32bit);
	for (unsigned i = 0; i < rounds() * 100;) {
		struct text t = {.size = 0};
		uint8_t bytes[X86_INSN_MAX];

		fill_random(bytes, sizeof(bytes));
		if (!x86_decode(&d, bytes, sizeof(bytes), SITE, &insn) || !is_runnable(&insn))
			continue;
		if (insn.flow == X86_CALL_INDIRECT) /* of an address that doesn't exist */
			continue;
		emit(&t, bytes, insn.z.length);
		i++;
		compare(&t, INSN_BREAKPOINT_ONLY, &r);
		if (use_32bit)
			continue;
		EMIT(&t, 0x90, 0x90, 0x90, 0x90, 0xc3);
		compare(&t, INSN_JUMP_IF_POSSIBLE, &r);
	}
	printf("%u runs the same, %u of them faults, %u refused\n", n_same, n_faulted, n_refused);
}

static void random_64(void)
{
	random_bytes(false);
}

static void random_32(void)
{
	random_bytes(true);
}

UNIT_MAIN(TEST(alu_registers), TEST(alu_memory), TEST(push_pop), TEST(push_pop_memory),
	  TEST(frame), TEST(flags), TEST(string), TEST(rip_relative), TEST(rip_evex), TEST(call),
	  TEST(call_register), TEST(call_memory), TEST(call_absolute), TEST(jump),
	  TEST(jump_memory), TEST(jump_register), TEST(branch), TEST(loop), TEST(returns),
	  TEST(system_call), TEST(sequences), TEST(padding), TEST(random_64),
	  TEST(alu_registers_32), TEST(alu_memory_32), TEST(push_pop_32),
	  TEST(push_pop_memory_32), TEST(frame_32), TEST(flags_32), TEST(string_32),
	  TEST(call_32), TEST(call_register_32), TEST(call_memory_32), TEST(call_absolute_32),
	  TEST(jump_32), TEST(jump_memory_32), TEST(jump_register_32), TEST(branch_32),
	  TEST(loop_32), TEST(returns_32), TEST(random_32))
