package smtpconn

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/emersion/go-smtp"

	"github.com/mailconn/mailconn/internal/line/smtp/transaction"
	"github.com/mailconn/mailconn/internal/wire"
)

// mailParameters appends the parameters of MAIL.
func (f *features) mailParameters(dst []byte, e *Envelope, size int64) ([]byte, error) {
	o := e.mail()
	switch {
	case o.Body == smtp.BodyBinaryMIME, o.Body != "" && f.eightBit:
		dst = append(append(dst, " BODY="...), o.Body...)
	case f.eightBit:
		dst = append(dst, " BODY=8BITMIME"...)
	}
	if f.size && size > 0 {
		dst = strconv.AppendInt(append(dst, " SIZE="...), size, 10)
	}
	if f.needsUTF8(e) {
		dst = append(dst, " SMTPUTF8"...)
	}
	if o.RequireTLS {
		dst = append(dst, " REQUIRETLS"...)
	}
	dst, err := appendDSN(dst, &o)
	switch {
	case err != nil || o.Auth == nil:
		return dst, err
	case *o.Auth == "":
		return append(dst, " AUTH=<>"...), nil // RFC 4954 §5
	}
	return transaction.AppendXtext(append(dst, " AUTH="...), *o.Auth), nil
}

// appendDSN appends RET and ENVID (RFC 3461 §4.3, §4.4).
func appendDSN(dst []byte, o *smtp.MailOptions) ([]byte, error) {
	switch o.Return {
	case "":
	case smtp.DSNReturnFull, smtp.DSNReturnHeaders:
		dst = append(append(dst, " RET="...), o.Return...)
	default:
		return dst, fmt.Errorf("smtpconn: unknown RET %q", string(o.Return))
	}
	if o.EnvelopeID == "" {
		return dst, nil
	}
	if !transaction.IsPrintableASCII(o.EnvelopeID) {
		return dst, errors.New("smtpconn: the envelope id is not printable ASCII")
	}
	return transaction.AppendXtext(append(dst, " ENVID="...), o.EnvelopeID), nil
}

// rcptParameters appends the parameters of RCPT.
func (f *features) rcptParameters(dst []byte, o *smtp.RcptOptions) (_ []byte, err error) {
	if len(o.Notify) > 0 {
		if dst, err = appendNotify(dst, o.Notify); err != nil {
			return dst, err
		}
	}
	if o.OriginalRecipient != "" {
		if dst, err = f.appendOriginal(dst, o); err != nil {
			return dst, err
		}
	}
	if t := o.RequireRecipientValidSince; !t.IsZero() {
		dst = t.AppendFormat(append(dst, " RRVS="...), time.RFC3339) // RFC 7293 §3.2
	}
	if o.DeliverBy != nil {
		if dst, err = appendDeliverBy(dst, o.DeliverBy); err != nil {
			return dst, err
		}
	}
	if p := o.MTPriority; p != nil {
		if *p < -9 || *p > 9 { // RFC 6710 §3
			return dst, errors.New("smtpconn: MT-PRIORITY is not between -9 and 9")
		}
		dst = strconv.AppendInt(append(dst, " MT-PRIORITY="...), int64(*p), 10)
	}
	return dst, nil
}

// appendNotify appends NOTIFY: NEVER alone, or the others once each (RFC 3461
// §4.1).
func appendNotify(dst []byte, list []smtp.DSNNotify) ([]byte, error) {
	dst = append(dst, " NOTIFY="...)
	for i, n := range list {
		switch {
		case n == smtp.DSNNotifyNever && len(list) == 1:
		case n == smtp.DSNNotifySuccess, n == smtp.DSNNotifyFailure, n == smtp.DSNNotifyDelayed:
			if slices.Contains(list[:i], n) {
				return dst, fmt.Errorf("smtpconn: NOTIFY has %s twice", n)
			}
		default:
			return dst, fmt.Errorf("smtpconn: NOTIFY cannot have %q", string(n))
		}
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(dst, n...)
	}
	return dst, nil
}

// appendOriginal appends ORCPT (RFC 3461 §4.2, RFC 6533 §3).
func (f *features) appendOriginal(dst []byte, o *smtp.RcptOptions) ([]byte, error) {
	dst = append(append(append(dst, " ORCPT="...), o.OriginalRecipientType...), ';')
	switch o.OriginalRecipientType {
	case smtp.DSNAddressTypeRFC822:
		if !transaction.IsPrintableASCII(o.OriginalRecipient) {
			return dst, fmt.Errorf("%w: the original recipient %q", ErrAddress, o.OriginalRecipient)
		}
		return transaction.AppendXtext(dst, o.OriginalRecipient), nil
	case smtp.DSNAddressTypeUTF8:
		return transaction.AppendUnitext(dst, o.OriginalRecipient, f.utf8), nil
	}
	return dst, fmt.Errorf("smtpconn: unknown type of original recipient %q", string(o.OriginalRecipientType))
}

// appendDeliverBy appends BY (RFC 2852 §4).
func appendDeliverBy(dst []byte, d *smtp.DeliverByOptions) ([]byte, error) {
	seconds := int64(d.Time / time.Second)
	switch {
	case d.Mode != smtp.DeliverByNotify && d.Mode != smtp.DeliverByReturn:
		return dst, fmt.Errorf("smtpconn: unknown DELIVERBY mode %q", string(d.Mode))
	case d.Mode == smtp.DeliverByReturn && seconds < 1:
		return dst, errors.New("smtpconn: DELIVERBY with return needs a second at least")
	}
	dst = append(append(strconv.AppendInt(append(dst, " BY="...), seconds, 10), ';'), d.Mode...)
	if d.Trace {
		dst = append(dst, 'T')
	}
	return dst, nil
}

// needsUTF8 reports whether MAIL is to say SMTPUTF8 (RFC 6531 §3.4).
func (f *features) needsUTF8(e *Envelope) bool {
	beyondASCII := func(s string) bool { return !wire.IsASCII(s) }
	return e.mail().UTF8 || f.utf8 && (beyondASCII(e.From) || slices.ContainsFunc(e.To, beyondASCII))
}
