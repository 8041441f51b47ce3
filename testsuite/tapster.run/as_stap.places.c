/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <sys/sdt.h>

struct in {
	short s;
	signed char c;
	unsigned char u;
};

struct outer {
	int id;
	struct in *ip;
	struct in in, arr[2];
	double d;
	char *str;
};

__attribute__((noipa)) int bad(struct outer *p, struct in *q, char *s)
{
	return p == (void *)16;
}

__attribute__((noipa)) void mark(int i, char c, short s, const char *t, unsigned char uc, long l)
{
	STAP_PROBE(pv, none);
	STAP_PROBE6(pv, six, i, c, s, t, uc, l);
}

int main(void)
{
	bad((struct outer *)16, (struct in *)0, (char *)8);
	mark(-1, -2, -3, "text", 250, 1L << 40);
	return 0;
}
