/* cli/new_files.h: the files of src/cli/new/, what tutti new makes a bot of. */
#ifndef CLI_NEW_FILES_H
#define CLI_NEW_FILES_H

#include "base/embedded.h"

extern const struct embedded new_files[];
extern const size_t n_new_files;

#endif
