/*
 * Included before passthrough_ll.c, in which replies to reads are renamed to this: a source that takes its time, some for each read
 * and some for each byte.
 */
#define FUSE_USE_VERSION 34
#define _GNU_SOURCE
#include <fuse_lowlevel.h>
#include <time.h>

static int delayed_reply_data(fuse_req_t req, struct fuse_bufvec *buffer, enum fuse_buf_copy_flags flags)
{
	const unsigned long long nanos = DELAY_MICROS * 1000ULL + fuse_buf_size(buffer) * (PIECE_MICROS * 1000ULL) / (1 << 20);
	const struct timespec delay = { nanos / 1000000000, nanos % 1000000000 };

	nanosleep(&delay, NULL);
	return fuse_reply_data(req, buffer, flags);
}
