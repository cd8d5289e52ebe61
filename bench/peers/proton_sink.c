/* What Qpid Proton's C library can do at best: a server that takes every connection and every link, answers each message with
 * `accepted` and throws it away. Nothing is looked at, kept, or authenticated: the ceiling that an AMQP engine is measured by.
 *
 *     proton_sink PORT [THREADS [CERTIFICATE KEY]]
 *
 * It listens on 127.0.0.1 only, with TLS if there is a certificate; PORT 0 picks one; "port N" goes to stdout; SIGTERM ends it.
 *
 * Links on which it would have to send are opened and stay silent: that is what connections are when they idle. */

#include <proton/connection.h>
#include <proton/delivery.h>
#include <proton/event.h>
#include <proton/link.h>
#include <proton/listener.h>
#include <proton/netaddr.h>
#include <proton/proactor.h>
#include <proton/sasl.h>
#include <proton/session.h>
#include <proton/ssl.h>
#include <proton/transport.h>

#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { credit_window = 1000, most_threads = 64, backlog = 4096 };

static pn_proactor_t* proactor;
static pn_ssl_domain_t* tls; /* or none */

static void top_up(pn_link_t* link) {
    const int credit = pn_link_credit(link);
    if (credit < credit_window / 2)
        pn_link_flow(link, credit_window - credit);
}

static void open_link(pn_link_t* link) {
    pn_terminus_copy(pn_link_source(link), pn_link_remote_source(link));
    pn_terminus_copy(pn_link_target(link), pn_link_remote_target(link));
    pn_link_open(link);
    if (pn_link_is_receiver(link))
        pn_link_flow(link, credit_window);
}

static void take_delivery(pn_delivery_t* delivery) {
    static _Thread_local char thrown_away[65536];
    pn_link_t* link = pn_delivery_link(delivery);
    if (!pn_delivery_readable(delivery))
        return;
    while (pn_link_recv(link, thrown_away, sizeof thrown_away) > 0)
        ;
    if (pn_delivery_partial(delivery))
        return;
    pn_delivery_update(delivery, PN_ACCEPTED);
    pn_delivery_settle(delivery);
    top_up(link);
}

static void accept_connection(pn_listener_t* listener) {
    pn_transport_t* transport = pn_transport();
    pn_transport_set_server(transport); /* before anything is asked of it */
    pn_transport_require_auth(transport, false);
    pn_sasl_allowed_mechs(pn_sasl(transport), "ANONYMOUS");
    if (tls != NULL)
        pn_ssl_init(pn_ssl(transport), tls, NULL);
    pn_listener_accept2(listener, NULL, transport);
}

static void say_port(pn_listener_t* listener) {
    char host[64], port[16];
    pn_netaddr_host_port(pn_listener_addr(listener), host, sizeof host, port, sizeof port);
    printf("port %s\n", port);
    fflush(stdout);
}

/* False when the thread is to end. */
static bool handle(pn_event_t* event) {
    switch (pn_event_type(event)) {
    case PN_LISTENER_OPEN: say_port(pn_event_listener(event)); break;
    case PN_LISTENER_ACCEPT: accept_connection(pn_event_listener(event)); break;
    case PN_LISTENER_CLOSE:
        fprintf(stderr, "proton_sink: %s\n", pn_condition_get_description(pn_listener_condition(pn_event_listener(event))));
        exit(1);
    case PN_CONNECTION_INIT: pn_connection_set_container(pn_event_connection(event), "proton_sink"); break;
    case PN_CONNECTION_REMOTE_OPEN: pn_connection_open(pn_event_connection(event)); break;
    case PN_CONNECTION_REMOTE_CLOSE: pn_connection_close(pn_event_connection(event)); break;
    case PN_SESSION_REMOTE_OPEN: pn_session_open(pn_event_session(event)); break;
    case PN_SESSION_REMOTE_CLOSE: pn_session_close(pn_event_session(event)); break;
    case PN_LINK_REMOTE_OPEN: open_link(pn_event_link(event)); break;
    case PN_LINK_REMOTE_CLOSE:
    case PN_LINK_REMOTE_DETACH: pn_link_close(pn_event_link(event)); break;
    case PN_DELIVERY: take_delivery(pn_event_delivery(event)); break;
    case PN_PROACTOR_INTERRUPT: pn_proactor_interrupt(proactor); return false; /* the next thread is to hear it too */
    default: break;
    }
    return true;
}

static void* serve(void* unused) {
    for (bool going = true; going;) {
        pn_event_batch_t* batch = pn_proactor_wait(proactor);
        for (pn_event_t* event = pn_event_batch_next(batch); event != NULL; event = pn_event_batch_next(batch))
            going = handle(event) && going;
        pn_proactor_done(proactor, batch);
    }
    return unused;
}

static void stop(int signal) {
    (void)signal;
    pn_proactor_interrupt(proactor); /* is safe in a signal handler */
}

static pn_ssl_domain_t* tls_with(const char* certificate, const char* key) {
    pn_ssl_domain_t* domain = pn_ssl_domain(PN_SSL_MODE_SERVER);
    if (domain == NULL || pn_ssl_domain_set_credentials(domain, certificate, key, NULL) != 0 ||
        pn_ssl_domain_set_peer_authentication(domain, PN_SSL_ANONYMOUS_PEER, NULL) != 0) {
        fprintf(stderr, "proton_sink: %s and %s cannot be used\n", certificate, key);
        exit(1);
    }
    return domain;
}

int main(int count, char** arguments) {
    const int threads = count > 2 ? atoi(arguments[2]) : 1;
    if (count < 2 || count == 4 || threads < 1 || threads > most_threads) {
        fprintf(stderr, "usage: proton_sink PORT [THREADS [CERTIFICATE KEY]]\n");
        return 2;
    }
    if (count > 4)
        tls = tls_with(arguments[3], arguments[4]);
    char address[64];
    snprintf(address, sizeof address, "127.0.0.1:%s", arguments[1]);
    proactor = pn_proactor();
    signal(SIGTERM, stop);
    signal(SIGINT, stop);
    pn_proactor_listen(proactor, pn_listener(), address, backlog);

    pthread_t others[most_threads];
    for (int i = 1; i < threads; ++i)
        pthread_create(&others[i], NULL, serve, NULL);
    serve(NULL);
    for (int i = 1; i < threads; ++i)
        pthread_join(others[i], NULL);
    return 0; /* what is left is the system's to free: a shutdown connection by connection tells nobody anything */
}
