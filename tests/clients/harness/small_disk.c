// A disk of SMALL_DISK_BYTES, played to one program (LD_PRELOAD) where a test may not mount one: all that it writes to files below
// SMALL_DISK_FOLDER is counted, and what goes beyond fails as it does on a full disk. What is removed gives no room back.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

static const char* folder;
static atomic_llong left;

__attribute__((constructor)) static void start(void) {
    const char* bytes = getenv("SMALL_DISK_BYTES");
    left = bytes ? atoll(bytes) : LLONG_MAX;
    folder = getenv("SMALL_DISK_FOLDER");
}

static int is_full(int file, size_t size) {
    char link[64], path[PATH_MAX];
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    const ssize_t length = folder ? readlink(link, path, sizeof path - 1) : -1;
    if (length < 0 || strncmp(path, folder, strlen(folder)) != 0)
        return 0;
    if (atomic_fetch_sub(&left, (long long)size) >= (long long)size)
        return 0;
    errno = ENOSPC;
    return 1;
}

#define NEXT(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

ssize_t write(int file, const void* from, size_t size) { return is_full(file, size) ? -1 : NEXT(write)(file, from, size); }

ssize_t pwrite(int file, const void* from, size_t size, off_t at) { return is_full(file, size) ? -1 : NEXT(pwrite)(file, from, size, at); }

ssize_t pwrite64(int file, const void* from, size_t size, off64_t at) {
    return is_full(file, size) ? -1 : NEXT(pwrite64)(file, from, size, at);
}
