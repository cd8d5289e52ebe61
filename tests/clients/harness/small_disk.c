// A disk of SMALL_DISK_BYTES, played to one program (LD_PRELOAD) where a test may not mount one: all that it writes to files below
// SMALL_DISK_FOLDER is counted, and what goes beyond fails as it does on a full disk. What is removed gives no room back. Who asks how
// much space there is hears what is left.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sys/types.h>
#include <unistd.h>

static const char* folder;
static long long all;
static atomic_llong left;

__attribute__((constructor)) static void start(void) {
    const char* bytes = getenv("SMALL_DISK_BYTES");
    left = all = bytes ? atoll(bytes) : LLONG_MAX;
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

static int small(const char* path, int failed, struct statvfs* about) {
    if (failed || !folder || strncmp(path, folder, strlen(folder)) != 0)
        return failed;
    const long long room = left > 0 ? left : 0;
    about->f_blocks = (fsblkcnt_t)all / about->f_frsize;
    about->f_bfree = about->f_bavail = (fsblkcnt_t)room / about->f_frsize;
    return 0;
}

int statvfs(const char* path, struct statvfs* about) { return small(path, NEXT(statvfs)(path, about), about); }

int statvfs64(const char* path, struct statvfs64* about) {
    return small(path, NEXT(statvfs64)(path, about), (struct statvfs*)about); // the same, where a long has 64 bits
}
