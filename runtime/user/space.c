/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "runtime/user/space.h"

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

enum { PAGE = 4096 };

struct kernel_sigaction {
	uint64_t handler, flags, restorer, mask;
};

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

static void warn(const struct space_env *env, const struct space *sp, const char *what, int err)
{
	if (env->no_warnings)
		return;
	if (err)
		fprintf(stderr, "WARNING: process %d is not probed: %s: %s\n", sp->pid, what,
			strerror(-err));
	else
		fprintf(stderr, "WARNING: process %d is not probed: %s\n", sp->pid, what);
}

/* ---- files and sites ---- */

/* Overlay file systems show one device in maps and another one in stat: then the path decides. */
static int file_of(const struct space_env *env, const struct mapping *m)
{
	if (!m->inode)
		return -1;
	for (uint32_t i = 0; i < env->im->info->n_files; i++) {
		const struct probed_file *f = &env->files[i];
		if (f->exists && f->is_wanted && f->inode == m->inode &&
		    (f->device == m->device || strcmp(f->path, m->path) == 0))
			return (int)i;
	}
	return -1;
}

static bool holds(const struct mapping *m, uint64_t offset)
{
	return offset >= m->offset && offset - m->offset < m->end - m->start;
}

static size_t lower_bound(const struct space *sp, uint64_t address)
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
	size_t i = lower_bound(sp, address);
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

static bool add_patch(struct space *sp, const struct patch *p)
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
	size_t i = lower_bound(sp, p->address);
	memmove(&sp->patches[i + 1], &sp->patches[i], (sp->n_patches - i) * sizeof *p);
	sp->patches[i] = *p;
	sp->n_patches++;
	return true;
}

bool space_needs(const struct space_env *env, const struct space *sp, const struct maps *m)
{
	for (size_t i = 0; i < m->n; i++) {
		int file = m->at[i].is_exec ? file_of(env, &m->at[i]) : -1;
		for (uint32_t s = 0; file >= 0 && s < env->im->info->n_sites; s++) {
			const struct site_recipe *r = &env->im->sites[s];
			if (r->file == (uint32_t)file && holds(&m->at[i], r->offset) &&
			    !space_find(sp, m->at[i].start + (r->offset - m->at[i].offset)))
				return true;
		}
	}
	return false;
}

/* ---- getting in ---- */

/* Any two bytes that are a syscall instruction, wherever they are; the vDSO has some. */
static uint64_t find_syscall(const struct space *sp, const struct maps *m)
{
	for (int vdso = 1; vdso >= 0; vdso--)
		for (size_t i = 0; i < m->n; i++) {
			const struct mapping *map = &m->at[i];
			if (!map->is_exec || vdso != (strcmp(map->path, "[vdso]") == 0) ||
			    strcmp(map->path, "[vsyscall]") == 0)
				continue;
			size_t size = map->end - map->start;
			if (size > 4 << 20)
				size = 4 << 20;
			uint8_t *code = malloc(size);
			if (!code)
				return 0;
			size_t got = remote_read_some(&sp->mem, map->start, code, size);
			uint8_t *at = got ? memmem(code, got, "\x0f\x05", 2) : NULL;
			uint64_t found = at ? map->start + (uint64_t)(at - code) : 0;
			free(code);
			if (found)
				return found;
		}
	return 0;
}

static bool is_64bit(const struct space *sp)
{
	char path[64];
	unsigned char ident[EI_NIDENT] = { 0 };
	snprintf(path, sizeof path, "/proc/%d/exe", sp->pid);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	ssize_t n = read(fd, ident, sizeof ident);
	close(fd);
	return n == sizeof ident && ident[EI_CLASS] == ELFCLASS64;
}

/* The result of a system call as 0 or an error; -errno of ours and of the call alike. */
static int call(struct remote_call *r, int64_t *result, long nr, uint64_t a, uint64_t b, uint64_t c,
		uint64_t d, uint64_t e, uint64_t f)
{
	int err = remote_syscall(r, result, nr, a, b, c, d, e, f);
	return err ? err : *result < 0 && *result > -4096 ? (int)*result : 0;
}

/* The driver's memfd as a file descriptor of the target. */
static int remote_open_image(const struct space_env *env, struct space *sp, struct remote_call *r,
			     int64_t *fd)
{
	char path[64];
	uint64_t at = (r->saved.rsp - 1024) & ~15ULL; /* below any red zone */
	char under[sizeof path];
	snprintf(path, sizeof path, "/proc/%d/fd/%d", getpid(), env->im->fd);
	int err = remote_read(&sp->mem, at, under, sizeof under);
	if (!err)
		err = remote_write(&sp->mem, at, path, sizeof path);
	if (err)
		return err;
	err = call(r, fd, SYS_openat, (uint64_t)AT_FDCWD, at, O_RDWR | O_CLOEXEC, 0, 0, 0);
	if (err) { /* no /proc there, or another user's */
		int64_t pidfd, ignored;
		if (call(r, &pidfd, SYS_pidfd_open, (uint64_t)getpid(), 0, 0, 0, 0, 0) == 0) {
			err = call(r, fd, SYS_pidfd_getfd, (uint64_t)pidfd, (uint64_t)env->im->fd,
				   0, 0, 0, 0);
			call(r, &ignored, SYS_close, (uint64_t)pidfd, 0, 0, 0, 0, 0);
		}
	}
	int err2 = remote_write(&sp->mem, at, under, sizeof under);
	return err ? err : err2;
}

static int inject(const struct space_env *env, struct space *sp, struct remote_call *r)
{
	const struct user_header *h = env->im->header;
	int64_t fd, base, at;
	int err = remote_open_image(env, sp, r, &fd);
	if (err)
		return err;
	err = call(r, &base, SYS_mmap, 0, env->im->size, PROT_READ | PROT_WRITE,
		   MAP_SHARED | MAP_NORESERVE, (uint64_t)fd, 0);
	if (!err)
		err = call(r, &at, SYS_mmap, (uint64_t)base, (uint64_t)h->text_end,
			   PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_FIXED, (uint64_t)fd, 0);
	if (!err)
		err = call(r, &at, SYS_mmap, (uint64_t)(base + h->process),
			   (uint64_t)(h->process_end - h->process), PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_FIXED, (uint64_t)fd, (uint64_t)h->process);
	int64_t ignored;
	int err2 = call(r, &ignored, SYS_close, (uint64_t)fd, 0, 0, 0, 0, 0);
	if (err)
		return err;
	if (err2)
		return err2;
	sp->base = (uint64_t)base;
	sp->token = ++env->im->session->next_token;
	return space_set_process(env, sp, sp->pid, false);
}

/* ---- the process's private pages ---- */

static uint64_t process_at(const struct image *im, const struct space *sp)
{
	return sp->base + (uint64_t)im->header->process;
}

static void read_comm(pid_t pid, char comm[16])
{
	char path[64];
	snprintf(path, sizeof path, "/proc/%d/comm", pid);
	memset(comm, 0, 16);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	ssize_t n = read(fd, comm, 15);
	close(fd);
	if (n > 0 && comm[n - 1] == '\n')
		comm[n - 1] = '\0';
}

void space_describe_process(const struct space_env *env, struct user_process *p, pid_t pid)
{
	uint64_t id[4] = { 0 };
	p->pid = pid;
	p->flags = 0;
	if (maps_status(pid, "Seccomp", 10, id, 1) == 1 && id[0])
		p->flags |= USER_PROCESS_QUIET;
	read_comm(pid, p->comm);
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
	int err = remote_read(&sp->mem, process_at(env->im, sp), p, sizeof *p);
	if (!err) {
		if (is_fork) {
			memset(p->table, 0, sizeof p->table);
			p->claim_lock = 0;
		}
		p->token = sp->token;
		space_describe_process(env, p, pid);
		err = remote_write(&sp->mem, process_at(env->im, sp), p, sizeof *p);
	}
	free(p);
	return err;
}

#define WRITE_PROCESS(im, sp, field, value)                                              \
	remote_write(&(sp)->mem, process_at(im, sp) + offsetof(struct user_process, field), value, \
		     sizeof(((struct user_process *)0)->field))

/* ---- arming ---- */

/* One site that is to be armed. */
struct plan {
	uint32_t site;
	uint64_t address;
};

static bool has_returns(const struct image *im, uint32_t site)
{
	for (uint32_t i = 0; i < im->info->n_probes; i++)
		if (im->probes[i].kind == PROBE_RETURN && im->probes[i].arg == site)
			return true;
	return false;
}

static bool put_rel32(uint8_t *at, uint64_t from, uint64_t to)
{
	int64_t d = (int64_t)(to - from);
	int32_t d32 = (int32_t)d;
	memcpy(at, &d32, 4);
	return d == d32;
}

/* The slot's offset in the stub's code. */
static unsigned slot_at(const struct site_recipe *r)
{
	return r->flags & SITE_RED_ZONE ?
		       USER_STUB_LEA_SIZE + USER_STUB_CALL_SIZE + USER_STUB_UNLEA_SIZE :
		       USER_STUB_CALL_SIZE;
}

static bool make_stub(const struct space_env *env, const struct space *sp, uint64_t stub_at,
		      uint64_t address, uint32_t site, struct user_stub *stub)
{
	static const uint8_t lea[USER_STUB_LEA_SIZE] = { 0x48, 0x8d, 0x64, 0x24, 0x80 };
	static const uint8_t unlea[USER_STUB_UNLEA_SIZE] = { 0x48, 0x8d, 0xa4, 0x24, 0x80 };
	const struct user_header *h = env->im->header;
	const struct site_recipe *r = &env->im->sites[site];
	unsigned entry = (r->flags & SITE_RED_ZONE ? USER_ENTRY_RED_ZONE : 0) |
			 (r->flags & SITE_FLAGS_LIVE ? USER_ENTRY_FLAGS : 0);
	uint64_t code_at = stub_at + USER_STUB_CODE;
	uint8_t *c = stub->code;

	memset(stub, 0xcc, sizeof *stub);
	stub->entry = sp->base + (uint64_t)h->entry[entry];
	stub->handler = sp->base + (uint64_t)(has_returns(env->im, site) ? h->hit_return :
									   h->script_site);
	stub->address = address;
	stub->site = site;
	stub->unused = 0;
	if (r->flags & SITE_RED_ZONE) {
		memcpy(c, lea, sizeof lea);
		c += sizeof lea;
	}
	*c++ = 0xff; /* call *stub.entry */
	*c++ = 0x15;
	put_rel32(c, code_at + (uint64_t)(c - stub->code) + 4, stub_at);
	c += 4;
	if (r->flags & SITE_RED_ZONE) {
		memcpy(c, unlea, sizeof unlea);
		c += sizeof unlea;
	}
	uint64_t slot = code_at + (uint64_t)(c - stub->code);
	memcpy(c, r->slot, r->slot_size);
	for (unsigned i = 0; i < r->n_fixups; i++) {
		const struct site_fixup *f = &r->fixups[i];
		uint64_t value = address + (uint64_t)f->addend;
		if (f->kind == SITE_FIX_ABS64)
			memcpy(c + f->at, &value, 8);
		else if (!put_rel32(c + f->at, slot + f->at, value))
			return false;
	}
	return true;
}

/* What is written over the site, and over the padding that it hops to. */
static void make_jump(uint8_t jump[5], uint64_t at, uint64_t to)
{
	jump[0] = 0xe9;
	put_rel32(jump + 1, at + 5, to);
}

static enum patch_kind choose_kind(const struct space_env *env, const struct site_recipe *r)
{
	if (!(r->flags & SITE_JUMP_OK) || env->always_break)
		return PATCH_BREAK;
	if (r->hop)
		return PATCH_HOP;
	return r->cover >= 5 ? PATCH_JUMP : PATCH_BREAK;
}

static int write_site(const struct space_env *env, const struct space *sp, struct patch *p)
{
	const struct site_recipe *r = &env->im->sites[p->site];
	uint64_t code = p->stub + USER_STUB_CODE;
	uint8_t jump[5];
	static const uint8_t brk = 0xcc;

	p->kind = (uint8_t)choose_kind(env, r);
	if (p->kind == PATCH_HOP) {
		uint8_t now[5], hop[2] = { 0xeb, (uint8_t)(r->hop - 2) };
		uint64_t pad = p->address + (uint64_t)(int64_t)r->hop;
		if (remote_read(&sp->mem, pad, now, 5) == 0 && memcmp(now, r->hop_orig, 5) == 0) {
			make_jump(jump, pad, code);
			int err = remote_write(&sp->mem, pad, jump, 5);
			return err ? err : remote_write(&sp->mem, p->address, hop, 2);
		}
		p->kind = PATCH_BREAK; /* another site's jump is there already */
	}
	if (p->kind == PATCH_JUMP) {
		make_jump(jump, p->address, code);
		return remote_write(&sp->mem, p->address, jump, 5);
	}
	return remote_write(&sp->mem, p->address, &brk, 1);
}

/* A site inside the bytes that another one displaces would never be reached. */
static bool is_covered(const struct image *im, const struct space *sp, const struct plan *plan,
		       size_t n, size_t i)
{
	const struct site_recipe *r = &im->sites[plan[i].site];
	for (size_t j = 0; j < n; j++) {
		uint64_t d = plan[i].address - plan[j].address;
		if (j != i && d && d < im->sites[plan[j].site].cover)
			return true;
	}
	for (size_t j = 0; j < sp->n_patches; j++) {
		uint64_t d = plan[i].address - sp->patches[j].address, e = 0 - d;
		if (sp->patches[j].kind != PATCH_NONE &&
		    ((d && d < im->sites[sp->patches[j].site].cover) || (e && e < r->cover)))
			return true;
	}
	return false;
}

static void refuse_site(const struct space_env *env, const struct space *sp,
			const struct plan *plan, const char *why)
{
	if (env->no_warnings)
		return;
	for (uint32_t i = 0; i < env->im->info->n_probes; i++) {
		const struct script_probe *p = &env->im->probes[i];
		if ((p->kind == PROBE_SITE || p->kind == PROBE_RETURN) && p->arg == plan->site)
			fprintf(stderr, "WARNING: probe %s is not armed in process %d: %s\n",
				image_string(env->im, p->name), sp->pid, why);
	}
}

/* A region of at least N stubs that served a file which is no longer mapped, within reach of
 * LOW and HIGH; or NULL. */
static struct user_region *spare_region(struct space *sp, uint64_t low, uint64_t high, size_t n)
{
	const uint64_t reach = (1ULL << 31) - (1 << 20);
	for (unsigned i = 0; i < sp->n_regions; i++) {
		struct user_region *rg = &sp->regions[i];
		uint64_t size = rg->n * sizeof(struct user_stub);
		bool used = rg->n < n || (rg->start < high && high - rg->start > reach) ||
			    (rg->start + size > low && rg->start + size - low > reach);
		for (size_t j = 0; j < sp->n_patches && !used; j++)
			used = sp->patches[j].stub - rg->start < size;
		if (!used)
			return rg;
	}
	return NULL;
}

/* A new region near LOW and HIGH. */
static int map_region(struct space *sp, const struct maps *m, struct remote_call *r, uint64_t low,
		      uint64_t high, size_t n, struct user_region **out)
{
	uint64_t size = (n * sizeof(struct user_stub) + PAGE - 1) & ~(uint64_t)(PAGE - 1);
	int64_t at = 0;
	int err = -EEXIST;
	if (sp->n_regions == USER_REGIONS_MAX)
		return -ENOSPC;
	for (unsigned try = 0; err == -EEXIST || err == -EPERM; try++) {
		uint64_t want = maps_gap(m, low, high, size, try);
		if (!want)
			return -ENOMEM;
		err = call(r, &at, SYS_mmap, want, size, PROT_READ | PROT_EXEC,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, (uint64_t)-1, 0);
		if (!err && (uint64_t)at != want) /* before Linux 4.17 */
			err = -EEXIST;
	}
	if (err)
		return err;
	*out = &sp->regions[sp->n_regions++];
	(*out)->start = (uint64_t)at;
	(*out)->n = n;
	return 0;
}

/* Arms the N sites of PLAN, all of one mapping, from one region of slots. */
static int arm_mapping(const struct space_env *env, struct space *sp, const struct maps *m,
		       struct remote_call *r, const struct plan *plan, size_t n)
{
	uint64_t low = plan[0].address, high = plan[0].address;
	for (size_t i = 1; i < n; i++) {
		if (plan[i].address < low)
			low = plan[i].address;
		if (plan[i].address > high)
			high = plan[i].address;
	}
	struct user_region *region = spare_region(sp, low, high, n);
	int err = region ? 0 : map_region(sp, m, r, low, high, n, &region);
	if (err)
		return err;

	struct user_stub *stubs = calloc(n, sizeof *stubs);
	if (!stubs)
		return -ENOMEM;
	bool *good = calloc(n, sizeof *good);
	for (size_t i = 0; good && i < n; i++) {
		const struct site_recipe *recipe = &env->im->sites[plan[i].site];
		uint8_t now[SITE_COVER_MAX];
		if (remote_read(&sp->mem, plan[i].address, now, recipe->cover) ||
		    memcmp(now, recipe->orig, recipe->cover) != 0)
			refuse_site(env, sp, &plan[i], "the code in memory is not that of the file");
		else if (is_covered(env->im, sp, plan, n, i))
			refuse_site(env, sp, &plan[i], "it is too close behind another probe");
		else if (!make_stub(env, sp, region->start + i * sizeof *stubs, plan[i].address,
				    plan[i].site, &stubs[i]))
			refuse_site(env, sp, &plan[i], "there is no free memory near it");
		else
			good[i] = true;
	}
	err = good ? remote_write(&sp->mem, region->start, stubs, n * sizeof *stubs) : -ENOMEM;
	if (!err)
		err = WRITE_PROCESS(env->im, sp, regions, sp->regions);
	for (size_t i = 0; !err && i < n; i++) {
		struct patch p = { plan[i].address, region->start + i * sizeof *stubs,
				   plan[i].site, PATCH_NONE };
		/* In the ledger before in memory: the guardian restores what it finds changed. */
		if (good[i])
			p.kind = (uint8_t)choose_kind(env, &env->im->sites[p.site]);
		if (!add_patch(sp, &p))
			err = -ENOMEM;
		else if (good[i])
			err = write_site(env, sp, &sp->patches[lower_bound(sp, p.address)]);
	}
	free(good);
	free(stubs);
	return err;
}

void space_drop_unmapped(const struct space_env *env, struct space *sp, const struct maps *m)
{
	size_t to = 0;
	for (size_t i = 0; i < sp->n_patches; i++) {
		const struct patch *p = &sp->patches[i];
		const struct site_recipe *r = &env->im->sites[p->site];
		const struct mapping *map = maps_find(m, p->address);
		/* a function may begin with a jump itself: the first byte says too little */
		size_t n = p->kind == PATCH_JUMP ? 5 : p->kind == PATCH_HOP ? 2 : 1;
		uint8_t now[5];
		if (map && file_of(env, map) == (int)r->file &&
		    map->start + (r->offset - map->offset) == p->address &&
		    (p->kind == PATCH_NONE || remote_read(&sp->mem, p->address, now, n) ||
		     memcmp(now, r->orig, n) != 0))
			sp->patches[to++] = *p;
	}
	sp->n_patches = to;
}

static int set_bias(const struct space_env *env, struct space *sp, uint32_t file, int64_t bias)
{
	uint8_t yes = 1;
	uint64_t at = process_at(env->im, sp);
	int err = remote_write(&sp->mem, at + offsetof(struct user_process, bias) + file * sizeof bias,
			       &bias, sizeof bias);
	return err ? err :
		     remote_write(&sp->mem, at + offsetof(struct user_process, mapped) + file, &yes, 1);
}

static int arm_new_mappings(const struct space_env *env, struct space *sp, const struct maps *m,
			    struct remote_call *r)
{
	const struct image *im = env->im;
	struct plan *plan = calloc(im->info->n_sites ? im->info->n_sites : 1, sizeof *plan);
	int err = plan ? 0 : -ENOMEM;

	for (size_t i = 0; !err && i < m->n; i++) {
		const struct mapping *map = &m->at[i];
		int file = map->is_exec ? file_of(env, map) : -1;
		size_t n = 0;
		for (uint32_t s = 0; file >= 0 && s < im->info->n_sites; s++) {
			const struct site_recipe *rec = &im->sites[s];
			uint64_t address = map->start + (rec->offset - map->offset);
			if (rec->file != (uint32_t)file || !holds(map, rec->offset) ||
			    space_find(sp, address))
				continue;
			plan[n].site = s;
			plan[n++].address = address;
		}
		if (n == 0)
			continue;
		err = set_bias(env, sp, (uint32_t)file,
			       (int64_t)(plan[0].address - im->sites[plan[0].site].address));
		if (!err)
			err = arm_mapping(env, sp, m, r, plan, n);
	}
	free(plan);
	return err;
}

/* Installs user_safety_handler, unless the program handles SIGTRAP itself. */
static int install_safety(const struct space_env *env, struct space *sp, struct remote_call *r)
{
	const struct user_header *h = env->im->header;
	const uint64_t sa_siginfo = 4, sa_onstack = 0x08000000, sa_restorer = 0x04000000;
	struct kernel_sigaction new = { sp->base + (uint64_t)h->safety_handler,
					sa_siginfo | sa_onstack | sa_restorer,
					sp->base + (uint64_t)h->restorer, 0 };
	struct kernel_sigaction old;
	uint64_t at = process_at(env->im, sp) + offsetof(struct user_process, claim_stack);
	int64_t ignored;
	int err = remote_write(&sp->mem, at, &new, sizeof new);
	if (!err)
		err = call(r, &ignored, SYS_rt_sigaction, SIGTRAP, at, at + sizeof new, 8, 0, 0);
	if (!err)
		err = remote_read(&sp->mem, at + sizeof new, &old, sizeof old);
	if (err)
		return err;
	if (old.handler > 1 && old.handler != new.handler) /* SIG_DFL, SIG_IGN */
		return call(r, &ignored, SYS_rt_sigaction, SIGTRAP, at + sizeof new, 0, 8, 0, 0);
	if (old.handler != new.handler)
		memcpy(sp->old_sigtrap, &old, sizeof old);
	sp->has_safety = true;
	return 0;
}

int space_renew_safety(const struct space_env *env, struct space *sp, pid_t tid,
		       struct remote_call *r)
{
	memset(r, 0, sizeof *r);
	int err = remote_begin(r, tid, sp->syscall_insn);
	if (!err)
		err = install_safety(env, sp, r);
	if (r->tid && r->final == 0) {
		int err2 = remote_end(r);
		if (!err)
			err = err2;
	}
	return err;
}

static bool has_breakpoints(const struct space *sp)
{
	for (size_t i = 0; i < sp->n_patches; i++)
		if (sp->patches[i].kind == PATCH_BREAK)
			return true;
	return sp->dl_break != 0;
}

/* The object is in; a session of remote calls is open. */
static int prepare(const struct space_env *env, struct space *sp, const struct maps *m, pid_t tid,
		   struct remote_call *r)
{
	uint64_t mode = 0;
	if (!sp->base && maps_status(tid, "Seccomp", 10, &mode, 1) == 1 && mode) {
		warn(env, sp, "it runs under a seccomp filter, which may kill it for our system calls", 0);
		return -EPERM;
	}
	if (!sp->syscall_insn)
		sp->syscall_insn = find_syscall(sp, m);
	if (!sp->syscall_insn) {
		warn(env, sp, "no syscall instruction found in it", 0);
		return -ENOEXEC;
	}
	int err = remote_begin(r, tid, sp->syscall_insn);
	if (!err && !sp->base)
		err = inject(env, sp, r);
	return err;
}

int space_arm(const struct space_env *env, struct space *sp, pid_t tid, struct remote_call *r)
{
	struct maps m;
	memset(r, 0, sizeof *r);
	if (sp->is_refused)
		return -EPERM;
	int err = maps_read(&m, sp->pid);
	if (err)
		return err;
	space_drop_unmapped(env, sp, &m);
	if (!space_needs(env, sp, &m)) {
		maps_free(&m);
		return 0;
	}
	if (!is_64bit(sp)) {
		warn(env, sp, "it is a 32-bit program", 0);
		sp->is_refused = true;
		maps_free(&m);
		return -ENOEXEC;
	}
	err = prepare(env, sp, &m, tid, r);
	if (!err) { /* what inject has mapped is in the way of gaps */
		maps_free(&m);
		err = maps_read(&m, sp->pid);
	}
	if (!err)
		err = arm_new_mappings(env, sp, &m, r);
	if (!err && has_breakpoints(sp) && !sp->has_safety)
		err = install_safety(env, sp, r);
	maps_free(&m);
	if (r->tid && r->final == 0) {
		int err2 = remote_end(r);
		if (!err)
			err = err2;
	}
	if (err && err != -ESRCH) {
		if (err != -EPERM && err != -ENOEXEC)
			warn(env, sp, "cannot get in", err);
		sp->is_refused = true;
	}
	return err;
}

/* ---- the dynamic linker ---- */

/* Address of NAME in the ELF file whose image begins at BASE in memory, by its dynamic symbols. */
static uint64_t dynamic_symbol(const struct space *sp, uint64_t base, const char *name)
{
	Elf64_Ehdr eh;
	Elf64_Phdr ph[16];
	if (remote_read(&sp->mem, base, &eh, sizeof eh) || memcmp(eh.e_ident, ELFMAG, SELFMAG) != 0 ||
	    eh.e_phnum > 16 ||
	    remote_read(&sp->mem, base + eh.e_phoff, ph, eh.e_phnum * sizeof ph[0]))
		return 0;
	uint64_t bias = base, dynamic = 0;
	size_t dynamic_size = 0;
	for (int i = 0; i < eh.e_phnum; i++) {
		if (ph[i].p_type == PT_LOAD && ph[i].p_offset == 0)
			bias = base - ph[i].p_vaddr;
		if (ph[i].p_type == PT_DYNAMIC) {
			dynamic = ph[i].p_vaddr;
			dynamic_size = ph[i].p_memsz;
		}
	}
	uint64_t symtab = 0, strtab = 0, strsz = 0;
	for (size_t at = 0; at + sizeof(Elf64_Dyn) <= dynamic_size; at += sizeof(Elf64_Dyn)) {
		Elf64_Dyn d;
		if (remote_read(&sp->mem, bias + dynamic + at, &d, sizeof d) || d.d_tag == DT_NULL)
			break;
		if (d.d_tag == DT_SYMTAB)
			symtab = d.d_un.d_ptr;
		if (d.d_tag == DT_STRTAB)
			strtab = d.d_un.d_ptr;
		if (d.d_tag == DT_STRSZ)
			strsz = d.d_un.d_val;
	}
	if (!symtab || strtab <= symtab || strsz > 1 << 20)
		return 0;
	/* The tables are relocated in place once the linker has started. */
	if (symtab < bias)
		symtab += bias, strtab += bias;
	char *strings = malloc(strsz + 1);
	uint64_t found = 0;
	if (strings && remote_read(&sp->mem, strtab, strings, strsz) == 0) {
		strings[strsz] = '\0';
		for (uint64_t at = symtab; !found && at + sizeof(Elf64_Sym) <= strtab; at += sizeof(Elf64_Sym)) {
			Elf64_Sym sym;
			if (remote_read(&sp->mem, at, &sym, sizeof sym))
				break;
			if (sym.st_name < strsz && sym.st_shndx != SHN_UNDEF &&
			    strcmp(strings + sym.st_name, name) == 0)
				found = bias + sym.st_value;
		}
	}
	free(strings);
	return found;
}

/* The function does nothing: it is there for debuggers (glibc, musl). */
static bool only_returns(const struct space *sp, uint64_t addr)
{
	static const uint8_t endbr64[4] = { 0xf3, 0x0f, 0x1e, 0xfa };
	uint8_t code[8] = { 0 };
	if (remote_read(&sp->mem, addr, code, sizeof code))
		return false;
	const uint8_t *c = memcmp(code, endbr64, 4) == 0 ? code + 4 : code;
	return c[0] == 0xc3 || (c[0] == 0xf3 && c[1] == 0xc3);
}

int space_watch_libraries(const struct space_env *env, struct space *sp, pid_t tid,
			  struct remote_call *r)
{
	struct maps m;
	memset(r, 0, sizeof *r);
	uint64_t linker = maps_auxv(sp->pid, AT_BASE);
	if (sp->is_refused || sp->dl_break || !linker)
		return 0;
	uint64_t addr = dynamic_symbol(sp, linker, "_dl_debug_state");
	if (!addr || !only_returns(sp, addr))
		return 0;
	int err = maps_read(&m, sp->pid);
	if (err)
		return err;
	err = prepare(env, sp, &m, tid, r);
	maps_free(&m);
	if (!err)
		err = remote_read(&sp->mem, addr, &sp->dl_original, 1);
	if (!err) {
		static const uint8_t brk = 0xcc;
		sp->dl_break = addr;
		err = WRITE_PROCESS(env->im, sp, dl_break, &addr);
		if (!err)
			err = install_safety(env, sp, r);
		if (!err)
			err = remote_write(&sp->mem, addr, &brk, 1);
	}
	if (r->tid && r->final == 0) {
		int err2 = remote_end(r);
		if (!err)
			err = err2;
	}
	return err;
}

/* ---- getting out ---- */

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

static void restore_returns(const struct image *im, const struct space *sp)
{
	const struct user_claim *claims = image_claims(im);
	uint64_t trampoline = sp->base + (uint64_t)im->header->return_trampoline;
	for (uint32_t i = 0; i < im->session->n_contexts; i++) {
		if (!claims[i].tid || claims[i].token != sp->token)
			continue;
		struct user_context *u = image_context(im, i);
		for (uint32_t j = 0; j < u->n_returns && j < USER_RETURNS_MAX; j++) {
			const struct user_return *r = image_return(im, u, j);
			uint64_t now;
			if (r->slot && remote_read(&sp->mem, r->slot, &now, 8) == 0 &&
			    now == trampoline)
				remote_write(&sp->mem, r->slot, &r->real, 8);
		}
	}
}

void space_restore(const struct image *im, struct space *sp)
{
	static const uint8_t brk = 0xcc;
	if (sp->dl_break)
		restore_bytes(sp, sp->dl_break, &brk, &sp->dl_original, 1);
	sp->dl_break = 0;
	for (size_t i = 0; i < sp->n_patches; i++) {
		const struct patch *p = &sp->patches[i];
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
			make_jump(jump, p->address, p->stub + USER_STUB_CODE);
			restore_bytes(sp, p->address, jump, r->orig, 5);
			break;
		case PATCH_HOP:
			restore_bytes(sp, p->address, hop, r->orig, 2);
			make_jump(jump, pad, p->stub + USER_STUB_CODE);
			restore_bytes(sp, pad, jump, r->hop_orig, 5);
			break;
		}
	}
	if (sp->base)
		restore_returns(im, sp);
}

int space_unmap(const struct image *im, struct space *sp, pid_t tid, struct remote_call *r)
{
	memset(r, 0, sizeof *r);
	if (!sp->base || !sp->syscall_insn)
		return 0;
	int64_t ignored;
	int err = remote_begin(r, tid, sp->syscall_insn);
	if (!err && sp->has_safety) {
		uint64_t at = process_at(im, sp) + offsetof(struct user_process, claim_stack);
		struct kernel_sigaction now;
		err = call(r, &ignored, SYS_rt_sigaction, SIGTRAP, 0, at, 8, 0, 0);
		if (!err)
			err = remote_read(&sp->mem, at, &now, sizeof now);
		if (!err && now.handler == sp->base + (uint64_t)im->header->safety_handler) {
			err = remote_write(&sp->mem, at, sp->old_sigtrap, sizeof sp->old_sigtrap);
			if (!err)
				err = call(r, &ignored, SYS_rt_sigaction, SIGTRAP, at, 0, 8, 0, 0);
		}
	}
	for (unsigned i = 0; !err && !sp->frames_in_slots && i < sp->n_regions; i++) {
		uint64_t size = sp->regions[i].n * sizeof(struct user_stub);
		err = call(r, &ignored, SYS_munmap, sp->regions[i].start,
			   (size + PAGE - 1) & ~(uint64_t)(PAGE - 1), 0, 0, 0, 0);
	}
	if (!err)
		err = call(r, &ignored, SYS_munmap, sp->base, im->size, 0, 0, 0, 0);
	if (!err)
		sp->base = 0;
	if (r->tid && r->final == 0) {
		int err2 = remote_end(r);
		if (!err)
			err = err2;
	}
	return err;
}
