// Package bulk measures many messages, and a large one, side by side with go-imap's client
// alone. The client is a process of its own, whose memory nothing else shares.
package bulk
