/* SPDX-License-Identifier: MIT */
/*
 * The text file, by rename: used by the main thread only. The new text goes
 * to a file of its own, whose name no collector of *.prom takes up, and that
 * one is renamed once it is complete. Nothing is synced: after a power cut
 * the figures are of no interest.
 */
#include "cli/textfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/terminal.h"

static int textfile_create(const struct textfile *file)
{
	int fd = open(file->beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0666);

	return fd < 0 ? -errno : fd;
}

int textfile_init(struct textfile *file, const char *path)
{
	struct stat status;
	int fd;

	*file = (struct textfile){ .path = path };
	/* a rename would put a file where a device, a pipe or a link was */
	if (lstat(path, &status) == 0 && !S_ISREG(status.st_mode)) {
		terminal_complain("%s: not a regular file", path);
		return -EINVAL;
	}
	if (asprintf(&file->beside, "%s.%ld.tmp", path, (long)getpid()) < 0) {
		file->beside = NULL;
		terminal_complain("out of memory");
		return -ENOMEM;
	}
	fd = textfile_create(file);
	if (fd < 0) {
		terminal_complain("%s: %s", path, strerror(-fd));
		return fd;
	}
	close(fd);
	unlink(file->beside);
	return 0;
}

void textfile_done(struct textfile *file)
{
	free(file->beside);
	file->beside = NULL;
}

static int textfile_write(int fd, const char *text, size_t length)
{
	while (length > 0) {
		ssize_t wrote = write(fd, text, length);

		if (wrote < 0 && errno != EINTR)
			return -errno;
		if (wrote > 0) {
			text += wrote;
			length -= (size_t)wrote;
		}
	}
	return 0;
}

static int textfile_try(const struct textfile *file, const char *text, size_t length)
{
	int fd = textfile_create(file);
	int err;

	if (fd < 0)
		return fd;
	err = textfile_write(fd, text, length);
	/* a disk over the network tells here */
	if (close(fd) < 0 && err == 0)
		err = -errno;
	if (err == 0 && rename(file->beside, file->path) < 0)
		err = -errno;
	if (err < 0)
		unlink(file->beside);
	return err;
}

void textfile_replace(struct textfile *file, const char *text, size_t length)
{
	int err = textfile_try(file, text, length);

	if (err < 0 && !file->told)
		terminal_complain("%s: %s", file->path, strerror(-err));
	file->told = err < 0;
	file->failed |= err < 0;
}
