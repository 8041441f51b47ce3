/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A script's object as the driver holds it: in a memfd whose offsets are the
 * object's addresses (layout.h), and mapped here.
 */
#ifndef TAPSTER_RUNTIME_USER_IMAGE_H
#define TAPSTER_RUNTIME_USER_IMAGE_H

#include "runtime/user/layout.h"

struct image {
	int fd;
	char *base;    /* our own mapping of everything */
	uint64_t size; /* all of it, a multiple of the page size */
	const struct user_header *header;
	const struct script_info *info;
	const char *strings;
	const struct script_file *files;
	const struct site_recipe *sites;
	const struct script_probe *probes;
	const struct script_global *globals;
	struct user_process *process; /* the driver's own */
	struct user_session *session;
	struct rt_session *rt;
};

/* Reads the object, lays out the tail: RING_BYTES of output rings in all.  On failure
 * returns -errno or -ENOEXEC with a reason in *WHY. */
int image_open(struct image *im, const char *path, uint64_t ring_bytes, unsigned n_rings,
	       const char **why);
void image_close(struct image *im);

/* A thing of the object, from its offset in the header. */
static inline void *image_at(const struct image *im, int64_t offset)
{
	return im->base + offset;
}

static inline const char *image_string(const struct image *im, uint32_t s)
{
	return im->strings + s;
}

static inline union user_claim *image_claims(const struct image *im)
{
	return image_at(im, (int64_t)im->session->claims);
}

static inline struct user_context *image_context(const struct image *im, uint32_t i)
{
	return image_at(im, (int64_t)(im->session->contexts +
				      (uint64_t)i * im->session->context_stride));
}

static inline struct user_return *image_return(const struct image *im, struct user_context *u,
					       uint32_t i)
{
	return (struct user_return *)((char *)u + im->session->returns_at +
				      (uint64_t)i * im->session->return_stride);
}

static inline struct user_ring *image_ring(const struct image *im, uint32_t i)
{
	return image_at(im, (int64_t)(im->session->rings +
				      (uint64_t)i * (sizeof(struct user_ring) +
						     im->session->ring_size)));
}

/* The first return probe of a site, or USER_NO_PROBE. */
static inline uint32_t image_first_return(const struct image *im, uint32_t site)
{
	return ((const uint32_t *)image_at(im, (int64_t)im->session->first_return))[site];
}

/* The object's functions that the driver calls. */
typedef void image_handler(struct rt_context *c);
typedef void image_indexed(struct rt_context *c, uint32_t i);

#endif
