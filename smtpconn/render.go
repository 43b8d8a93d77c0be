package smtpconn

import (
	"github.com/mailconn/mailconn/internal/line/smtp/transaction"
	"github.com/mailconn/mailconn/internal/wire"
)

const crlf = "\r\n"

// render appends the commands MAIL and RCPT of an envelope to dst, each with its
// line end, or says what is wrong with it. size is that of the content, 0 if it is
// not known.
func (f *features) render(dst []byte, e *Envelope, size int64) ([]byte, error) {
	from, err := f.address(e.From)
	if err != nil {
		return dst, err
	}
	dst = append(append(append(dst, "MAIL FROM:<"...), from...), '>')
	if dst, err = f.mailParameters(dst, e, size); err != nil {
		return dst, err
	}
	dst = append(dst, crlf...)
	for i, to := range e.To {
		if to, err = f.address(to); err != nil {
			return dst, err
		}
		dst = append(append(append(dst, "RCPT TO:<"...), to...), '>')
		if i < len(e.Rcpt) && e.Rcpt[i] != nil {
			if dst, err = f.rcptParameters(dst, e.Rcpt[i]); err != nil {
				return dst, err
			}
		}
		dst = append(dst, crlf...)
	}
	return dst, nil
}

// address returns an address as the server takes it.
func (f *features) address(s string) (string, error) {
	if f.utf8 || wire.IsASCII(s) {
		return s, nil
	}
	if s, ok := transaction.ASCIIAddress(s); ok {
		return s, nil
	}
	return "", &ExtensionError{Keyword: "SMTPUTF8"}
}
