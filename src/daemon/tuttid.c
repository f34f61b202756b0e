/* tuttid: the parent of gateway, bus, live and rest, or one of them alone. */
#include "daemon/parent.h"
#include "daemon/role.h"

#include <stdio.h>
#include <sysexits.h>

static int usage(void)
{
	struct buf text = {0};
	options_usage(&text);
	fwrite(text.p, 1, text.n, stdout);
	buf_done(&text);
	return 0;
}

int main(int argc, char **argv)
{
	static struct token env;
	struct options options;
	struct why why = {0};
	token_take_env(&env);
	role_harden();
	if (options_read(&options, argc, argv, &why) < 0) {
		fprintf(stderr, "tuttid: %s\n", why.text);
		return EX_USAGE;
	}
	if (options.wants_help)
		return usage();
	if (options.wants_version) {
		puts("tuttid " TT_VERSION);
		return 0;
	}
	int status = options.role ? role_run(role_find(options.role), &options, &env)
				  : parent_run(&options, &env);
	token_wipe(&env);
	return status;
}
