// main of a stripped 32-bit program.
// configurations: stripped
// flags: -m32
// site: main $argc $argv[2]:s $envp[0][0]
// gives: 3 "two" !any
#include <stdio.h>

int main(int argc, char **argv)
{
	return printf("%d %s\n", argc, argv[0]) < 0;
}
