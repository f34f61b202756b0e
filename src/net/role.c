#include "net/role.h"

#include <errno.h>
#include <sysexits.h>

int role_status(int rc)
{
	static const int no_room[] = {-ENOSPC, -EDQUOT, -EACCES, -EPERM, -EROFS, -EADDRINUSE};
	if (rc == -EINVAL)
		return EX_CONFIG;
	for (size_t i = 0; i < sizeof no_room / sizeof *no_room; i++)
		if (rc == no_room[i])
			return EX_CANTCREAT;
	return EX_TEMPFAIL;
}
