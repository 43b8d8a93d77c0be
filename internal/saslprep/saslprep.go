// Package saslprep prepares the names and passwords of users for SASL (RFC 4013).
package saslprep

import (
	"errors"
	"slices"

	"github.com/xdg-go/stringprep"
)

// ErrProhibited is returned for a text with a character that SASLprep does not allow.
var ErrProhibited = errors.New("user or password has characters that SASLprep does not allow (RFC 4013)")

// profile returns RFC 4013 for query strings, which is what a client has: code points that
// Unicode 3.2 had not assigned pass (RFC 3454 §7), emoji among them.
func profile() stringprep.Profile {
	return stringprep.Profile{
		Mappings:  stringprep.SASLprep.Mappings,
		Normalize: true,
		Prohibits: stringprep.SASLprep.Prohibits[1:], // the first is A.1, the unassigned
		CheckBiDi: true,
	}
}

// Prepare returns texts as SASLprep makes them. The error does not show them.
func Prepare(texts ...string) ([]string, error) {
	out := slices.Clone(texts)
	for i, s := range texts {
		if printableASCII(s) {
			continue // as SASLprep leaves it
		}
		prepared, err := profile().Prepare(s)
		if err != nil || prepared == "" {
			return nil, ErrProhibited
		}
		out[i] = prepared
	}
	return out, nil
}

func printableASCII(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return s != ""
}
