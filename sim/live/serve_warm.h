#pragma once
// A server's memory before its first connection. What a server touches for the first time costs it a page fault: tens
// of microseconds on a virtual machine, which a server that has run for a while does not pay any more. Untouched, they
// fall into the first burst of connections and decide who of several workers gets them.

// Has the kernel map what the process has loaded, and some megabyte of heap, which the process keeps. Takes about a
// millisecond. A kernel that cannot do it (before 5.14) leaves all as it was.
void serve_warm(void);
