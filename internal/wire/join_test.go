package wire_test

import (
	"errors"
	"io"
	"os"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/mailconn/mailconn/internal/wire"
)

// A joined error holds all causes and shows as many as fit on a line.
func TestJoin(t *testing.T) {
	if err := wire.Join(nil, nil); err != nil {
		t.Errorf("of none: %v", err)
	}
	if err := wire.Join(nil, io.EOF, nil); err != io.EOF {
		t.Errorf("of one: %v", err)
	}
	err := wire.Join(io.EOF, nil, os.ErrClosed)
	if !errors.Is(err, io.EOF) || !errors.Is(err, os.ErrClosed) || err.Error() != "EOF; file already closed" {
		t.Errorf("of two: %v", err)
	}
	many := []error{io.EOF}
	for range 1000 {
		many = append(many, errors.New("\x1b[2J\n\u202e"+strings.Repeat("ü", 20)))
	}
	err = wire.Join(append(many, os.ErrClosed)...)
	text := err.Error()
	if !errors.Is(err, os.ErrClosed) || len(text) > 512 || len(text) < 500 || strings.ContainsAny(text, "\x1b\n\u202e") || !utf8.ValidString(text) {
		t.Errorf("of many: %d bytes: %q", len(text), text)
	}
}
