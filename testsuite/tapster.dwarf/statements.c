// Statements, blocks and locals of unoptimised code.
// configurations: -O0
// site: loop@statements.c:26 $i $square $total
// gives: 0 0 0 / 1 1 0 / 2 4 1
// site: loop@statements.c:28 $total $n
// gives: 5 3
// site: loop@statements.c:28 $square $i
// gives: !not-found !not-found
// site: shadow@statements.c:37 $x
// gives: 2
// site: shadow@statements.c:39 $x
// gives: 1
// site: shadow@statements.c+8 $x
// gives: 1
// site: *@statements.c:39 $x
// gives: 1
// site: loop@*.c:25-26 $total
// gives: 0 / 0 / 0 / 0 / 1 / 1
#include <stdio.h>

int loop(int n)
{
	int total = 0;
	for (int i = 0; i < n; i++) {
		int square = i * i;
		total += square;
	}
	return total;
}

int shadow(int x)
{
	printf("%d\n", x);
	{
		int x = 2;

		printf("%d\n", x);
	}
	return printf("%d\n", x);
}

int main(void)
{
	loop(3);
	return shadow(1) != 2;
}
