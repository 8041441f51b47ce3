// A program without DWARF: main by the entry point, its arguments by the calling convention.
// configurations: stripped
// site: main $argc $argv[1]:s $argv[2]:s $argv[3] $envp[0][0] $argv->x $nothing
// gives: 3 "one" "two" 0 !any !bad-member !not-found
// site: main.return $argc $return
// gives: 3 0
// why: helper unknown
#include <stdio.h>

__attribute__((noinline)) int helper(int x)
{
	return printf("%d\n", x);
}

int main(int argc, char **argv, char **envp)
{
	(void)argv;
	(void)envp;
	return helper(argc) < 0;
}
