// Package message reads FETCH responses (RFC 9051 §7.5.2) into go-imap's types, in one
// pass and with few allocations: for those commands of this module that ask for many
// messages at once, whose answers go-imap's client does not see.
//
// A [Reader] reads what is written as the standard has it. What a server writes
// otherwise is an error, and can be written anew first, which is what package mend does.
// What is read is what go-imap's client reads of the same response.
package message
