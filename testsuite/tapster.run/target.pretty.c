/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A structure with a member of each kind, for pretty-printing. */
struct inner {
	int depth;
	char word[4];
};

enum color { RED = 1, BLUE };

union number {
	int i;
	double d;
};

struct all {
	int number;
	unsigned more;
	char letter;
	char *text;
	struct all *next;
	double real;
	struct inner in;
	int list[3];
	struct inner pair[2];
	enum color color;
	unsigned bits : 3;
	int signed_bits : 5;
	_Bool flag;
	void (*call)(int);
	union number u;
	struct {
		int x, y;
	};
	char name[8];
};

__attribute__((noinline)) int look(struct all *p, struct all **pp, int *n, char c)
{
	__asm__ volatile("" ::: "memory");
	return p->number + (*pp)->number + *n + c;
}

int main(void)
{
	struct all a = { 1, 2, 'c', "say \"hi\"", 0, 1.5, { 5, "abc" }, { 1, 2, 3 },
			 { { 6, "x" }, { 7, "y" } }, BLUE, 5, -3, 1, 0, { 9 }, { 10, 11 }, "named" };
	struct all *q = &a;

	return look(&a, &q, &a.number, 'x') == 0;
}
