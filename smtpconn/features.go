package smtpconn

import (
	"cmp"
	"errors"
	"fmt"
	"strconv"

	"github.com/emersion/go-smtp"

	"github.com/mailconn/mailconn/internal/wire"
)

// ExtensionError says that a message needs an extension that the server does not
// list, that Options turn off, or (REQUIRETLS) that the session is not fit for.
type ExtensionError struct {
	Keyword string // as in EHLO
	Err     error  // why, if the reason is not that it is missing; or nil
}

// Error returns the keyword and why it could not be used.
func (e *ExtensionError) Error() string {
	if e.Err != nil {
		return wire.Printable(fmt.Sprintf("smtpconn: %s: %v", e.Keyword, e.Err))
	}
	return wire.Printable("smtpconn: the server does not offer " + e.Keyword)
}

// Unwrap returns Err.
func (e *ExtensionError) Unwrap() error { return e.Err }

var (
	// ErrUnverified says that REQUIRETLS was asked for in a session whose server
	// was not verified inside TLS (RFC 8689 §4.2.1).
	ErrUnverified = errors.New("smtpconn: the session is not one of TLS with a verified server")

	// ErrTooLarge says that a message is larger than the server's SIZE allows (RFC
	// 1870). It was not sent.
	ErrTooLarge = errors.New("smtpconn: the message is larger than the server takes")
)

// features are what a session's server offers. All of it comes from the last
// EHLO, which under TLS is the one inside.
type features struct {
	caps         []string
	confidential bool // the session is one of TLS with a verified server
	pipelining   bool
	noChunking   bool
	eightBit     bool
	utf8         bool
	size         bool  // SIZE is listed
	maxSize      int64 // 0: no limit was said
}

func newFeatures(caps []string, confidential bool, o *Options) features {
	f := features{caps: caps, confidential: confidential, noChunking: o.NoChunking}
	f.pipelining = f.has("PIPELINING") && !o.NoPipelining
	f.eightBit, f.utf8 = f.has("8BITMIME"), f.has("SMTPUTF8")
	limit, listed := wire.Params(caps, "SIZE")
	f.size = listed
	if n, err := strconv.ParseInt(limit, 10, 64); err == nil && n > 0 {
		f.maxSize = n
	}
	return f
}

func (f *features) has(keyword string) bool {
	_, ok := wire.Params(f.caps, keyword)
	return ok
}

// need returns an error if a keyword is wanted and not listed.
func (f *features) need(wanted bool, keyword string) error {
	if wanted && !f.has(keyword) {
		return &ExtensionError{Keyword: keyword}
	}
	return nil
}

// permit returns an error if the envelope asks for what the server does not
// offer. What an address asks for is found when it is rendered.
func (f *features) permit(e *Envelope) error {
	mail := e.mail()
	if err := cmp.Or(f.permitBody(mail.Body), f.permitMail(&mail)); err != nil {
		return err
	}
	for _, o := range e.Rcpt {
		if o == nil {
			continue
		}
		if err := f.permitRcpt(o); err != nil {
			return err
		}
	}
	return nil
}

func (f *features) permitBody(b smtp.BodyType) error {
	switch b {
	case "", smtp.Body7Bit:
		return nil
	case smtp.Body8BitMIME:
		return f.need(true, "8BITMIME")
	case smtp.BodyBinaryMIME:
		if f.noChunking {
			return &ExtensionError{Keyword: "CHUNKING", Err: errors.New("turned off by Options.NoChunking")}
		}
		if err := f.need(true, "BINARYMIME"); err != nil {
			return err
		}
		return f.need(true, "CHUNKING")
	}
	return fmt.Errorf("smtpconn: unknown body type %q", string(b))
}

func (f *features) permitMail(o *smtp.MailOptions) error {
	if o.Size < 0 {
		return errors.New("smtpconn: negative size")
	}
	if o.RequireTLS && !f.confidential {
		return &ExtensionError{Keyword: "REQUIRETLS", Err: ErrUnverified}
	}
	return cmp.Or(
		f.need(o.RequireTLS, "REQUIRETLS"),
		f.need(o.Return != "" || o.EnvelopeID != "", "DSN"),
		f.need(o.Auth != nil, "AUTH"),
		f.need(o.UTF8, "SMTPUTF8"),
	)
}

func (f *features) permitRcpt(o *smtp.RcptOptions) error {
	return cmp.Or(
		f.need(len(o.Notify) != 0 || o.OriginalRecipient != "", "DSN"),
		f.need(!o.RequireRecipientValidSince.IsZero(), "RRVS"),
		f.need(o.DeliverBy != nil, "DELIVERBY"),
		f.need(o.MTPriority != nil, "MT-PRIORITY"),
	)
}

// fits returns an error if size, 0 for unknown, is more than the server takes.
func (f *features) fits(size int64) error {
	if f.maxSize > 0 && size > f.maxSize {
		return ofContent(fmt.Errorf("%w: %d bytes, and it takes %d", ErrTooLarge, size, f.maxSize))
	}
	return nil
}
