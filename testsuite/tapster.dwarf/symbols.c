// A program whose only names are in symbol tables: .symtab, .gnu_debugdata, .dynsym.
// configurations: names
// site: helper $x
// gives: !no-dwarf
// site: help* $x
// gives: !no-dwarf
// site: main $argc $argv[2]:s
// gives: 3 "two"
// why: nothing_there unknown
// why: puts defined in another object
#include <stdio.h>

__attribute__((noinline)) int helper(int x)
{
	puts("helper");
	return printf("%d\n", x);
}

int main(int argc, char **argv)
{
	(void)argv;
	return helper(argc) < 0;
}
