package smtpconn

import (
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/emersion/go-smtp"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/internal/wire"
)

// ExtensionError says that a message needs an extension that the server does
// not list, or (REQUIRETLS) that the session is not fit for.
type ExtensionError struct {
	Keyword string // as in EHLO
	Err     error  // why, if the reason is not that it is missing; or nil
}

// Error returns the keyword and why it could not be used.
func (e *ExtensionError) Error() string {
	if e.Err != nil {
		return fmt.Sprintf("%s: %v", e.Keyword, e.Err)
	}
	return "the server does not offer " + e.Keyword
}

// Unwrap returns Err.
func (e *ExtensionError) Unwrap() error { return e.Err }

// ErrUnverified says that REQUIRETLS was asked for in a session whose server
// was not verified inside TLS (RFC 8689 §4.2.1).
var ErrUnverified = errors.New("the session is not one of TLS with a verified server")

// ErrTooLarge says that a message is larger than the server's SIZE allows
// (RFC 1870). It was not sent.
var ErrTooLarge = errors.New("larger than the server takes")

// features are what a session's server offers. All of it comes from the last
// EHLO, which under TLS is the one inside.
type features struct {
	caps       []string
	security   dial.Security
	pipelining bool
	chunking   bool
	sizes      bool  // SIZE is listed
	maxSize    int64 // 0: none said
}

func newFeatures(caps []string, s dial.Security, o *Options) features {
	f := features{caps: caps, security: s}
	f.pipelining = f.has("PIPELINING") && !o.NoPipelining
	f.chunking = f.has("CHUNKING")
	limit, sizes := wire.Params(caps, "SIZE")
	f.sizes = sizes
	if n, err := strconv.ParseInt(limit, 10, 64); err == nil && n > 0 {
		f.maxSize = n
	}
	return f
}

func (f *features) has(keyword string) bool {
	_, ok := wire.Params(f.caps, keyword)
	return ok
}

// need returns an error for the first of the keywords that is wanted and not
// there.
func (f *features) need(wants ...want) error {
	for _, w := range wants {
		if w.wanted && !f.has(w.keyword) {
			return &ExtensionError{Keyword: w.keyword}
		}
	}
	return nil
}

type want struct {
	wanted  bool
	keyword string
}

// permit returns an error if the envelope asks for what the server does not
// offer.
func (f *features) permit(e *Envelope) error {
	switch b := e.bodyType(); b {
	case "", smtp.Body7Bit:
	case smtp.Body8BitMIME:
		if err := f.need(want{true, "8BITMIME"}); err != nil {
			return err
		}
	case smtp.BodyBinaryMIME:
		if err := f.need(want{true, "BINARYMIME"}, want{true, "CHUNKING"}); err != nil {
			return err
		}
	default:
		return fmt.Errorf("unknown body type %q", string(b))
	}
	if err := f.need(want{e.international(), "SMTPUTF8"}); err != nil {
		return err
	}
	if e.Mail != nil {
		if err := f.permitMail(e.Mail); err != nil {
			return err
		}
	}
	return f.permitRcpt(e.Rcpt)
}

func (f *features) permitMail(o *smtp.MailOptions) error {
	if o.Size < 0 {
		return errors.New("negative size")
	}
	if o.RequireTLS && !f.security.Confidential() {
		return &ExtensionError{Keyword: "REQUIRETLS", Err: ErrUnverified}
	}
	return f.need(
		want{o.RequireTLS, "REQUIRETLS"},
		want{o.Return != "" || o.EnvelopeID != "", "DSN"},
		want{o.Auth != nil, "AUTH"},
	)
}

func (f *features) permitRcpt(all []*smtp.RcptOptions) error {
	for _, o := range all {
		if o == nil {
			continue
		}
		if d := o.DeliverBy; d != nil && !slices.Contains([]smtp.DeliverByMode{smtp.DeliverByNotify, smtp.DeliverByReturn}, d.Mode) {
			return fmt.Errorf("unknown DELIVERBY mode %q", string(d.Mode)) // go-smtp would send it
		}
		if err := f.need(
			want{len(o.Notify) != 0 || o.OriginalRecipient != "", "DSN"},
			want{!o.RequireRecipientValidSince.IsZero(), "RRVS"},
			want{o.DeliverBy != nil, "DELIVERBY"},
			want{o.MTPriority != nil, "MT-PRIORITY"},
		); err != nil {
			return err
		}
	}
	return nil
}

// fits returns an error if size, 0 for unknown, is more than the server takes.
func (f *features) fits(size int64) error {
	if f.maxSize > 0 && size > f.maxSize {
		return fmt.Errorf("%d bytes: %w (%d)", size, ErrTooLarge, f.maxSize)
	}
	return nil
}
