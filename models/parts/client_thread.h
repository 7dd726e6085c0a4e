#pragma once
// Who does what the load generator's users want done: its one thread, in the order of asking, or nobody at all where it
// runs elsewhere.
#include "models/parts/client.h"

// Builds the thread; called once, where the generator runs on the server's cores.
void client_thread_start(struct client *c);

// The user's next action is `what`: at once where there is no thread (after the network's latency), else as soon as the
// thread comes to it.
void client_act(struct user *u, enum user_action what);

// The next request is due at c->due: an exact generator (client.lead) is awake before, and waits for it on its core.
void client_thread_expect(struct client *c);
