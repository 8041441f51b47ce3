/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "runtime/user/reader.h"

#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#include <x86intrin.h>

enum {
	NAP_NS = 1000000,         /* between rounds while data come; writers never call us */
	NAP_MAX_NS = 16000000     /* when none come */
};

struct reader {
	struct reader_start start;
	const struct image *im;
	bool failed;
	pthread_t thread;
	sem_t rouse; /* ends a nap */
	atomic_bool stop, pause;
	atomic_uint rounds; /* completed */
	uint64_t *at;       /* what has been read of each ring */
	uint64_t *head;     /* what there is, this round */
};

static void tell_driver(struct reader *r)
{
	uint64_t one = 1;
	if (write(r->start.wake_fd, &one, sizeof one) != sizeof one)
		r->failed |= errno != EAGAIN;
}

/* The output is gone: the session ends. */
static void write_out(struct reader *r)
{
	if (sink_flush(r->start.sink) || r->failed)
		return;
	r->failed = true;
	r->im->rt->exiting = 1;
	tell_driver(r);
}

/* The next record of ring I, or NULL. */
static const struct user_record *peek(struct reader *r, uint32_t i)
{
	struct user_ring *ring = image_ring(r->im, i);
	uint64_t size = r->im->session->ring_size;
	const char *base = (const char *)(ring + 1);
	while (r->at[i] < r->head[i]) {
		uint64_t at = r->at[i] & (size - 1);
		const struct user_record *rec = (const struct user_record *)(base + at);
		if (rec->kind != USER_RECORD_PAD)
			return rec;
		r->at[i] += size - at;
	}
	return NULL;
}

/* What has been read may be overwritten. */
static void give_room(struct reader *r, uint32_t i)
{
	struct user_ring *ring = image_ring(r->im, i);
	__atomic_store_n(&ring->tail, r->at[i], __ATOMIC_RELEASE);
	__atomic_fetch_add(&ring->drained, 1, __ATOMIC_SEQ_CST);
	ring->stalled = 0;
	if (__atomic_load_n(&ring->n_waiting, __ATOMIC_SEQ_CST))
		syscall(SYS_futex, &ring->drained, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
}

/* One look at all rings; was there anything? */
static bool round_once(struct reader *r)
{
	const struct user_session *s = r->im->session;
	uint64_t now = __rdtsc();
	bool any = false;
	for (uint32_t i = 0; i < s->n_rings; i++)
		r->head[i] = __atomic_load_n(&image_ring(r->im, i)->head, __ATOMIC_ACQUIRE);
	for (;;) {
		const struct user_record *first = NULL;
		uint32_t from = 0;
		for (uint32_t i = 0; i < s->n_rings; i++) {
			const struct user_record *rec = peek(r, i);
			if (rec && rec->tsc <= now && (!first || rec->tsc < first->tsc)) {
				first = rec;
				from = i;
			}
		}
		if (!first)
			break;
		any = true;
		sink_put(r->start.sink, (enum rt_output)first->kind, from, first->tsc, first->data, first->size);
		r->at[from] += (sizeof *first + first->size + 7) & ~(uint64_t)7;
		if (r->at[from] - image_ring(r->im, from)->tail >= s->ring_size / 8)
			give_room(r, from); /* early, so that writers go on while we do */
	}
	write_out(r);
	for (uint32_t i = 0; i < s->n_rings; i++)
		if (image_ring(r->im, i)->tail != r->at[i] || image_ring(r->im, i)->n_waiting)
			give_room(r, i);
	if (__atomic_exchange_n(&r->im->session->wake, 0, __ATOMIC_SEQ_CST))
		tell_driver(r);
	atomic_fetch_add(&r->rounds, 1);
	return any;
}

static void *run(void *data)
{
	struct reader *r = data;
	long ns = NAP_NS;
	while (!atomic_load(&r->stop)) {
		struct timespec deadline;
		if (!atomic_load(&r->pause) && round_once(r))
			ns = NAP_NS;
		else if (ns < NAP_MAX_NS)
			ns *= 2;
		clock_gettime(CLOCK_REALTIME, &deadline);
		deadline.tv_nsec += ns;
		deadline.tv_sec += deadline.tv_nsec / 1000000000;
		deadline.tv_nsec %= 1000000000;
		while (sem_timedwait(&r->rouse, &deadline) < 0 && errno == EINTR)
			;
	}
	while (round_once(r))
		;
	return NULL;
}

struct reader *reader_start(const struct reader_start *start)
{
	struct reader *r = calloc(1, sizeof *r);
	const struct image *im = start->im;
	if (!r)
		return NULL;
	r->start = *start;
	r->im = im;
	sem_init(&r->rouse, 0, 0);
	r->at = calloc(im->session->n_rings, sizeof *r->at);
	r->head = calloc(im->session->n_rings, sizeof *r->head);
	if (!r->at || !r->head || pthread_create(&r->thread, NULL, run, r) != 0) {
		free(r->at);
		free(r->head);
		free(r);
		return NULL;
	}
	return r;
}

static bool is_unused(const struct reader *r)
{
	for (uint32_t i = 0; i < r->im->session->n_rings; i++)
		if (__atomic_load_n(&image_ring(r->im, i)->head, __ATOMIC_SEQ_CST))
			return false;
	return true;
}

/* Our own writing may have to wait for ever. */
static bool is_abandoned(const struct reader *r)
{
	struct pollfd fd = { r->start.front_fd, 0, 0 };
	return poll(&fd, 1, 0) == 1;
}

void reader_flush(struct reader *r)
{
	const struct timespec nap = { 0, 200000 };
	unsigned from = atomic_load(&r->rounds);
	if (is_unused(r))
		return;
	while (atomic_load(&r->rounds) - from < 2 && !is_abandoned(r)) {
		/* one that has begun after us is complete */
		sem_post(&r->rouse);
		nanosleep(&nap, NULL);
	}
}

void reader_pause(struct reader *r, bool yes)
{
	atomic_store(&r->pause, yes);
	sem_post(&r->rouse);
}

bool reader_stop(struct reader *r)
{
	struct timespec until;
	atomic_store(&r->stop, true);
	sem_post(&r->rouse);
	do {
		if (is_abandoned(r))
			return false;
		clock_gettime(CLOCK_REALTIME, &until);
		until.tv_sec++;
	} while (pthread_timedjoin_np(r->thread, NULL, &until) == ETIMEDOUT);
	bool good = !r->failed;
	free(r->at);
	free(r->head);
	free(r);
	return good;
}
