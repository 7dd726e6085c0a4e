#pragma once
// Which simulator this is: made by sim/study/identity.cmake when the program is built.

// The version and a hash of the sources that decide what a simulation gives: "0.1.0+89abcdef01234567". Two programs with the
// same one give the same results.
extern const char identity_version[];
