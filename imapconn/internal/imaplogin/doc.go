// Package imaplogin takes an IMAP connection from its greeting to the session that go-imap's
// client begins with: capabilities, authentication and compression.
package imaplogin
