/* Reads the datagrams that a socket has, many in one call: recvmmsg, which Python has not.
 *
 * Places and lengths are as arrivals.py has them; a key is the sender's address as the kernel writes
 * it, with zeros behind. Anything but Linux says that it cannot.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

enum { MOST = 128, KEY = 28, CANNOT = -1 };

/* How many came, into slots of `slot` bytes; 0 where there is none or one brought an error. */
int64_t receive_datagrams(int64_t socket, uint8_t *room, int64_t slot, int64_t most,
                          int32_t *lengths, uint8_t *keys)
{
#ifdef __linux__
    struct mmsghdr headers[MOST];
    struct iovec parts[MOST];
    most = most < MOST ? most : MOST;
    memset(headers, 0, sizeof headers);
    memset(keys, 0, (size_t)(KEY * most));
    for (int64_t i = 0; i < most; i++) {
        parts[i] = (struct iovec){room + i * slot, (size_t)slot};
        headers[i].msg_hdr.msg_iov = parts + i;
        headers[i].msg_hdr.msg_iovlen = 1;
        headers[i].msg_hdr.msg_name = keys + KEY * i;
        headers[i].msg_hdr.msg_namelen = KEY;
    }
    int came = recvmmsg((int)socket, headers, (unsigned)most, MSG_DONTWAIT, 0);
    if (came < 0)
        return errno == ENOSYS || errno == EPERM ? CANNOT : 0;
    for (int i = 0; i < came; i++)
        lengths[i] = (int32_t)headers[i].msg_len;
    return came;
#else
    (void)socket, (void)room, (void)slot, (void)most, (void)lengths, (void)keys;
    return CANNOT;
#endif
}
