// Package numset has sets of message numbers and UIDs, as they stand in IMAP's commands
// (RFC 9051 §9, sequence-set).
package numset
