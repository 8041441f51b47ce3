/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Parameters, locals and types for the cases of this folder. */
struct inner {
	int depth;
	struct inner *next;
};

struct outer {
	int count;
	char *name;
	struct inner in;
	int list[4];
};

volatile int total;
static volatile long hidden = 7;

__attribute__((noinline)) int work(int a, struct outer *p, char *text)
{
	total += a + p->count + text[0] + (int)hidden;
	return total;
}

__attribute__((noinline)) void quiet(long n)
{
	total += n;
}

int main(int argc, char **argv)
{
	struct outer o = { .count = argc, .name = argv[0] };

	quiet(argc);
	return work(argc, &o, argv[0]) < 0;
}
