/* Where tuttid and its bots on one host meet: the directory RUN. */
#include "base/config.h"
#include "base/mapped.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* sun_path holds 108 bytes; the longest socket in RUN is "/events", and a NUL. */
enum { PATH_ROOM = 108, LONGEST = PATH_ROOM - 8 };

/* Of a list "a:b" systemd's first entry is ours. */
static struct str first_of(const char *list)
{
	struct str rest = str_c(list);
	return str_cut(&rest, ':');
}

static int put(char out[static PATH_ROOM], struct why *why, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
static int put(char out[static PATH_ROOM], struct why *why, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	int n = vsnprintf(out, PATH_ROOM, fmt, args);
	va_end(args);
	if (n > LONGEST)
		return why_set(why, -ENAMETOOLONG,
			       "the run directory's path has %d bytes: sockets in it allow %d", n,
			       LONGEST);
	return 0;
}

static bool is_there(const char *dir)
{
	struct stat is;
	return stat(dir, &is) == 0 && S_ISDIR(is.st_mode);
}

static int find_run_dir(char out[static PATH_ROOM], unsigned port, struct why *why)
{
	const char *xdg = getenv("XDG_RUNTIME_DIR");
	if (!xdg || *xdg != '/')
		return put(out, why, "/run/tutti/%u", port);
	int rc = put(out, why, "%s/tutti/%u", xdg, port);
	if (rc < 0 || is_there(out))
		return rc;
	char shared[PATH_ROOM];
	snprintf(shared, sizeof shared, "/run/tutti/%u", port);
	return is_there(shared) ? put(out, why, "%s", shared) : 0;
}

static int check_owner(const char *dir, struct why *why)
{
	struct stat is;
	if (stat(dir, &is) < 0)
		return why_errno(why, -errno, "cannot look at %s", dir);
	if ((is.st_uid != geteuid() && is.st_uid != 0) || is.st_mode & S_IWOTH)
		return why_set(why, -EPERM,
			       "%s: another user could change it; it must be ours alone", dir);
	return 0;
}

static int make_run_dir(const char *dir, bool for_group, struct why *why)
{
	bool is_new = !is_there(dir);
	if (for_group && mkdir("/run/tutti", 0755) < 0 && errno != EEXIST)
		return why_errno(why, -errno, "cannot make /run/tutti; set XDG_RUNTIME_DIR");
	struct why inner;
	int rc = mapped_mkdir(dir, &inner);
	if (rc < 0)
		return why_set(why, rc, "%.200s; set XDG_RUNTIME_DIR to a directory of your own",
			       inner.text);
	if (is_new && for_group && chmod(dir, 0750) < 0)
		return why_errno(why, -errno, "cannot open %s to the group", dir);
	return check_owner(dir, why);
}

int config_run_dir_to_be(char out[static PATH_ROOM], unsigned port, struct why *why)
{
	const char *given = getenv("RUNTIME_DIRECTORY"), *xdg = getenv("XDG_RUNTIME_DIR");
	if (given && *given == '/')
		return put(out, why, "%.*s", STR_FMT(first_of(given)));
	if (xdg && *xdg == '/')
		return put(out, why, "%s/tutti/%u", xdg, port);
	return put(out, why, "/run/tutti/%u", port);
}

int config_run_dir(char out[static PATH_ROOM], unsigned port, bool is_daemon, struct why *why)
{
	const char *given = getenv("RUNTIME_DIRECTORY"), *xdg = getenv("XDG_RUNTIME_DIR");
	if (!is_daemon)
		return find_run_dir(out, port, why);
	int rc = config_run_dir_to_be(out, port, why);
	if (rc < 0)
		return rc;
	bool for_group = !(given && *given == '/') && !(xdg && *xdg == '/');
	return make_run_dir(out, for_group, why);
}
