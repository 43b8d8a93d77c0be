// Package bulk measures many messages, and a large one, side by side with go-imap's client
// alone. The client is a process of its own, whose memory nothing else shares:
//
//	go test -run=- -bench=. ./internal/test/bulk
//
// heap-MB is the most that the heap had, with what was not collected yet, of which the runtime
// lets 4 MB come together before it collects at all; live-MB is the most that a
// collection has left, with what was allocated while it ran.
package bulk
