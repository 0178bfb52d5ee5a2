/* writer MIB: writes MIB mebibytes to standard output, 64 KiB a call. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LINE = 64, BLOCK = 64 * 1024 };

int main(int argc, char **argv) {
    if (argc != 2) return 2;
    static char block[BLOCK];
    memset(block, 'x', BLOCK);
    for (int at = LINE - 1; at < BLOCK; at += LINE) block[at] = '\n';
    long long left = atoll(argv[1]) * 1024 * 1024;
    while (left > 0) {
        ssize_t written = write(1, block, left < BLOCK ? (size_t)left : BLOCK);
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return 1;
        left -= written;
    }
    return 0;
}
