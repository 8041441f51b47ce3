// Thread-local variables of an executable.
// site: tick @counter @name:s $counter
// gives: 7 "thread" 7 / 8 "thread" 8
// site: tick &@counter
// gives: !any / !any
#include <stdio.h>

#ifdef __clang__
#define KEEP __attribute__((noinline))
#else
#define KEEP __attribute__((noipa))
#endif

__thread char name[32] __attribute__((aligned(64))) = "thread";
__thread int counter = 7;

KEEP void tick(void)
{
	printf("%d %s\n", counter, name);
	counter++;
}

int main(void)
{
	tick();
	tick();
	return 0;
}
