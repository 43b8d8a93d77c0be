// Package servers starts real mail servers on 127.0.0.1 for tests, on Linux,
// from what Debian packages bring: each in a directory of its own, with a
// configuration written here and ports that are free, and all of its processes
// gone when the test ends, however it ends.
package servers
