/* SPDX-License-Identifier: GPL-2.0-or-later */
struct in { short a; };
enum color { RED };

__attribute__((noipa)) int take(int *i, unsigned long *u, double *d, void *v, char **cc, enum color *e,
				int (*f)(void), int **ii, _Bool *b, short *s)
{
	return 0;
}

int main(void)
{
	return take((int *)16, (unsigned long *)-16, (double *)16, (void *)16, (char **)16, (enum color *)16,
		    (int (*)(void))16, (int **)16, (_Bool *)16, (short *)-16);
}
