package auth

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"

	"github.com/mailconn/mailconn/dial/auth/internal/redact"
)

// Source gives the secret of a [Password] or a [Token], each time a connection
// logs in. A [Secret] is a Source that always gives itself. Several connections
// may ask one Source at the same time.
type Source interface {
	// Secret returns the password or the token, one that was kept or a new one.
	// It must return when ctx ends, which it does with the connection's time
	// limits.
	//
	// refused is nil when a login begins. If the server then refuses the secret, or
	// refuses for no reason that it gives, Secret is called once more with the
	// refusal: its Rejected is the secret, and in its chain a [*TokenError] may hold
	// what the server said of a token. Another secret is tried; an error, or the
	// same secret again, ends the login. A mechanism with channel binding is used
	// once on a connection (RFC 9266 §4.2), so its refusal ends the login without a
	// second call.
	//
	// An error that has a method Hint() string, in its chain, gives the login's hint: it
	// says to a person what to do, as in "Unlock the keyring."
	Secret(ctx context.Context, refused *Error) (Secret, error)
}

// SourceFunc is a function that is a [Source]. Its errors may have a method Hint() string,
// as those of Source.
type SourceFunc func(ctx context.Context, refused *Error) (Secret, error)

// Secret calls f.
func (f SourceFunc) Secret(ctx context.Context, refused *Error) (Secret, error) {
	return f(ctx, refused)
}

// Secret is a password or a token that does not show itself: under every verb of
// package fmt, in log/slog, in JSON and text it is "[secret]", alone and inside
// other types. The zero Secret is empty.
type Secret struct {
	p *string // behind a pointer, so that printing a struct that holds it by reflection shows an address
}

var (
	_ Source = Secret{}
	_ Source = SourceFunc(nil)
)

const hidden = redact.Mark

// NewSecret returns s as a Secret.
func NewSecret(s string) Secret { return Secret{&s} }

// Secret returns s, which makes it a [Source].
func (s Secret) Secret(context.Context, *Error) (Secret, error) { return s, nil }

// Reveal returns what is in s, for a program that sends or keeps it itself. The
// string is no longer protected from being shown.
func (s Secret) Reveal() string {
	if s.p == nil {
		return ""
	}
	return *s.p
}

// Empty reports whether there is nothing in s.
func (s Secret) Empty() bool { return s.Reveal() == "" }

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
