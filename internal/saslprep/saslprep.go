// Package saslprep prepares the names and passwords of users for SASL (RFC 4013).
package saslprep

import (
	"errors"
	"slices"

	"github.com/xdg-go/stringprep"
)

var errProhibited = errors.New("user or password has characters that SASLprep does not allow (RFC 4013)")

// profile returns the profile of RFC 4013 for query strings, which are what a client has.
// It allows code points that Unicode 3.2 had not assigned (RFC 3454 §7), such as emoji.
func profile() stringprep.Profile {
	return stringprep.Profile{
		Mappings:  stringprep.SASLprep.Mappings,
		Normalize: true,
		Prohibits: stringprep.SASLprep.Prohibits[1:], // the first is A.1, the unassigned
		CheckBiDi: true,
	}
}

// Prepare returns texts as SASLprep makes them. It fails for a text with a character that
// SASLprep does not allow. The error does not quote the text.
func Prepare(texts ...string) ([]string, error) {
	out := slices.Clone(texts)
	for i, s := range texts {
		if printableASCII(s) {
			continue // as SASLprep leaves it
		}
		prepared, err := profile().Prepare(s)
		if err != nil || prepared == "" {
			return nil, errProhibited
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
