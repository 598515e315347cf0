// SPDX-License-Identifier: Apache-2.0
// third_party: what stands in for parts of c-ares 1.34.9 that nothing here calls, but what is called names (decision 0027).
//
// The channel is used by one thread, is told its servers, and asks for records by name: no event thread, no file of hosts, no
// configuration read from files or environment, no servers written as URIs, no searches, no addrinfo. Types are c-ares' own only
// where its public header has them; a null pointer or an error is what each of these says where it could be asked at all.
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>
#include <strings.h>

#include <ares.h>

// Locks and threads, as in a c-ares that is built without: the loop drives it.
void ares_channel_lock(const void* channel) { (void)channel; }
void ares_channel_unlock(const void* channel) { (void)channel; }
ares_status_t ares_channel_threading_init(void* channel) { return (void)channel, ARES_SUCCESS; }
void ares_channel_threading_destroy(void* channel) { (void)channel; }
void ares_queue_notify_empty(void* channel) { (void)channel; }
ares_bool_t ares_threadsafety(void) { return ARES_FALSE; }
ares_status_t ares_thread_create(void** thread, void* (*first)(void*), void* argument) {
  return (void)first, (void)argument, *thread = NULL, ARES_ENOTIMP;
}
ares_status_t ares_thread_join(void* thread, void** value) { return (void)thread, (void)value, ARES_ENOTIMP; }
ares_status_t ares_event_thread_init(void* channel) { return (void)channel, ARES_ENOTIMP; }
void ares_event_thread_destroy(void* channel) { (void)channel; }
ares_status_t ares_event_configchg_init(void** watch, void* events) { return (void)events, *watch = NULL, ARES_ENOTIMP; }
void ares_event_configchg_destroy(void* watch) { (void)watch; }

// The system's configuration: nothing is said there.
ares_status_t ares_init_by_sysconfig(void* channel) { return (void)channel, ARES_SUCCESS; }
ares_status_t ares_parse_sortlist(void** list, size_t* count, const char* text) {
  return (void)list, (void)count, (void)text, ARES_ENOTIMP;
}
void ares_hosts_file_destroy(void* file) { (void)file; }

// Answers as octets, and servers as lists, which nobody asks for.
void* ares_dnsrec_convert_arg(void* callback, void* argument) { return (void)callback, (void)argument, NULL; }
void ares_dnsrec_convert_cb(void* argument, ares_status_t status, size_t timeouts, const ares_dns_record_t* record) {
  (void)argument, (void)status, (void)timeouts, (void)record;
}
void* ares_malloc_data(int type) { return (void)type, NULL; }
void ares_free_data(void* data) { (void)data; }

// Servers as URIs: no text is one.
ares_status_t ares_uri_create(void** uri) { return *uri = NULL, ARES_ENOTIMP; }
void ares_uri_destroy(void* uri) { (void)uri; }
ares_status_t ares_uri_parse_buf(void** uri, void* text) { return (void)text, *uri = NULL, ARES_EBADSTR; }
ares_status_t ares_uri_write_buf(const void* uri, void* text) { return (void)uri, (void)text, ARES_ENOTIMP; }
ares_status_t ares_uri_set_scheme(void* uri, const char* scheme) { return (void)uri, (void)scheme, ARES_ENOTIMP; }
ares_status_t ares_uri_set_host(void* uri, const char* host) { return (void)uri, (void)host, ARES_ENOTIMP; }
ares_status_t ares_uri_set_port(void* uri, unsigned short port) { return (void)uri, (void)port, ARES_ENOTIMP; }
ares_status_t ares_uri_set_query_key(void* uri, const char* key, const char* value) {
  return (void)uri, (void)key, (void)value, ARES_ENOTIMP;
}
const char* ares_uri_get_scheme(const void* uri) { return (void)uri, NULL; }
const char* ares_uri_get_host(const void* uri) { return (void)uri, NULL; }
const char* ares_uri_get_query_key(const void* uri, const char* key) { return (void)uri, (void)key, NULL; }
unsigned short ares_uri_get_port(const void* uri) { return (void)uri, 0; }

// What is called, and said again here without the files that hold it.
// An address from text, of the family asked for or of either; its octets and their number.
const void* ares_dns_pton(const char* text, struct ares_addr* out, size_t* length) {
  if (text == NULL || out == NULL || length == NULL) return NULL;
  if (out->family != AF_INET6 && ares_inet_pton(AF_INET, text, &out->addr.addr4) > 0) {
    out->family = AF_INET;
    *length = sizeof(out->addr.addr4);
    return &out->addr.addr4;
  }
  if (out->family != AF_INET && ares_inet_pton(AF_INET6, text, &out->addr.addr6) > 0) {
    out->family = AF_INET6;
    *length = sizeof(out->addr.addr6);
    return &out->addr.addr6;
  }
  return NULL;
}

// RFC 7686: such names are not for the domain name system.
ares_bool_t ares_is_onion_domain(const char* name) {
  static const char kOnion[] = ".onion";
  size_t length = name == NULL ? 0 : strlen(name);
  if (length > 0 && name[length - 1] == '.') --length;
  const size_t end = sizeof(kOnion) - 1;
  return length >= end && strncasecmp(name + length - end, kOnion, end) == 0 ? ARES_TRUE : ARES_FALSE;
}

// Interfaces, for servers with link-local addresses.
unsigned ares_os_if_nametoindex(const char* name, void* data) { return (void)data, name == NULL ? 0 : if_nametoindex(name); }
const char* ares_os_if_indextoname(unsigned index, char* name, size_t size, void* data) {
  (void)data;
  return name == NULL || size < IF_NAMESIZE || index == 0 ? NULL : if_indextoname(index, name);
}
