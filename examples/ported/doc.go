// Package ported shows three programs as they were and as they are with mailconn: the
// files that end in _before.go are how such programs are often written, and not to be
// copied.
//
//	program                                       lines before  after  files
//	a notifier that is configured by switches              116     28  alert
//	a mailer that keeps connections to a relay             147     12  mailer
//	a program that waits for mail in an inbox               94     19  inbox
//
// Lines are those of code, without comments, blank lines and imports. The comments in the
// files say what each program could not do before. Package moving, beside this one, shows
// the way from each library in a few lines.
package ported
