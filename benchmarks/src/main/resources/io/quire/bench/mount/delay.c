/* Included before passthrough_ll.c, in which replies to reads are renamed to this: a source that takes its time. */
#define FUSE_USE_VERSION 34
#define _GNU_SOURCE
#include <fuse_lowlevel.h>
#include <time.h>

static int delayed_reply_data(fuse_req_t req, struct fuse_bufvec *buffer, enum fuse_buf_copy_flags flags)
{
	const struct timespec delay = { DELAY_MICROS / 1000000, DELAY_MICROS % 1000000 * 1000L };

	nanosleep(&delay, NULL);
	return fuse_reply_data(req, buffer, flags);
}
