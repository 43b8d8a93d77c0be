package mend

import "github.com/mailconn/mailconn/internal/line/imap/response"

// reads reports whether the client reads a response.
func reads(limits response.Limits, b []byte) bool {
	s := response.Scanner{Limits: &limits}
	return s.Scan(b, response.ParseHead(b))
}

// readsTail reports whether the client reads the rest of a FETCH.
func readsTail(limits response.Limits, b []byte) bool {
	s := response.Scanner{Limits: &limits}
	return s.ScanTail(b, false)
}
