/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/merge.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/sys.h"
#include "runtime/driver/sink.h"

struct input {
	const char *name;
	struct buf data;
	size_t at;
	struct sink_record next; /* its header, when there is one */
};

static const size_t magic_size = sizeof(SINK_MAGIC) - 1;

/* The header at AT; false: there is none, or what it heads is cut off, which is reported. */
static bool look(struct input *in)
{
	size_t left = in->data.len - in->at;

	if (!left)
		return false;
	if (left >= sizeof(in->next)) {
		memcpy(&in->next, in->data.data + in->at, sizeof(in->next));
		if (in->next.size <= left - sizeof(in->next))
			return true;
	}
	fprintf(stderr, "WARNING: %s is cut off\n", in->name);
	in->at = in->data.len;
	return false;
}

static bool open_input(struct input *in, const char *name)
{
	int err = sys_read_file(name, &in->data);

	in->name = name;
	if (err) {
		fprintf(stderr, "ERROR: cannot read %s: %s\n", name, strerror(-err));
		return false;
	}
	if (in->data.len < magic_size || memcmp(in->data.data, SINK_MAGIC, magic_size)) {
		fprintf(stderr, "ERROR: %s is not a file of bulk mode\n", name);
		return false;
	}
	in->at = magic_size;
	return true;
}

static struct input *earliest(struct input *inputs, size_t n)
{
	struct input *first = NULL;

	for (size_t i = 0; i < n; i++)
		if (look(&inputs[i]) && (!first || inputs[i].next.stamp < first->next.stamp))
			first = &inputs[i];
	return first;
}

static void write_merged(FILE *out, struct input *inputs, size_t n, bool verbose)
{
	struct input *in;

	while ((in = earliest(inputs, n))) {
		in->at += sizeof(in->next);
		if (verbose)
			fprintf(out, "[%zu,%" PRIu32 ",%" PRIu32 "]\n", (size_t)(in - inputs), in->next.number,
				in->next.size);
		fwrite(in->data.data + in->at, 1, in->next.size, out);
		in->at += in->next.size;
	}
}

bool merge_bulk(const char *output, char *const *files, bool verbose)
{
	FILE *out = output ? fopen(output, "we") : stdout;
	struct input *inputs;
	size_t n = 0;
	bool ok = true;

	while (files[n])
		n++;
	inputs = calloc(n + 1, sizeof(*inputs));
	if (!out || !inputs) {
		fprintf(stderr, "ERROR: cannot write %s: %s\n", output ? output : "the output", strerror(errno));
		free(inputs);
		return false;
	}
	for (size_t i = 0; i < n; i++)
		buf_init(&inputs[i].data);
	for (size_t i = 0; i < n && ok; i++)
		ok = open_input(&inputs[i], files[i]);
	if (ok)
		write_merged(out, inputs, n, verbose);
	if (fflush(out) || ferror(out)) {
		fprintf(stderr, "ERROR: cannot write the output: %s\n", strerror(errno));
		ok = false;
	}
	if (output)
		fclose(out);
	for (size_t i = 0; i < n; i++)
		buf_fini(&inputs[i].data);
	free(inputs);
	return ok;
}
