package auth

import (
	"errors"
	"slices"

	"github.com/xdg-go/stringprep"
)

// saslPrep is RFC 4013 for query strings, which is what a client has: code
// points that Unicode 3.2 had not assigned pass (RFC 3454 §7), emoji among
// them.
var saslPrep = stringprep.Profile{
	Mappings:  stringprep.SASLprep.Mappings,
	Normalize: true,
	Prohibits: stringprep.SASLprep.Prohibits[1:], // the first is A.1, the unassigned
	CheckBiDi: true,
}

var errPrep = errors.New("user or password has characters that SASLprep does not allow (RFC 4013)")

// prepare returns texts as SASLprep makes them. The error does not show them.
func prepare(texts ...string) ([]string, error) {
	out := slices.Clone(texts)
	for i, s := range texts {
		if printableASCII(s) {
			continue // as SASLprep leaves it
		}
		prepared, err := saslPrep.Prepare(s)
		if err != nil || prepared == "" {
			return nil, errPrep
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
