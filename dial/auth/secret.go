package auth

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
)

// Secret is a password that does not show itself: under every verb of package
// fmt, in log/slog, in JSON and text it is "[secret]", alone and inside other
// types. The zero Secret is empty.
type Secret struct {
	p *string // behind a pointer, so that printing a struct that holds it by reflection shows an address
}

const hidden = "[secret]"

// NewSecret returns s as a Secret.
func NewSecret(s string) Secret { return Secret{&s} }

func (s Secret) reveal() string {
	if s.p == nil {
		return ""
	}
	return *s.p
}

// Empty reports whether there is nothing in s.
func (s Secret) Empty() bool { return s.reveal() == "" }

// String returns "[secret]".
func (s Secret) String() string { return hidden }

// GoString returns "[secret]".
func (s Secret) GoString() string { return hidden }

// Format writes "[secret]" whatever the verb.
func (s Secret) Format(f fmt.State, _ rune) { io.WriteString(f, hidden) }

// LogValue returns "[secret]".
func (s Secret) LogValue() slog.Value { return slog.StringValue(hidden) }

// MarshalText returns "[secret]": a Secret can be read from a configuration,
// but not written back.
func (s Secret) MarshalText() ([]byte, error) { return []byte(hidden), nil }

// UnmarshalText makes text the secret. "[secret]" is refused: it is what was left
// of one when a configuration was written.
func (s *Secret) UnmarshalText(text []byte) error {
	if string(text) == hidden {
		return errors.New("auth: the text says [secret] in the place of a secret")
	}
	*s = NewSecret(string(text))
	return nil
}
