#pragma once
// Numbers of the random streams of one replication (stats/rng.h). The simulator and the live side draw the same kind of
// thing from the same stream.

// What a request demands is drawn from STREAM_DEMAND at a place that its number alone decides, so that every model and
// case sees identical requests.
enum stream {
    STREAM_DEMAND,
    STREAM_ARRIVALS,
    STREAM_SCHEDULER,
    STREAM_COLLECTOR,
    STREAM_CLIENT,
    STREAM_SOCKET,
    STREAM_SPEED,
    STREAM_COUNT
};
