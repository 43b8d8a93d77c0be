// Package commands knows which commands the server has to answer. [Pending] follows those
// that go-imap's client writes; an [Exchange] is commands of this library's own.
package commands
