/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "runtime/user/space_int.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>

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

static bool has_new_sites(const struct space_env *env, const struct space *sp, const struct maps *m)
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

/* One site that is to be armed. */
struct plan {
	uint32_t site;
	uint64_t address;
};

static bool put_rel32(uint8_t *at, uint64_t from, uint64_t to)
{
	int64_t d = (int64_t)(to - from);
	int32_t d32 = (int32_t)d;
	memcpy(at, &d32, 4);
	return d == d32;
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
	stub->handler = sp->base + (uint64_t)(image_first_return(env->im, site) != USER_NO_PROBE ? h->hit_return :
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
			space_make_jump(jump, pad, code);
			int err = remote_write(&sp->mem, pad, jump, 5);
			return err ? err : remote_write(&sp->mem, p->address, hop, 2);
		}
		p->kind = PATCH_BREAK; /* another site's jump is there already */
	}
	if (p->kind == PATCH_JUMP) {
		space_make_jump(jump, p->address, code);
		return remote_write(&sp->mem, p->address, jump, 5);
	}
	return remote_write(&sp->mem, p->address, &brk, 1);
}

/* A site inside the bytes that another one displaces would never be reached.  PLAN is sorted. */
static bool is_covered(const struct image *im, const struct space *sp, const struct plan *plan,
		       size_t i)
{
	uint64_t at = plan[i].address;
	for (size_t j = i; j-- > 0 && at - plan[j].address < SITE_COVER_MAX;)
		if (at - plan[j].address < im->sites[plan[j].site].cover && at != plan[j].address)
			return true;
	for (size_t j = space_lower_bound(sp, at - SITE_COVER_MAX);
	     j < sp->n_patches && sp->patches[j].address < at + SITE_COVER_MAX; j++) {
		const struct patch *p = &sp->patches[j];
		uint64_t behind = at - p->address, before = p->address - at;
		if (p->kind != PATCH_NONE &&
		    ((behind && behind < im->sites[p->site].cover) ||
		     (before && before < im->sites[plan[i].site].cover)))
			return true;
	}
	return false;
}

static int by_address(const void *a, const void *b)
{
	uint64_t x = ((const struct plan *)a)->address, y = ((const struct plan *)b)->address;
	return x < y ? -1 : x > y;
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
		err = inject_call(r, &at, SYS_mmap, want, size, PROT_READ | PROT_EXEC,
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

/* Widens LOW ... HIGH to what a slot of the site at ADDRESS must be near to: the site itself
 * and what its instructions jump to or have as operands. */
static void must_reach(const struct site_recipe *r, uint64_t address, uint64_t *low, uint64_t *high)
{
	for (int i = -1; i < r->n_fixups; i++) {
		uint64_t at = address;
		if (i >= 0 && r->fixups[i].kind != SITE_FIX_REL32)
			continue;
		if (i >= 0)
			at += (uint64_t)r->fixups[i].addend;
		if (at < *low)
			*low = at;
		if (at > *high)
			*high = at;
	}
}

void space_raise_semaphore(const struct image *im, const struct space *sp, const struct patch *p,
			   int by)
{
	const struct site_recipe *r = &im->sites[p->site];
	uint64_t at = p->address + (r->semaphore - r->address);
	uint16_t n;

	if (!r->semaphore || remote_read(&sp->mem, at, &n, sizeof n))
		return;
	n = (uint16_t)(n + by);
	remote_write(&sp->mem, at, &n, sizeof n);
}

/* Arms the N sites of PLAN, all of one mapping, from one region of slots. */
static int arm_mapping(const struct space_env *env, struct space *sp, const struct maps *m,
		       struct remote_call *r, const struct plan *plan, size_t n)
{
	uint64_t low = UINT64_MAX, high = 0;
	for (size_t i = 0; i < n; i++)
		must_reach(&env->im->sites[plan[i].site], plan[i].address, &low, &high);
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
		watch_give_way(sp, plan[i].address);
		if (remote_read(&sp->mem, plan[i].address, now, recipe->cover) ||
		    memcmp(now, recipe->orig, recipe->cover) != 0)
			refuse_site(env, sp, &plan[i], "the code in memory is not that of the file");
		else if (is_covered(env->im, sp, plan, i))
			refuse_site(env, sp, &plan[i], "it is too close behind another probe");
		else if (!make_stub(env, sp, region->start + i * sizeof *stubs, plan[i].address,
				    plan[i].site, &stubs[i]))
			refuse_site(env, sp, &plan[i], "there is no free memory near it");
		else
			good[i] = true;
	}
	err = good ? remote_write(&sp->mem, region->start, stubs, n * sizeof *stubs) : -ENOMEM;
	if (!err)
		err = SPACE_WRITE_PROCESS(env->im, sp, regions, sp->regions);
	for (size_t i = 0; !err && i < n; i++) {
		struct patch p = { plan[i].address, region->start + i * sizeof *stubs,
				   plan[i].site, PATCH_NONE };
		/* In the ledger before in memory: rescue.c restores what it finds changed. */
		if (good[i])
			p.kind = (uint8_t)choose_kind(env, &env->im->sites[p.site]);
		if (!space_add_patch(sp, &p))
			err = -ENOMEM;
		else if (good[i])
			err = write_site(env, sp, &sp->patches[space_lower_bound(sp, p.address)]);
		if (!err && good[i])
			space_raise_semaphore(env->im, sp, &p, 1);
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
	watch_drop_lost(sp);
}

static int set_bias(const struct space_env *env, struct space *sp, uint32_t file, int64_t bias)
{
	uint8_t yes = 1;
	uint64_t at = space_process_at(env->im, sp);
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
		qsort(plan, n, sizeof *plan, by_address);
		err = set_bias(env, sp, (uint32_t)file,
			       (int64_t)(plan[0].address - im->sites[plan[0].site].address));
		if (!err)
			err = arm_mapping(env, sp, m, r, plan, n);
	}
	free(plan);
	return err;
}

static bool has_breakpoints(const struct space *sp)
{
	for (size_t i = 0; i < sp->n_patches; i++)
		if (sp->patches[i].kind == PATCH_BREAK)
			return true;
	return sp->n_watches != 0;
}

bool space_needs(const struct space_env *env, struct space *sp, const struct maps *m)
{
	struct space_watch list[USER_WATCHES_MAX];
	return !sp->is_refused && (has_new_sites(env, sp, m) || modules_changed(env, sp, m) ||
				   watch_missing(env, sp, m, list, USER_WATCHES_MAX) != 0);
}

int space_arm(const struct space_env *env, struct space *sp, pid_t tid, struct remote_call *r)
{
	struct space_watch list[USER_WATCHES_MAX];
	struct maps m;
	memset(r, 0, sizeof *r);
	if (sp->is_refused)
		return -EPERM;
	int err = maps_read(&m, sp->pid);
	if (err)
		return err;
	space_drop_unmapped(env, sp, &m);
	if (!has_new_sites(env, sp, &m) && !modules_changed(env, sp, &m) &&
	    !watch_missing(env, sp, &m, list, USER_WATCHES_MAX)) {
		maps_free(&m);
		return 0;
	}
	err = inject_begin(env, sp, &m, tid, r);
	maps_free(&m);
	if (!err) /* again: what was injected is in the way */
		err = maps_read(&m, sp->pid);
	if (!err)
		err = arm_new_mappings(env, sp, &m, r);
	if (!err)
		err = modules_write(env, sp, &m);
	if (!err)
		err = watch_install(env, sp, list,
				    watch_missing(env, sp, &m, list, USER_WATCHES_MAX));
	if (!err && has_breakpoints(sp) && !sp->has_safety)
		err = inject_safety(env, sp, r);
	maps_free(&m);
	err = inject_end(r, err);
	if (err && err != -ESRCH) {
		if (err != -EPERM && err != -ENOEXEC)
			space_warn(env, sp, "cannot get in", err);
		sp->is_refused = true;
	}
	return err;
}
