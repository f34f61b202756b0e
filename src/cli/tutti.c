#include "sandbox/sandbox.h"

#include <stdio.h>
#include <string.h>
#include <sysexits.h>

static const struct {
	const char *name;
	int (*fn)(int argc, char **argv);
	const char *help;
} commands[] = {
	{"sandbox", sandbox_main, "a fake Discord on loopback, and a conversation with its bot"},
};

static int usage(void)
{
	fputs("tutti COMMAND [options]\n", stderr);
	for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
		fprintf(stderr, "  %-10s %s\n", commands[i].name, commands[i].help);
	return EX_USAGE;
}

int main(int argc, char **argv)
{
	for (size_t i = 0; argc > 1 && i < sizeof commands / sizeof *commands; i++)
		if (strcmp(argv[1], commands[i].name) == 0)
			return commands[i].fn(argc - 1, argv + 1);
	return usage();
}
