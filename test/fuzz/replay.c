/* Runs a fuzz target once over each file of the directories and files named: the corpus as a test,
 * for any compiler and sanitizer. Prints one line per file, TAP. */
#include "fuzz.h"

#include <dirent.h>
#include <sys/stat.h>

static int count;

static void replay_file(const char *path)
{
	struct buf bytes = {0};
	FILE *f = fopen(path, "rb");
	if (!f) {
		perror(path);
		exit(1);
	}
	for (size_t n = 1; n > 0; bytes.n += n)
		n = fread(buf_room(&bytes, 4096), 1, 4096, f);
	fclose(f);
	/* a copy of exactly that size: so the sanitizer sees a byte too far */
	uint8_t *exact = malloc(bytes.n ? bytes.n : 1);
	memcpy(exact, bytes.p, bytes.n);
	LLVMFuzzerTestOneInput(exact, bytes.n);
	free(exact);
	buf_done(&bytes);
	count++;
}

static void replay(const char *path)
{
	struct stat st;
	DIR *dir = stat(path, &st) == 0 && S_ISDIR(st.st_mode) ? opendir(path) : NULL;
	if (!dir) {
		replay_file(path);
		return;
	}
	for (struct dirent *e; (e = readdir(dir));) {
		char child[4096];
		snprintf(child, sizeof child, "%s/%s", path, e->d_name);
		if (e->d_name[0] != '.')
			replay_file(child);
	}
	closedir(dir);
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		replay(argv[i]);
	printf("ok - %d inputs\n", count);
	return count == 0;
}
