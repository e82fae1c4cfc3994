/*
 * A sick disk, loaded into a real gateway by LD_PRELOAD. It stands between the process and libc for files whose path holds
 * "journal.sqlite" (not the -shm, which is memory), and does what the control file says: a page of memory that the test
 * writes and each thread of the gateway sees at once. test/helpers/disk-fault.ts knows the same layout.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

struct control {
  volatile int32_t sync_errno, sync_delay_ms, write_errno, read_errno;
  /* 1: what was written since the last sync that worked is gone after one that failed, as some file systems do it. */
  volatile int32_t loses;
  /* Only so many bytes of the next write arrive, then write_errno. 0: none. */
  volatile int32_t torn_bytes;
  /* 1: writes fail only for as long as the gateway keeps its reserve, as on a disk that is full to the last byte. */
  volatile int32_t while_reserve;
  /* 1: statfs doesn't return before it is 0 again. */
  volatile int32_t hanging_statfs;
  /* What statfs says is free; -1: the truth. */
  volatile int64_t free_bytes;
  /* Counted for the test. */
  volatile int32_t failed_syncs, failed_writes, failed_reads, syncs;
};
static struct control *control;
__attribute__((constructor)) static void start(void) {
  const char *path = getenv("GATEHOUSE_TEST_DISK_FAULT");
  int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
  if (fd < 0) return;
  void *page = mmap(NULL, sizeof(struct control), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  close(fd);
  if (page != MAP_FAILED) control = page;
}

#define REAL(name) ((__typeof__(&name))real(#name))
static void *real(const char *name) { return dlsym(RTLD_NEXT, name); }

static int cares(int fd) {
  char link[64], path[PATH_MAX];
  __builtin_snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, path, sizeof path - 1);
  if (length < 0) return 0;
  path[length] = 0;
  return strstr(path, "journal.sqlite") && !strstr(path, "-shm");
}

/* What was written and not synced, oldest first. */
struct written { dev_t dev; ino_t ino; off_t at; size_t bytes; char *before; struct written *older; };
static struct written *unsynced;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static void remember(int fd, off_t at, size_t bytes) {
  struct stat of;
  if (fstat(fd, &of)) return;
  struct written *one = calloc(1, sizeof *one);
  *one = (struct written){of.st_dev, of.st_ino, at, bytes, calloc(1, bytes), NULL};
  ssize_t had = REAL(pread64)(fd, one->before, bytes, at);
  (void)had;
  pthread_mutex_lock(&lock);
  one->older = unsynced;
  unsynced = one;
  pthread_mutex_unlock(&lock);
}

static void settle(int fd, int lost) {
  struct stat of;
  if (fstat(fd, &of)) return;
  pthread_mutex_lock(&lock);
  for (struct written **place = &unsynced; *place;) {
    struct written *one = *place;
    if (one->dev != of.st_dev || one->ino != of.st_ino) { place = &one->older; continue; }
    if (lost && REAL(pwrite64)(fd, one->before, one->bytes, one->at) < 0) abort();
    *place = one->older;
    free(one->before);
    free(one);
  }
  pthread_mutex_unlock(&lock);
}

static int failing_sync(int fd) {
  if (!control || (!control->sync_errno && !control->sync_delay_ms && !control->loses) || !cares(fd)) return 0;
  if (control->sync_delay_ms) {
    struct timespec delay = {control->sync_delay_ms / 1000, control->sync_delay_ms % 1000 * 1000000L};
    nanosleep(&delay, NULL);
    __sync_fetch_and_add(&control->syncs, 1);
  }
  int error = control->sync_errno;
  if (control->loses) settle(fd, error != 0);
  if (!error) return 0;
  __sync_fetch_and_add(&control->failed_syncs, 1);
  errno = error;
  return -1;
}
int fsync(int fd) { return failing_sync(fd) ? -1 : REAL(fsync)(fd); }
int fdatasync(int fd) { return failing_sync(fd) ? -1 : REAL(fdatasync)(fd); }

/* 1: it fails, with what the call returns and errno. */
static int failing_write(int fd, off_t at, size_t bytes, ssize_t *result, const void *data) {
  if (!control || (!control->write_errno && !control->loses) || !cares(fd)) return 0;
  if (control->while_reserve) {
    char reserve[PATH_MAX];
    __builtin_snprintf(reserve, sizeof reserve, "%s/reserve", getenv("GATEHOUSE_DATA_DIR"));
    if (access(reserve, F_OK)) return 0;
  }
  if (!control->write_errno) {
    remember(fd, at, bytes);
    return 0;
  }
  __sync_fetch_and_add(&control->failed_writes, 1);
  if (control->torn_bytes > 0 && (size_t)control->torn_bytes < bytes) REAL(pwrite64)(fd, data, control->torn_bytes, at);
  errno = control->write_errno;
  *result = -1;
  return 1;
}
ssize_t pwrite(int fd, const void *data, size_t bytes, off_t at) {
  ssize_t result;
  return failing_write(fd, at, bytes, &result, data) ? result : REAL(pwrite)(fd, data, bytes, at);
}
ssize_t pwrite64(int fd, const void *data, size_t bytes, off64_t at) {
  ssize_t result;
  return failing_write(fd, at, bytes, &result, data) ? result : REAL(pwrite64)(fd, data, bytes, at);
}
ssize_t pread64(int fd, void *data, size_t bytes, off64_t at) {
  if (control && control->read_errno && cares(fd)) {
    __sync_fetch_and_add(&control->failed_reads, 1);
    errno = control->read_errno;
    return -1;
  }
  return REAL(pread64)(fd, data, bytes, at);
}
ssize_t pread(int fd, void *data, size_t bytes, off_t at) { return pread64(fd, data, bytes, at); }

static void tell_free(uint64_t block, uint64_t *free, uint64_t *available) {
  while (control && control->hanging_statfs) nanosleep(&(struct timespec){0, 10 * 1000000L}, NULL);
  if (!control || control->free_bytes < 0) return;
  *free = *available = (uint64_t)control->free_bytes / block;
}
int statfs(const char *path, struct statfs *found) {
  int code = REAL(statfs)(path, found);
  if (!code) tell_free(found->f_bsize, (uint64_t *)&found->f_bfree, (uint64_t *)&found->f_bavail);
  return code;
}
int statfs64(const char *path, struct statfs64 *found) {
  int code = REAL(statfs64)(path, found);
  if (!code) tell_free(found->f_bsize, (uint64_t *)&found->f_bfree, (uint64_t *)&found->f_bavail);
  return code;
}
