/* Where bots keep how far they have come. */
#include "base/config.h"

#include <pwd.h>
#include <stdlib.h>
#include <unistd.h>

char *config_cursor_dir(const struct config *config)
{
	const char *given = getenv("TUTTI_STATE"), *xdg = getenv("XDG_STATE_HOME");
	const char *home = getenv("HOME");
	const struct passwd *user;
	struct buf path = {0};
	if (given && *given)
		buf_adds(&path, str_c(given));
	else if (*config->bot_state_dir)
		buf_adds(&path, str_c(config->bot_state_dir));
	else if (xdg && *xdg == '/')
		buf_addf(&path, "%s/tutti", xdg);
	else if (home && *home == '/')
		buf_addf(&path, "%s/.local/state/tutti", home);
	else if ((user = getpwuid(getuid())))
		buf_addf(&path, "%s/.local/state/tutti", user->pw_dir);
	buf_addc(&path, 0);
	return path.p;
}
