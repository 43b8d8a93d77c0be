package attacks_test

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/emersion/go-smtp"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/auth"
	"github.com/mailconn/mailconn/dial/discover"
	"github.com/mailconn/mailconn/dial/dns"
	"github.com/mailconn/mailconn/dial/peers"
	"github.com/mailconn/mailconn/dial/peers/filestore"
	"github.com/mailconn/mailconn/dial/peers/sqlstore"
	"github.com/mailconn/mailconn/dial/trust"
	"github.com/mailconn/mailconn/imapconn"
	"github.com/mailconn/mailconn/imapconn/imapwatch"
	"github.com/mailconn/mailconn/internal/wire"
	"github.com/mailconn/mailconn/policy"
	"github.com/mailconn/mailconn/pop3conn"
	"github.com/mailconn/mailconn/smtpconn"
	"github.com/mailconn/mailconn/smtpconn/mx"
	"github.com/mailconn/mailconn/smtpconn/outbox"
	"github.com/mailconn/mailconn/smtpconn/pool"
)

// hostileTexts are what a server, a certificate or a resolver may say.
func hostileTexts() []string {
	return []string{
		"", "\x00", "\x1b[31mred\x1b[0m", "line\r\nanother", "bare\rreturn", "bare\nfeed", "\t\v\f\b\a", "\x7f\x80\x9f",
		"\u202etxt.exe", "\u2066isolate", "\u200bzero\ufeffwidth", "\u2028line\u2029paragraph", "\xff\xfe", "\xc3(", "\xed\xa0\x80",
		strings.Repeat("x", 1<<20), strings.Repeat("\x1b", 1<<10), strings.Repeat("漢", 600), strings.Repeat("\U0001f4a9", 200), "%s%n%!d(x)",
	}
}

// errorsOf returns a value of each exported error type, by its name, with text in every
// place that a foreign hand can reach.
func errorsOf(text string) map[string]error {
	said := errors.New(text)
	reply := &smtp.SMTPError{Code: 550, Message: text}
	refused := []smtpconn.Refusal{{Recipient: "a@test", Reply: reply}, {Recipient: "b@test", Reply: reply}}
	broken := &policy.Violation{Reason: policy.ErrRefused, Reply: text, Err: said}
	login := &auth.Error{Kind: auth.KindCredentials, Mechanism: text, Reply: text, Offered: []string{text}, Acceptable: []string{text}, Err: said}
	return map[string]error{
		"dial.Error":               &dial.Error{Phase: dial.PhaseSession, Err: fmt.Errorf("x: %w", broken)},
		"dial.Farewell":            &dial.Farewell{Reply: text},
		"policy.Violation":         broken,
		"auth.Error":               login,
		"auth.Kind":                auth.KindCredentials,
		"auth.TokenError":          &auth.TokenError{Status: text, Scope: text, Discovery: text},
		"discover.SourceError":     &discover.SourceError{Source: discover.Source(text), Err: said},
		"dns.Error":                &dns.Error{Name: text, Err: said},
		"peers.Known":              &peers.Known{Peer: peers.Peer{Host: text}},
		"filestore.CorruptError":   &filestore.CorruptError{Path: text, Err: said},
		"sqlstore.RowError":        &sqlstore.RowError{Table: "t", Peer: text, Err: said},
		"sqlstore.SchemaError":     &sqlstore.SchemaError{Table: "t", Found: 2, Known: 1},
		"trust.WeakKeyError":       &trust.WeakKeyError{Cert: &x509.Certificate{Subject: pkix.Name{CommonName: text}}, Bits: 1024},
		"imapconn.AppendError":     &imapconn.AppendError{Index: 1, InDoubt: true, Err: said},
		"imapconn.MessageError":    &imapconn.MessageError{UID: 1, Err: said},
		"imapwatch.ResetError":     &imapwatch.ResetError{Mailbox: text},
		"pop3conn.Error":           &pop3conn.Error{Code: text, Text: text, Command: "RETR 1"},
		"pop3conn.LoginDelayError": &pop3conn.LoginDelayError{Err: said},
		"smtpconn.Outcome":         smtpconn.InDoubt,
		"smtpconn.SendError":       &smtpconn.SendError{Outcome: smtpconn.Refused, Reply: reply, Refused: refused, Err: said},
		"smtpconn.ExtensionError":  &smtpconn.ExtensionError{Keyword: text, Err: said},
		"mx.Error":                 &mx.Error{Domain: "d.example", Err: said, Tried: []mx.Session{{Host: text, Err: said}}},
		"pool.DownError":           &pool.DownError{Err: said},
		"outbox.DamagedError":      &outbox.DamagedError{ID: text, File: text, Err: said},
	}
}

// Whatever a foreign hand put into an error, its text and its hint are printable and at
// most 512 bytes long, and no hint is empty.
func TestErrorTexts(t *testing.T) {
	for _, text := range hostileTexts() {
		for name, err := range errorsOf(text) {
			if got := err.Error(); got != wire.Printable(got) {
				t.Errorf("%s of %.20q: %d bytes, %.600q", name, text, len(got), got)
			}
			if h, ok := err.(interface{ Hint() string }); ok {
				if got := h.Hint(); got == "" || got != wire.Printable(got) {
					t.Errorf("%s of %.20q: hint %.600q", name, text, got)
				}
			}
		}
	}
}

// The list of error types is read from the source, so that none is left out. Modules below
// this one have a test of their own.
func TestErrorTextsAreComplete(t *testing.T) {
	walked := errorsOf("")
	method := regexp.MustCompile(`(?m)^func \(\w+ \*?([A-Z]\w*)\) Error\(\) string`)
	found := 0
	const root = "../../.."
	err := filepath.WalkDir(root, func(file string, d fs.DirEntry, err error) error {
		if _, none := os.Stat(filepath.Join(file, "go.mod")); none == nil && file != root {
			return fs.SkipDir
		}
		if err != nil || filepath.Ext(file) != ".go" || strings.HasSuffix(file, "_test.go") ||
			strings.Contains(file, "/internal/") || strings.Contains(file, "/examples/") {
			return err
		}
		text, err := os.ReadFile(file)
		for _, m := range method.FindAllStringSubmatch(string(text), -1) {
			name := filepath.Base(filepath.Dir(file)) + "." + m[1]
			if found++; walked[name] == nil {
				t.Errorf("%s is not walked", name)
			}
		}
		return err
	})
	if err != nil || found < 15 {
		t.Errorf("%d error types, %v", found, err)
	}
}
