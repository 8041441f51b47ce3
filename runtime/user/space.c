/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "runtime/user/space_int.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "runtime/user/ledger.h"

static void enlist(struct space *sp)
{
	sp->next = ledger_root();
	ledger_set_root(sp);
}

static void strike_off(struct space *sp)
{
	struct space *before = ledger_root();
	if (before == sp) {
		ledger_set_root(sp->next);
		return;
	}
	while (before && before->next != sp)
		before = before->next;
	if (before)
		before->next = sp->next;
}

struct space *space_new(pid_t pid)
{
	struct space *sp = ledger_alloc(sizeof *sp);
	if (!sp)
		return NULL;
	sp->refs = 1;
	sp->pid = pid;
	enlist(sp);
	if (remote_mem_open(&sp->mem, pid) < 0)
		sp->is_refused = true;
	return sp;
}

void space_put(struct space *sp)
{
	if (!sp || --sp->refs)
		return;
	strike_off(sp);
	remote_mem_close(&sp->mem);
	ledger_free(sp->patches, sp->cap_patches * sizeof *sp->patches);
	ledger_free(sp, sizeof *sp);
}

struct space *space_fork(const struct space *sp, pid_t child)
{
	struct space *copy = ledger_alloc(sizeof *copy);
	if (!copy)
		return NULL;
	*copy = *sp;
	copy->refs = 1;
	copy->pid = child;
	copy->patches = NULL;
	copy->n_patches = 0;
	if (sp->cap_patches) {
		copy->patches = ledger_alloc(sp->cap_patches * sizeof *copy->patches);
		if (copy->patches) {
			memcpy(copy->patches, sp->patches, sp->n_patches * sizeof *copy->patches);
			copy->n_patches = sp->n_patches;
		}
	}
	enlist(copy);
	if (remote_mem_open(&copy->mem, child) < 0)
		copy->is_refused = true;
	return copy;
}

void space_warn(const struct space_env *env, const struct space *sp, const char *what, int err)
{
	if (env->no_warnings)
		return;
	if (err)
		fprintf(stderr, "WARNING: process %d is not probed: %s: %s\n", sp->pid, what,
			strerror(-err));
	else
		fprintf(stderr, "WARNING: process %d is not probed: %s\n", sp->pid, what);
}

size_t space_lower_bound(const struct space *sp, uint64_t address)
{
	size_t lo = 0, hi = sp->n_patches;
	while (lo < hi) {
		size_t mid = (lo + hi) / 2;
		if (sp->patches[mid].address < address)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

const struct patch *space_find(const struct space *sp, uint64_t address)
{
	size_t i = space_lower_bound(sp, address);
	return i < sp->n_patches && sp->patches[i].address == address ? &sp->patches[i] : NULL;
}

const struct patch *space_find_slot(const struct space *sp, uint64_t addr)
{
	bool is_slot = false;
	for (unsigned i = 0; i < sp->n_regions; i++)
		if (addr - sp->regions[i].start < sp->regions[i].n * sizeof(struct user_stub))
			is_slot = true;
	for (size_t i = 0; is_slot && i < sp->n_patches; i++)
		if (addr - sp->patches[i].stub < sizeof(struct user_stub))
			return &sp->patches[i];
	return NULL;
}

bool space_add_patch(struct space *sp, const struct patch *p)
{
	if (sp->n_patches == sp->cap_patches) {
		size_t cap = sp->cap_patches ? sp->cap_patches * 2 : 16;
		struct patch *at = ledger_alloc(cap * sizeof *at);
		if (!at)
			return false;
		if (sp->n_patches)
			memcpy(at, sp->patches, sp->n_patches * sizeof *at);
		ledger_free(sp->patches, sp->cap_patches * sizeof *at);
		sp->patches = at;
		sp->cap_patches = cap;
	}
	size_t i = space_lower_bound(sp, p->address);
	memmove(&sp->patches[i + 1], &sp->patches[i], (sp->n_patches - i) * sizeof *p);
	sp->patches[i] = *p;
	sp->n_patches++;
	return true;
}

/* ---- the process's private pages ---- */

uint64_t space_process_at(const struct image *im, const struct space *sp)
{
	return sp->base + (uint64_t)im->header->process;
}

void space_describe_process(const struct space_env *env, struct user_process *p, pid_t pid)
{
	uint64_t id[4] = { 0 };
	p->pid = pid;
	p->flags = 0;
	if (maps_status(pid, "Seccomp", 10, id, 1) == 1 && id[0])
		p->flags |= USER_PROCESS_QUIET;
	maps_name(pid, p->comm);
	if (maps_status(pid, "PPid", 10, id, 1) == 1)
		p->ppid = (int32_t)id[0];
	if (maps_status(pid, "Uid", 10, id, 2) == 2) {
		p->uid = (int32_t)id[0];
		p->euid = (int32_t)id[1];
	}
	if (maps_status(pid, "Gid", 10, id, 2) == 2) {
		p->gid = (int32_t)id[0];
		p->egid = (int32_t)id[1];
	}
	if (!maps_strings(pid, p->strings))
		memset(p->strings, 0, sizeof p->strings);
	uint64_t vdso = maps_auxv(pid, AT_SYSINFO_EHDR);
	p->clock_gettime = vdso && env->vdso_clock_gettime ? vdso + env->vdso_clock_gettime : 0;
}

int space_set_process(const struct space_env *env, struct space *sp, pid_t pid, bool is_fork)
{
	if (!sp->base)
		return 0;
	struct user_process *p = malloc(sizeof *p);
	if (!p)
		return -ENOMEM;
	int err = remote_read(&sp->mem, space_process_at(env->im, sp), p, sizeof *p);
	if (!err) {
		if (is_fork) {
			memset(p->table, 0, sizeof p->table);
			p->claim_lock = 0;
		}
		p->token = sp->token;
		space_describe_process(env, p, pid);
		err = remote_write(&sp->mem, space_process_at(env->im, sp), p, sizeof *p);
	}
	free(p);
	return err;
}

/* ---- getting out ---- */

void space_make_jump(uint8_t jump[5], uint64_t at, uint64_t to)
{
	int32_t d = (int32_t)(to - (at + 5));
	jump[0] = 0xe9;
	memcpy(jump + 1, &d, 4);
}

/* The slot's offset in the stub's code. */
static unsigned slot_at(const struct site_recipe *r)
{
	return r->flags & SITE_RED_ZONE ?
		       USER_STUB_LEA_SIZE + USER_STUB_CALL_SIZE + USER_STUB_UNLEA_SIZE :
		       USER_STUB_CALL_SIZE;
}

uint64_t space_move_in(const struct image *im, const struct space *sp, uint64_t ip)
{
	for (size_t i = 0; i < sp->n_patches; i++) {
		const struct patch *p = &sp->patches[i];
		const struct site_recipe *r = &im->sites[p->site];
		uint64_t d = ip - p->address;
		if (p->kind == PATCH_NONE || p->kind == PATCH_BREAK || d == 0 || d >= r->cover)
			continue;
		for (unsigned k = 1; k < r->n_insns; k++)
			if (r->insn_at[k] == d)
				return p->stub + USER_STUB_CODE + slot_at(r) + r->insn_slot[k];
	}
	return ip;
}

static void restore_bytes(const struct space *sp, uint64_t at, const uint8_t *ours,
			  const uint8_t *orig, size_t n)
{
	uint8_t now[8];
	if (remote_read(&sp->mem, at, now, n) == 0 && memcmp(now, ours, n) == 0)
		remote_write(&sp->mem, at, orig, n);
}

void space_restore_returns(const struct image *im, const struct space *sp, struct user_context *u)
{
	uint64_t trampoline = sp->base + (uint64_t)im->header->return_trampoline;
	uint32_t n = u->n_returns < USER_RETURNS_MAX ? u->n_returns : USER_RETURNS_MAX;
	/* youngest first: an older record of the same slot may be of a frame that is gone */
	for (uint32_t j = n; j-- > 0;) {
		const struct user_return *r = image_return(im, u, j);
		uint64_t now;
		if (r->slot && remote_read(&sp->mem, r->slot, &now, 8) == 0 && now == trampoline)
			remote_write(&sp->mem, r->slot, &r->real, 8);
	}
}

void space_replace_returns(const struct image *im, const struct space *s, struct user_context *u,
			   uint64_t sp)
{
	uint64_t trampoline = s->base + (uint64_t)im->header->return_trampoline;
	uint32_t to = 0;
	for (uint32_t j = 0; j < u->n_returns && j < USER_RETURNS_MAX; j++) {
		struct user_return *r = image_return(im, u, j);
		uint64_t now;
		if (r->slot < sp || remote_read(&s->mem, r->slot, &now, 8) ||
		    (now != r->real && now != trampoline) ||
		    remote_write(&s->mem, r->slot, &trampoline, 8))
			continue;
		if (to != j)
			memcpy(image_return(im, u, to), r, im->session->return_stride);
		to++;
	}
	u->n_returns = to;
	u->suspended = 0;
}

static void restore_returns(const struct image *im, const struct space *sp)
{
	const union user_claim *claims = image_claims(im);
	for (uint32_t i = 0; i < im->session->n_contexts; i++)
		if (claims[i].tid && claims[i].token == sp->token)
			space_restore_returns(im, sp, image_context(im, i));
}

static void restore_patch(const struct image *im, const struct space *sp, const struct patch *p)
{
	static const uint8_t brk = 0xcc;
	const struct site_recipe *r = &im->sites[p->site];
	uint8_t jump[5], hop[2] = { 0xeb, (uint8_t)(r->hop - 2) };
	uint64_t pad = p->address + (uint64_t)(int64_t)r->hop;
	switch ((enum patch_kind)p->kind) {
	case PATCH_NONE:
		break;
	case PATCH_BREAK:
		restore_bytes(sp, p->address, &brk, r->orig, 1);
		break;
	case PATCH_JUMP:
		space_make_jump(jump, p->address, p->stub + USER_STUB_CODE);
		restore_bytes(sp, p->address, jump, r->orig, 5);
		break;
	case PATCH_HOP:
		restore_bytes(sp, p->address, hop, r->orig, 2);
		space_make_jump(jump, pad, p->stub + USER_STUB_CODE);
		restore_bytes(sp, pad, jump, r->hop_orig, 5);
		break;
	}
}

int space_make_break(const struct image *im, struct space *sp, uint64_t address)
{
	static const uint8_t brk = 0xcc;
	struct patch *p = &sp->patches[space_lower_bound(sp, address)];
	if (p->kind == PATCH_BREAK)
		return 0;
	restore_patch(im, sp, p);
	p->kind = PATCH_BREAK;
	return remote_write(&sp->mem, address, &brk, 1);
}

void space_restore(const struct image *im, struct space *sp)
{
	static const uint8_t brk = 0xcc;
	for (unsigned i = 0; i < sp->n_watches; i++)
		if (sp->watches[i].w.does != USER_WATCH_SITE)
			restore_bytes(sp, sp->watches[i].w.address, &brk, &sp->watches[i].w.original, 1);
	sp->n_watches = 0;
	for (size_t i = 0; i < sp->n_patches; i++) {
		const struct patch *p = &sp->patches[i];
		if (p->kind != PATCH_NONE)
			space_raise_semaphore(im, sp, p, -1);
		restore_patch(im, sp, p);
	}
	if (sp->base)
		restore_returns(im, sp);
}

int space_unmap(const struct image *im, struct space *sp, pid_t tid, struct remote_call *r)
{
	memset(r, 0, sizeof *r);
	if (!sp->base || !sp->syscall_insn || inject_is_forbidden(tid))
		return 0;
	int64_t ignored;
	int err = remote_begin(r, tid, sp->syscall_insn);
	if (!err && sp->has_safety) {
		uint64_t at = space_process_at(im, sp) + offsetof(struct user_process, claim_stack);
		struct kernel_sigaction now;
		err = inject_call(r, &ignored, SYS_rt_sigaction, SIGTRAP, 0, at, 8, 0, 0);
		if (!err)
			err = remote_read(&sp->mem, at, &now, sizeof now);
		if (!err && now.handler == sp->base + (uint64_t)im->header->safety_handler) {
			err = remote_write(&sp->mem, at, sp->old_sigtrap, sizeof sp->old_sigtrap);
			if (!err)
				err = inject_call(r, &ignored, SYS_rt_sigaction, SIGTRAP, at, 0, 8, 0, 0);
		}
	}
	for (unsigned i = 0; !err && !sp->frames_in_slots && i < sp->n_regions; i++) {
		uint64_t size = sp->regions[i].n * sizeof(struct user_stub);
		err = inject_call(r, &ignored, SYS_munmap, sp->regions[i].start,
			   (size + PAGE - 1) & ~(uint64_t)(PAGE - 1), 0, 0, 0, 0);
	}
	if (!err)
		err = inject_call(r, &ignored, SYS_munmap, sp->base, im->size, 0, 0, 0, 0);
	if (!err)
		sp->base = 0;
	return inject_end(r, err);
}
