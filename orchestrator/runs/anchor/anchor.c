/* The program of the container that holds a job's network namespace. Without arguments it sleeps until it is told to
 * stop; run by `exec` in that namespace it asks whether a service is ready:
 *   anchor tcp PORT                  somebody listens
 *   anchor http PORT PATH            GET answers 200 to 399
 *   anchor http PORT PATH STATUS     GET answers exactly that
 * Exit code: 0 yes, 1 no, 2 wrong use. Linked statically: its image holds nothing else. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

enum { yes = 0, no = 1, wrong_use = 2 };

static void leave(int number) {
  (void)number;
  _exit(0);
}

static void hold(void) {
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_handler = leave;
  sigaction(SIGTERM, &action, NULL);
  sigaction(SIGINT, &action, NULL);
  for (;;) pause();
}

static int connected(int family, const void* address, socklen_t size) {
  const struct timeval patience = {2, 0};
  const int fd = socket(family, SOCK_STREAM, 0);
  if (fd < 0) return -1;
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  if (connect(fd, address, size) == 0) return fd;
  close(fd);
  return -1;
}

/* To 127.0.0.1, or to ::1 for a service that listens there only. */
static int connect_to(int port) {
  struct sockaddr_in four;
  struct sockaddr_in6 six;
  memset(&four, 0, sizeof four);
  memset(&six, 0, sizeof six);
  four.sin_family = AF_INET;
  four.sin_port = htons((unsigned short)port);
  four.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  six.sin6_family = AF_INET6;
  six.sin6_port = htons((unsigned short)port);
  six.sin6_addr = in6addr_loopback;
  const int fd = connected(AF_INET, &four, sizeof four);
  return fd >= 0 ? fd : connected(AF_INET6, &six, sizeof six);
}

static int ask_http(int fd, const char* path, int wanted) {
  char request[4096], answer[64];
  const int length =
      snprintf(request, sizeof request,
               "GET %s HTTP/1.1\r\nHost: localhost\r\nUser-Agent: slipway\r\nConnection: close\r\n\r\n", path);
  if (length < 0 || length >= (int)sizeof request) return wrong_use;
  if (send(fd, request, (size_t)length, MSG_NOSIGNAL) != length) return no;
  size_t have = 0;
  while (have < sizeof "HTTP/1.1 200" - 1) {
    const ssize_t got = recv(fd, answer + have, sizeof answer - 1 - have, 0);
    if (got <= 0) return no;
    have += (size_t)got;
  }
  answer[have] = 0;
  if (strncmp(answer, "HTTP/1.", 7) != 0) return no;
  const int status = atoi(answer + 9);
  const int good = wanted != 0 ? status == wanted : status >= 200 && status < 400;
  return good ? yes : no;
}

int main(int count, char** words) {
  if (count == 1) hold();
  const int http = (count == 4 || count == 5) && strcmp(words[1], "http") == 0;
  if (!http && !(count == 3 && strcmp(words[1], "tcp") == 0)) return wrong_use;
  const int port = atoi(words[2]);
  if (port < 1 || port > 65535) return wrong_use;
  const int fd = connect_to(port);
  if (fd < 0) return no;
  return http ? ask_http(fd, words[3], count == 5 ? atoi(words[4]) : 0) : yes;
}
